"""The adapters load nothing before they are used, and live beside the `agents` package."""

import json
import subprocess
import sys

HEAVY = ("agents", "langchain", "langchain_core", "langgraph", "mem0", "openai", "torch")


def loaded(code: str) -> set[str]:
    code += "\nimport json, sys; print(json.dumps([n.partition('.')[0] for n in sys.modules]))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout))


def test_an_agent_needs_no_framework() -> None:
    code = (
        "from knowhen import MemoryAgent, MemoryManager\n"
        "import knowhen.agents, knowhen.agents.mem0\n"
        "with MemoryManager.open(':memory:') as m, MemoryAgent(m) as a: a.reply('I like tea.')"
    )
    assert not loaded(code) & set(HEAVY)


def test_our_agents_and_the_sdks_agents_are_two_packages() -> None:
    import agents

    import knowhen.agents

    assert hasattr(agents, "Runner")
    assert agents.__file__ != knowhen.agents.__file__
