import json
from pathlib import Path

import pytest
from cli_program import SAID, Run, one_sentence

from knowhen.memory.formats import read_turns


def test_what_is_remembered_is_listed_verbatim_and_in_order(filled: Run) -> None:
    listed = filled("turns", "--json").json
    assert [(turn["id"], turn["text"]) for turn in listed] == [(row[0], row[4]) for row in SAID]
    assert listed[0]["time"] == "2024-03-01T09:00:00+00:00"


def test_remembering_a_file_again_adds_nothing(filled: Run, talk: Path) -> None:
    again = filled("remember", talk, "--json")
    assert again.json == [{"space": "default", "turns": len(SAID), "new": 0}]


def test_a_chat_without_times_can_be_remembered_again(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "chat.json"
    path.write_text('[{"role": "user", "content": "I like tea."}]')
    assert run("remember", path).out == "remembered 1 turn in space default\n"
    again = run("remember", path)
    assert again.out == "remembered 0 turns in space default (1 there already)\n"


def test_a_pipe_is_remembered(run: Run, talk: Path) -> None:
    outcome = run("remember", "-", input=talk.read_text())
    assert outcome.out == f"remembered {len(SAID)} turns in space default\n"


def test_an_export_is_imported_into_the_spaces_it_came_from(
    filled: Run, talk: Path, tmp_path: Path
) -> None:
    filled("remember", talk, "--space", "other")
    file = tmp_path / "all.jsonl"
    assert filled("export", file).out == f"wrote {2 * len(SAID)} turns of 2 spaces to {file}\n"
    assert filled("import", file, "--home", tmp_path / "new").code == 0
    copy = filled("export", "-", "--home", tmp_path / "new")
    assert copy.out == file.read_text()
    assert {space for space, _ in read_turns(file)} == {"default", "other"}


def test_an_export_of_one_space_holds_nothing_of_another(filled: Run, tmp_path: Path) -> None:
    assert filled("export", "--space", "empty").out == ""
    assert filled("export", "--space", "default").out.count("\n") == len(SAID)


def test_a_locomo_file_fills_a_space_per_conversation_unless_one_is_named(
    run: Run, tmp_path: Path
) -> None:
    chats = [
        {
            "sample_id": name,
            "conversation": {
                "session_1_date_time": "1:56 pm on 8 May, 2023",
                "session_1": [{"speaker": "Ana", "dia_id": f"{name}:1", "text": "Hello there."}],
            },
        }
        for name in ("c1", "c2")
    ]
    path = tmp_path / "locomo.json"
    path.write_text(json.dumps(chats))
    assert [row["space"] for row in run("remember", path, "--json").json] == ["c1", "c2"]
    assert run("remember", path, "--space", "mine", "--json").json == [
        {"space": "mine", "turns": 2, "new": 2}
    ]


@pytest.mark.parametrize(
    ("content", "options", "message"),
    [
        ('{"text": "a"}', ["--format", "csv"], "unknown format 'csv'; use one of auto, jsonl"),
        ('{"text": "a"}\n{"text"', [], "line 2: not valid JSON"),
        ('{"text": "a"}\n{"text": " "}', [], "line 2: turn"),
        ('{"text": "a"}', ["--space", " "], "the name of a space cannot be empty"),
        ('{"text": "a"}', ["--embedder", "none"], "'none'"),
        ('{"text": "a"}', ["--index", "none"], "'none'"),
        ("", [], "is empty"),
    ],
)
def test_a_file_that_cannot_be_remembered_is_one_sentence(
    run: Run, tmp_path: Path, content: str, options: list[str], message: str
) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text(content)
    assert message in one_sentence(run("remember", path, *options))


def test_turns_before_a_broken_line_are_kept_and_counted(run: Run, tmp_path: Path) -> None:
    lines = [json.dumps({"text": f"number {n}"}) for n in range(200)]
    path = tmp_path / "long.jsonl"
    path.write_text("\n".join([*lines, "{broken"]))
    error = one_sentence(run("remember", path))
    assert error.endswith(" (kept the 200 turns before it)")
    assert len(run("turns", "--json").json) == 200


def test_turns_before_a_conflict_are_kept_and_counted(run: Run, tmp_path: Path) -> None:
    lines = [json.dumps({"text": f"number {n}", "id": str(n)}) for n in range(128)]
    path = tmp_path / "long.jsonl"
    path.write_text("\n".join([*lines, json.dumps({"text": "another", "id": "5"})]))
    error = one_sentence(run("remember", path))
    assert "with other content" in error
    assert error.endswith(" (kept the 128 turns before it)")


def test_lines_without_ids_that_differ_in_their_meta_alone_are_two_turns(
    run: Run, tmp_path: Path
) -> None:
    path = tmp_path / "notes.jsonl"
    for source in ("a", "b", "a"):
        path.write_text(json.dumps({"text": "Tea at five.", "meta": {"from": source}}))
        run("remember", path)
    assert [turn["meta"]["from"] for turn in run("turns", "--json").json] == ["a", "b"]


def test_an_unwritable_export_leaves_nothing_behind(filled: Run, tmp_path: Path) -> None:
    target = tmp_path / "no" / "folder" / "out.jsonl"
    assert "cannot write" in one_sentence(filled("export", target))
    (tmp_path / "taken").mkdir()
    assert "cannot write" in one_sentence(filled("export", tmp_path / "taken"))
    assert not list(tmp_path.glob("*.part"))
    assert "needs the name of a file" in one_sentence(filled("export", ""))


def test_a_home_that_is_a_file_is_one_sentence(run: Run, talk: Path) -> None:
    assert "is not a folder" in one_sentence(run("remember", talk, "--home", talk))
