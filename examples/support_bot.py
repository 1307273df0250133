"""A support bot with one space for each customer, over several days.

    python examples/support_bot.py                       # offline: it quotes what it was told
    python examples/support_bot.py --model gpt-5-mini    # OpenAI, with $OPENAI_API_KEY

What one customer says never reaches another: a space is the unit of isolation, for searches,
caches and the graph. A customer who asks to be forgotten is erased, with a receipt.
"""

import argparse
import tempfile
from dataclasses import dataclass

from knowhen import MemoryAgent, MemoryManager
from knowhen.memory.models.base import ChatModel

INSTRUCTIONS = (
    "You are the support of a bicycle shop. Be brief. Use what memory holds on this customer, and "
    "never ask for what they have told you before."
)


@dataclass(frozen=True)
class Visit:
    """A customer comes to the counter with something to say."""

    day: str
    customer: str
    says: str


VISITS = (
    Visit("monday", "alma", "My order 4417 came with a bent rear wheel."),
    Visit("monday", "alma", "I ride an Orbea Carpe, size M, and commute with it every day."),
    Visit("monday", "bela", "Order 9002 is for my daughter Zoe; she needs the red helmet."),
    Visit("thursday", "alma", "What was wrong with my order 4417?"),
    Visit("thursday", "bela", "Which helmet did I order for Zoe?"),
    Visit("thursday", "bela", "What was wrong with order 4417?"),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--home", help="folder of the memory, else one that is thrown away")
    parser.add_argument("--model", help="a chat model; without one, answers are quotes")
    parser.add_argument("--base-url", help="an OpenAI-compatible endpoint")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        home = options.home or scratch
        chat = chat_model(options.model, options.base_url)
        # A memory for each day, as if the bot was restarted in between.
        for day in dict.fromkeys(visit.day for visit in VISITS):
            with MemoryManager.open(home) as memory:
                serve(memory, chat, day)
        with MemoryManager.open(home) as memory:
            forget(memory, "alma")


def serve(memory: MemoryManager, chat: ChatModel | None, day: str) -> None:
    """Answer everybody who comes on a day."""
    with MemoryAgent(memory, chat, instructions=INSTRUCTIONS) as bot:
        for visit in VISITS:
            if visit.day != day:
                continue
            answer = bot.at(visit.customer, session=day, name=visit.customer).reply(visit.says)
            print(f"\n[{day}] {visit.customer}: {visit.says}")
            print(f"  bot ({answer.recall.decision.action}): {answer.text}")


def forget(memory: MemoryManager, customer: str) -> None:
    """Erase everything that a customer said."""
    space = memory.at(customer)
    receipt = space.forget(turns=[turn.id for turn in space.turns()])
    left = "no byte is left" if not receipt.residues else f"left in {receipt.residues}"
    print(f"\n{customer} asked to be forgotten: {len(receipt.turns)} turns erased, {left}.")


def chat_model(model: str | None, base_url: str | None) -> ChatModel | None:
    if model is None:
        return None
    from knowhen.memory.models.openai import OpenAIChatModel

    return OpenAIChatModel(model, base_url=base_url)


if __name__ == "__main__":
    main()
