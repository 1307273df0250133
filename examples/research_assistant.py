"""A research assistant over documents, for questions that no single document answers.

    python examples/research_assistant.py                       # offline: it shows what it found
    python examples/research_assistant.py --model gpt-5-mini    # OpenAI, with $OPENAI_API_KEY

The second document of each answer shares no word with the question: the walk over the graph
reaches it through what the first one names.
"""

import argparse
from dataclasses import dataclass

from knowhen import MemoryAgent, MemoryManager
from knowhen.memory.models.base import ChatModel
from knowhen.memory.records import Document

INSTRUCTIONS = "Answer in one sentence from the documents, and cite the ids that you used."

LIBRARY = (
    Document(
        id="lab",
        title="Tessaly Institute",
        text="The Tessaly Institute was founded in 1931 by the botanist Orla Quennell. "
        "It keeps the largest collection of alpine mosses in Europe.",
    ),
    Document(
        id="quennell",
        title="Orla Quennell",
        text="Orla Quennell was born in Varnsund. She described more than two hundred mosses "
        "and left her herbarium to the public.",
    ),
    Document(
        id="varnsund",
        title="Varnsund",
        text="Varnsund is a harbour on the island of Hestey. Its ferry runs twice a day.",
    ),
    Document(
        id="press",
        title="Marrow & Pike",
        text="Marrow & Pike is a publisher of atlases. Its director is Ludo Ferrant.",
    ),
    Document(
        id="ferrant",
        title="Ludo Ferrant",
        text="Ludo Ferrant studied glaciers in Tromsby before he turned to maps.",
    ),
    Document(
        id="cheese",
        title="Brannick cheese",
        text="Brannick is a hard cheese that ripens for eighteen months in sandstone cellars.",
    ),
    Document(
        id="comet",
        title="Comet Aldous",
        text="Comet Aldous returns every seventy years and was last seen in 1994.",
    ),
)


@dataclass(frozen=True)
class Question:
    text: str
    needs: tuple[str, ...]
    """Ids of the documents that answer it together."""


QUESTIONS = (
    Question("Where was the founder of the Tessaly Institute born?", ("lab", "quennell")),
    Question("What did the director of Marrow & Pike study?", ("press", "ferrant")),
    Question("How long does Brannick ripen?", ("cheese",)),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--model", help="a chat model; without one, documents are shown")
    parser.add_argument("--base-url", help="an OpenAI-compatible endpoint")
    options = parser.parse_args()
    chat = chat_model(options.model, options.base_url)
    with MemoryManager.open(":memory:") as memory:
        memory.learn(LIBRARY)
        for question in QUESTIONS:
            print(f"\n{question.text}")
            found = show(memory, question)
            if chat is not None:
                with MemoryAgent(memory, chat, instructions=INSTRUCTIONS, gate="off") as agent:
                    print(f"  {agent.reply(question.text).text}")
            print(f"  needed {', '.join(question.needs)}: {'found' if found else 'NOT found'}")


def show(memory: MemoryManager, question: Question, *, limit: int = 3) -> bool:
    """Print the best documents; whether all that are needed are among them."""
    turns = [item for item in memory.recall(question.text, gate=False).items if item.kind == "turn"]
    for item in turns[:limit]:
        cues = sorted(item.why.items(), key=lambda cue: -cue[1])[:2]
        because = ", ".join(f"{name} {share:+.2f}" for name, share in cues)
        print(f"  ({item.id}) {item.text.splitlines()[0][:60]}…  [{because}]")
    return set(question.needs) <= {item.id for item in turns[:limit]}


def chat_model(model: str | None, base_url: str | None) -> ChatModel | None:
    if model is None:
        return None
    from knowhen.memory.models.openai import OpenAIChatModel

    return OpenAIChatModel(model, base_url=base_url)


if __name__ == "__main__":
    main()
