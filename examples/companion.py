"""A companion that remembers you from one sitting to the next.

    python examples/companion.py                       # offline: it quotes what you said
    python examples/companion.py --model gpt-5-mini    # OpenAI, with $OPENAI_API_KEY
    python examples/companion.py --model qwen3 --base-url http://localhost:11434/v1

Say things, leave with an empty line or Ctrl-D, come back another day, and ask.
"""

import argparse
import sys
from datetime import UTC, datetime

from knowhen import KnowhenError, MemoryAgent, MemoryManager
from knowhen.memory.models.base import ChatModel

INSTRUCTIONS = (
    "You are a warm, brief companion. You know the user from earlier sittings. Mention what you "
    "remember only where it helps, with its date, and say so when you do not remember."
)


def main() -> int:
    options = arguments()
    try:
        with (
            MemoryManager.open(options.home, space=options.name) as memory,
            MemoryAgent(
                memory,
                chat_model(options.model, options.base_url),
                session=f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}",
                name=options.name,
                instructions=INSTRUCTIONS,
            ) as agent,
        ):
            greet(memory, options.name)
            while said := listen():
                print(reply(agent, said), flush=True)
    except KnowhenError as error:
        print(f"companion: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print()
    return 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--name", default="you", help="who you are; everybody has a space")
    parser.add_argument("--home", help="folder of the memory, else $KNOWHEN_HOME")
    parser.add_argument("--model", help="a chat model; without one, answers are quotes")
    parser.add_argument("--base-url", help="an OpenAI-compatible endpoint")
    return parser.parse_args()


def chat_model(model: str | None, base_url: str | None) -> ChatModel | None:
    if model is None:
        return None
    from knowhen.memory.models.openai import OpenAIChatModel

    return OpenAIChatModel(model, base_url=base_url)


def greet(memory: MemoryManager, name: str) -> None:
    """Say hello, with the last sitting if there was one."""
    last = memory.turns(newest=1)
    if last and last[0].time:
        print(f"Hello again, {name}. We last spoke on {last[0].time:%d %B %Y}.", flush=True)
    else:
        print(f"Hello, {name}. Tell me something about yourself.", flush=True)


def listen() -> str:
    """What the user says; empty when they leave."""
    try:
        return input("> " if sys.stdin.isatty() else "").strip()
    except EOFError:
        return ""


def reply(agent: MemoryAgent, said: str) -> str:
    """The agent's answer; offline, a remark that answers nothing is simply taken in."""
    answer = agent.reply(said)
    if agent.memory.model is None and not said.endswith("?") and not answer.citations:
        return "I'll remember that."
    return answer.text


if __name__ == "__main__":
    sys.exit(main())
