import io
import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from knowhen.memory.errors import InvalidFile, InvalidInput
from knowhen.memory.formats import detect, format_names, open_text, read_turns, reader_named

SAMPLES: dict[str, object] = {
    "chat": [{"role": "user", "content": "hi"}],
    "chatgpt": [{"mapping": {}, "title": "t"}],
    "claude": [{"uuid": "u", "chat_messages": []}],
    "locomo": [{"qa": [], "conversation": {}, "sample_id": "c"}],
    "beam": {"chat": "c", "turns": []},
    "jsonl": {"text": "hi"},
}


def _write(folder: Path, text: str | bytes, name: str = "file.json") -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("name", format_names())
def test_every_format_is_told_from_the_others(
    tmp_path: Path, name: str, indent: int | None
) -> None:
    path = _write(tmp_path, json.dumps(SAMPLES[name], indent=indent))
    with open_text(path) as file:
        assert detect(file).name == name


def test_a_pipe_is_read_like_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    text = b'{"text": "one"}\n{"text": "two"}\n'
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(text)))
    assert [turn.text for _, turn in read_turns("-")] == ["one", "two"]


def test_an_unknown_format_is_refused_with_the_known_ones() -> None:
    with pytest.raises(InvalidInput, match="unknown format 'csv'; use one of auto, jsonl, chat"):
        reader_named("csv")


def test_a_typo_in_jsonl_is_blamed_on_its_line_not_on_the_format(tmp_path: Path) -> None:
    path = _write(tmp_path, '{"txt": "a"}\n{"text": "b"}\n', "notes.jsonl")
    with pytest.raises(InvalidFile, match="line 1: .*'text?'"):
        list(read_turns(path))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is empty"),
        (" \n\n", "is empty"),
        ('{"a": 1}', "is in none of the formats jsonl, chat"),
        ("[]", "is in none of the formats"),
        ('\n[\n1,\n"a\n]', "line 4: not valid JSON"),
        ("hello\nthere", "line 1: not valid JSON"),
        (b"PK\x03\x04rest", "is a zip archive"),
        (b"\x89PNG\r\n\x1a\n\0\0", "line 1: not UTF-8 text"),
        ('{"text": "hi"}'.encode("utf-16"), "line 1: not UTF-8 text"),
        (b"ab\0cd", "is a binary file"),
    ],
)
def test_a_file_of_no_known_format_is_refused_in_one_sentence(
    tmp_path: Path, content: str | bytes, message: str
) -> None:
    path = _write(tmp_path, content)
    with pytest.raises(InvalidFile) as caught:
        list(read_turns(path))
    assert str(caught.value).startswith(str(path))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidFile, match="there is no file"):
        list(read_turns(tmp_path / "none.json"))
    with pytest.raises(InvalidFile, match="is a folder"):
        list(read_turns(tmp_path))
