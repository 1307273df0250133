"""How much of an agent's prompt stays a common prefix from turn to turn, for caches of prompts.

    python benchmarks/prompt_prefix.py --data FOLDER

An agent knows an everyday chat and is asked the chat's questions in one sitting; its model notes
the prompts. `stable` is the share of a prompt's bytes in front of its last user message, and of
what was recalled for that, which the next prompt begins with; `shared` is the share of the whole
next prompt that the two have in common, and `front` what a profile takes of it. A window that
moves on and a profile that changes end the common part, and are counted as they are.
"""

import argparse
from collections.abc import Sequence
from itertools import pairwise

from chats import Chat, chats
from embedding_cache import CachedEmbedder
from report import Results, arguments, figure, table, write

from knowhen import MemoryAgent, MemoryManager
from knowhen.agents.prompt import KNOWN
from knowhen.memory.embedders.base import Embedder
from knowhen.memory.embedders.factory import make_embedder
from knowhen.memory.models.base import Message
from knowhen.memory.testing.chat_model import ScriptedChatModel

REPLY = "I see."
METRICS = ("stable", "shared", "front", "bytes")
WINDOW = 1000
"""Turns of the window: one that moves on would be the caller's doing, not memory's."""

Prompt = tuple[Message, ...]


def prompts(chat: Chat, embedder: Embedder) -> list[Prompt]:
    """What the model is sent in a sitting in which the chat's questions are asked."""
    questions = [question.text for question in chat.questions]
    model = ScriptedChatModel(*[REPLY] * len(questions))
    with MemoryManager.open(":memory:", embedder=embedder) as memory:
        memory.remember(chat.turns)
        memory.settle()
        agent = MemoryAgent(memory, model, window=WINDOW, instructions="You are a companion.")
        for question in questions:
            agent.reply(question)
        agent.close()
    return model.history


def measure(sitting: Sequence[Prompt]) -> dict[str, list[float]]:
    """The shares for each pair of prompts that follow each other."""
    values: dict[str, list[float]] = {metric: [] for metric in METRICS}
    for before, after in pairwise(sitting):
        kept = [m for n, m in enumerate(before[:-1]) if m.role != "system" or n == 0]
        first, last = _bytes(kept), _bytes(after)
        common = _common(_bytes(before), last)
        values["stable"].append(min(1.0, _common(first, last) / max(1, len(first))))
        values["shared"].append(common / len(last))
        front = after[0].content if KNOWN in after[0].content else ""
        values["front"].append(len(front.encode()) / len(last))
        values["bytes"].append(float(len(last)))
    return values


def _bytes(messages: Sequence[Message]) -> bytes:
    return b"".join(f"<{m.role}>\n{m.content}\n".encode() for m in messages)


def _common(one: bytes, other: bytes) -> int:
    """Bytes with which both begin."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if one[:middle] == other[:middle] else (low, middle - 1)
    return low


def main() -> None:
    options: argparse.Namespace = arguments(__doc__).parse_args()
    embedder = CachedEmbedder(make_embedder(options.embedder), options.cache)
    found: Results = {}
    for chat in chats(options.data)[: 1 if options.quick else None]:
        values = measure(prompts(chat, embedder))
        found[chat.name] = {metric: figure(values[metric]) for metric in METRICS}
    print(f"Prompts from turn to turn, embedder {embedder.name}")
    print(table(found, METRICS))
    write(options.json, "prompt_prefix", {"embedder": embedder.name}, found)


if __name__ == "__main__":
    main()
