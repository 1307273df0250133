import sqlite3
from pathlib import Path

import pytest
import typer
from cli_program import Run, one_sentence

from knowhen import MemoryManager
from knowhen.memory.cli.app import Program
from knowhen.memory.embedders.lexical import LexicalEmbedder


def test_settle_reindex_and_doctor_leave_the_memory_as_it_was(filled: Run) -> None:
    before = filled("stats", "--json").json
    assert filled("settle", "--json").json["failures"] == []
    assert filled("reindex").out == "rebuilt 1 space with the lexical embedder\n"
    after = filled("stats", "--json").json
    for name in ("turns", "thoughts", "retired thoughts", "events"):
        assert after[name] == before[name]
    assert filled("doctor").out == "all is well\n"


def test_doctor_names_what_is_wrong_and_exits_with_one(filled: Run, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "home" / "memory.db") as database:
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
