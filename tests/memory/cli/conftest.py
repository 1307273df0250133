"""A runner of the program, and a small memory to run it on."""

import json
from pathlib import Path

import pytest
from cli_program import SAID, Outcome, Run
from typer.testing import CliRunner

from knowhen.memory.cli.app import app


@pytest.fixture
def run() -> Run:
    runner = CliRunner()

    def invoke(*arguments: object, input: str | bytes | None = None) -> Outcome:
        result = runner.invoke(app, [str(each) for each in arguments], input=input)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Outcome(result.exit_code, result.stdout, result.stderr)

    return invoke


@pytest.fixture
def talk(tmp_path: Path) -> Path:
    """A file with two short sessions between two friends."""
    keys = ("id", "session", "time", "speaker", "text")
    path = tmp_path / "talk.jsonl"
    path.write_text("".join(json.dumps(dict(zip(keys, row, strict=True))) + "\n" for row in SAID))
    return path


@pytest.fixture
def filled(run: Run, talk: Path) -> Run:
    """The runner, on a memory that remembers the talk."""
    assert run("remember", talk).code == 0
    return run
