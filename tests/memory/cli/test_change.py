import os
import pty
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cli_program import SAID, Run, one_sentence

from knowhen import MemoryManager


@pytest.fixture
def pair(run: Run, tmp_path: Path) -> list[str]:
    """Ids of two thoughts that may be merged."""
    with MemoryManager.open(tmp_path / "home") as memory:
        memory.insert("Nora likes tea.")
        memory.insert("Nora likes rye bread.")
    return [thought["id"] for thought in run("thoughts", "--json").json]


def test_a_merge_is_undone_by_the_command_it_names(run: Run, pair: list[str]) -> None:
    before = run("thoughts", "--history", "--json").json
    operation = run("merge", *pair, "--json").json["operation"]
    merged = run("thoughts", "--json").json
    assert len(merged) == 1
    assert "tea" in merged[0]["text"] and "rye bread" in merged[0]["text"]
    assert f"operation {operation} is undone by" in run("undo", operation).out
    assert run("thoughts", "--history", "--json").json == before


def test_a_merge_that_would_lose_something_is_refused(run: Run, pair: list[str]) -> None:
    assert "would lose" in one_sentence(run("merge", *pair, "--text", "Nora likes tea."))
    assert "no thought" in one_sentence(run("merge", pair[0], "none"))
    assert "no operation" in one_sentence(run("undo", 999))


def _holds(home: Path, text: str) -> bool:
    return any(text.encode() in path.read_bytes() for path in home.rglob("*") if path.is_file())


@pytest.fixture
def at_terminal(filled: Run) -> Iterator[Callable[..., tuple[int, str, str]]]:
    """The program in a process of its own, whose standard input is a terminal."""
    master, terminal = pty.openpty()

    def type_in(answer: str, *arguments: str) -> tuple[int, str, str]:
        os.write(master, answer.encode())
        command = [str(Path(sys.executable).with_name("knowhen")), *arguments]
        done = subprocess.run(command, stdin=terminal, capture_output=True, text=True)
        return done.returncode, done.stdout, done.stderr

    yield type_in
    os.close(terminal)
    os.close(master)


def test_forget_shows_asks_and_then_leaves_no_byte(
    at_terminal: Callable[..., tuple[int, str, str]], filled: Run, tmp_path: Path
) -> None:
    home, text = tmp_path / "home", "red kayak in Stavanger"
    assert _holds(home, text)
    code, out, err = at_terminal("y\n", "forget", "--turn", "b2")
    assert code == 0
    assert "Erase 1 turn and" in err and text in err
    assert "erased 1 turn and" in out
    assert not _holds(home, text)
    assert "b2" not in {turn["id"] for turn in filled("turns", "--json").json}


@pytest.mark.parametrize("answer", ["n\n", "\x04"])
def test_forget_without_consent_erases_nothing(
    at_terminal: Callable[..., tuple[int, str, str]], filled: Run, answer: str
) -> None:
    code, out, err = at_terminal(answer, "forget", "--turn", "b2")
    assert (code, out) == (2, "")
    assert err.endswith("knowhen: nothing was erased\n")
    assert len(filled("turns", "--json").json) == len(SAID)


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_forget_asks_no_question_where_nobody_can_answer(filled: Run, options: list[str]) -> None:
    sentence = one_sentence(filled("forget", "--turn", "b2", *options, input="y\n"))
    assert "nothing was erased: 1 turn and" in sentence and "--yes" in sentence
    assert len(filled("turns", "--json").json) == len(SAID)


def test_json_asks_no_question_at_a_terminal_either(
    at_terminal: Callable[..., tuple[int, str, str]], filled: Run
) -> None:
    code, out, err = at_terminal("y\n", "forget", "--turn", "b2", "--json")
    assert (code, out) == (2, "")
    assert "--yes" in err
    assert len(filled("turns", "--json").json) == len(SAID)


def test_a_preview_changes_nothing(filled: Run) -> None:
    plan = filled("forget", "--matching", "pixel", "--preview", "--json").json
    assert plan["preview"] is True
    assert set(plan["turns"]) == {"a1", "b3"}
    assert len(filled("turns", "--json").json) == len(SAID)
    assert "2 turns and" in filled("forget", "--matching", "pixel", "--preview").err


@pytest.mark.parametrize(
    ("options", "left"),
    [
        (["--before", "2024-04-01"], ["b1", "b2", "b3"]),
        (["--matching", "PIXEL"], ["a2", "a3", "b1", "b2"]),
        (["--entity", "Stavanger"], ["a1", "a2", "a3", "b1", "b3"]),
        (["--turn", "a1", "--turn", "b1"], ["a2", "a3", "b2", "b3"]),
    ],
)
def test_forget_erases_what_each_option_chooses(
    filled: Run, options: list[str], left: list[str]
) -> None:
    receipt = filled("forget", *options, "--yes", "--json").json
    assert receipt["residues"] == []
    assert receipt["digest"]
    assert [turn["id"] for turn in filled("turns", "--json").json] == left


def test_forgetting_a_newer_fact_revives_the_one_it_replaced(filled: Run) -> None:
    receipt = filled("forget", "--turn", "b1", "--yes", "--json").json
    active = {thought["id"]: thought["text"] for thought in filled("thoughts", "--json").json}
    assert any("Oslo" in active[each] for each in receipt["revived"])


def test_what_cannot_be_forgotten_is_one_sentence(filled: Run) -> None:
    assert "say what to forget" in one_sentence(filled("forget"))
    assert "no turn 'zz'" in one_sentence(filled("forget", "--turn", "zz", "--yes"))
    assert "is no time" in one_sentence(filled("forget", "--before", "soon", "--yes"))
    assert "would forget everything" in one_sentence(filled("forget", "--matching", " "))
