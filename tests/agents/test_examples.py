"""The examples run offline as they stand, and with an endpoint instead of the quotes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from openai_server import OpenAIServer

EXAMPLES = Path(__file__).parents[2] / "examples"


def run(name: str, *arguments: str) -> str:
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8", "PYTHONWARNINGS": "error"}
    done = subprocess.run(
        [sys.executable, EXAMPLES / name, *arguments],
        capture_output=True,
        encoding="utf-8",
        env=environment,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_support_bot_answers_each_customer_from_its_own_space() -> None:
    alma, zoe, stranger, forgotten = run("support_bot.py").split("\n\n")[-4:]
    assert "bent rear wheel" in alma
    assert "red helmet" in zoe
    assert "bent" not in stranger
    assert "no byte is left" in forgotten


def test_the_support_bot_talks_to_an_endpoint(
    openai_server: OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    run("support_bot.py", "--model", "toy", "--base-url", openai_server.url)
    asked = openai_server.bodies("/chat/completions")
    assert len(asked) >= 6
    assert "bent rear wheel" in str(asked[3]["messages"])
    assert "bent rear wheel" not in str(asked[5]["messages"])


def test_the_research_assistant_finds_both_ends_of_a_question() -> None:
    out = run("research_assistant.py")
    assert out.count(": found") == 3 and "NOT found" not in out


@pytest.mark.parametrize("name", ["langgraph_agent.py", "openai_agents_agent.py"])
def test_the_framework_agents_remember_across_conversations(name: str) -> None:
    monday, _, friday, *_ = run(name).split("\n[")[1::2]
    assert "I am listening" in monday
    assert "I remember: " in friday and "cello in Berlin" in friday
