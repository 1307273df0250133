import os
import pty
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import typer
from cli_program import SAID, Run, one_sentence

from knowhen import MemoryManager
from knowhen.memory.cli.app import Program
from knowhen.memory.embedders.lexical import LexicalEmbedder


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


def test_settle_reindex_and_doctor_leave_the_memory_as_it_was(filled: Run) -> None:
    before = filled("stats", "--json").json
    assert filled("settle", "--json").json["failures"] == []
    assert filled("reindex").out == "rebuilt 1 space with the lexical embedder\n"
    after = filled("stats", "--json").json
    for name in ("turns", "thoughts", "retired thoughts", "events"):
        assert after[name] == before[name]
    assert filled("doctor").out == "all is well\n"


def test_doctor_names_what_is_wrong_and_exits_with_one(filled: Run, tmp_path: Path) -> None:
    (cell,) = (tmp_path / "home").rglob("space.db")
    with sqlite3.connect(cell) as database:
        tables = [row[0] for row in database.execute("select name from sqlite_master")]
        assert "turns" in tables
        database.execute("pragma foreign_keys = off")
        database.execute("delete from turns where id = 'b2'")
    database.close()
    outcome = filled("doctor")
    assert outcome.code == 1
    assert outcome.out.strip() not in ("", "all is well")


def test_another_embedder_than_the_stored_one_is_refused_until_reindexed(
    run: Run, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    with MemoryManager.open(home, embedder=LexicalEmbedder(dimension=64)) as memory:
        memory.insert("Nora likes tea.")
    assert "knowhen reindex" in one_sentence(run("recall", "Nora"))
    assert run("reindex").code == 0
    assert run("recall", "Nora").code == 0


def test_an_interrupt_ends_quietly(capsys: pytest.CaptureFixture[str]) -> None:
    app = typer.Typer(cls=Program)

    @app.command()
    def first() -> None:
        raise KeyboardInterrupt

    @app.command()
    def second() -> None:
        raise RuntimeError("a bug")

    with pytest.raises(SystemExit) as stopped:
        app(["first"])
    assert stopped.value.code == 130
    assert capsys.readouterr() == ("", "")
    with pytest.raises(SystemExit) as failed:
        app(["second"])
    assert failed.value.code == 2
    error = capsys.readouterr().err
    assert error.startswith("knowhen: unexpected RuntimeError: a bug")
    assert error.count("\n") == 1


def test_a_receipt_is_verified_from_its_file(filled: Run, tmp_path: Path) -> None:
    receipt = tmp_path / "receipt.json"
    receipt.write_text(filled("forget", "--turn", "b2", "--yes", "--json").out)
    assert filled("verify", receipt).out == "the receipt holds\n"
    receipt.write_text(receipt.read_text().replace('"b2"', '"b1"'))
    outcome = filled("verify", receipt)
    assert outcome.code == 1
    assert "changed since" in outcome.out
    receipt.write_text("[]")
    assert "no receipt" in one_sentence(filled("verify", receipt))


def test_a_home_is_copied_and_repaired(filled: Run, tmp_path: Path) -> None:
    assert filled("backup", tmp_path / "copy").out == f"copied 1 space to {tmp_path / 'copy'}\n"
    assert filled("doctor", "--home", tmp_path / "copy").out == "all is well\n"
    (cell,) = (tmp_path / "copy").rglob("space.db")
    with sqlite3.connect(cell) as database:
        database.execute("delete from postings")
    database.close()
    assert filled("doctor", "--home", tmp_path / "copy").code == 1
    assert filled("doctor", "--repair", "--home", tmp_path / "copy").out == "all is well\n"


def test_an_export_follows_no_planted_link(filled: Run, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("mine")
    (tmp_path / "out.jsonl.part").symlink_to(victim)
    assert filled("export", tmp_path / "out.jsonl").code == 0
    assert victim.read_text() == "mine"
    assert not (tmp_path / "out.jsonl").is_symlink()
