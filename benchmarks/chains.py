"""Chains of two to four hops through people's turns and documents, written for this project.

    python benchmarks/chains.py

Each of the twenty chains has sixteen texts: its hops, which share almost no word with the question
or with each other but the name that links them, and others that share words with the question.
A question is answered only if all hops come up. `within8` is the share of chains whose hops are
all among the first eight, `within6` the last hop among the first six, `rank` the mean rank of a
hop. `triples` has a model that states the facts written beside each text, `rules` has none.
"""

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from recorded import RecordedFacts
from report import Figure, Results, arguments, figure, table, write

from knowhen import Document, MemoryManager, Turn
from knowhen.memory.settings import RecallSettings, Settings

CHAINS = Path(__file__).with_name("chains.json")
START = datetime(2024, 3, 1, 9, tzinfo=UTC)
METRICS = ("within8", "within6", "rank")
SYSTEMS = ("knowhen, triples", "knowhen, rules", "no walk, triples", "no walk, rules")
_DOCUMENTS = 3
"""Every so manieth text beside a chain is a document."""


@dataclass(frozen=True, slots=True)
class Text:
    id: str
    speaker: str
    title: str
    text: str
    facts: tuple[tuple[str, str, str], ...]
    hop: bool


@dataclass(frozen=True, slots=True)
class Chain:
    question: str
    texts: tuple[Text, ...]
    """Hops and others, shuffled; the ids of the hops are hop1, hop2 and so on."""

    @property
    def hops(self) -> list[str]:
        return sorted(text.id for text in self.texts if text.hop)


def chains(file: Path = CHAINS) -> list[Chain]:
    """All chains of the file."""
    return [_chain(record) for record in json.loads(file.read_text(encoding="utf-8"))]


def _chain(record: Mapping[str, object]) -> Chain:
    hops, lures = record["hops"], record["lures"]
    assert isinstance(hops, list) and isinstance(lures, list)
    texts = [_text(f"hop{number}", hop, hop=True) for number, hop in enumerate(hops, 1)]
    for lure in lures:
        for name in lure["fill"]:
            number = len(texts)
            filled = {
                "text": lure["text"].format(name),
                "facts": [[part.format(name) for part in fact] for fact in lure["facts"]],
                "title" if number % _DOCUMENTS == 0 else "speaker": (
                    name if number % _DOCUMENTS == 0 else f"Guest {number}"
                ),
            }
            texts.append(_text(f"other{number}", filled, hop=False))
    random.Random(str(record["question"])).shuffle(texts)
    return Chain(str(record["question"]), tuple(texts))


def _text(identity: str, record: Mapping[str, object], *, hop: bool) -> Text:
    facts = record["facts"]
    assert isinstance(facts, list)
    return Text(
        identity,
        str(record.get("speaker", "")),
        str(record.get("title", "")),
        str(record["text"]),
        tuple((str(s), str(p), str(o)) for s, p, o in facts),
        hop,
    )


def memory_of(
    chain: Chain, *, triples: bool, settings: Settings | None = None, embedder: str = "lexical"
) -> MemoryManager:
    """A memory of the chain's texts, settled; with the facts beside them if `triples`."""
    facts = {text.id: text.facts for text in chain.texts}
    model = RecordedFacts(facts) if triples else None
    memory = MemoryManager.open(":memory:", embedder=embedder, model=model, settings=settings)
    for number, text in enumerate(chain.texts):
        time = START + timedelta(hours=6 * number)
        if text.title:
            memory.learn(Document(text.title, text.text, id=text.id, time=time))
        else:
            session = f"s{number // 4}"
            memory.remember(Turn(text.text, text.speaker, time=time, session=session, id=text.id))
    memory.settle()
    return memory


def ranks(chain: Chain, memory: MemoryManager) -> list[int]:
    """The place of each hop among the recalled turns, from 1; 99 for one that is not there."""
    items = memory.recall(chain.question, gate=False).items
    order = [item.id for item in items if item.kind == "turn"]
    return [order.index(hop) + 1 if hop in order else 99 for hop in chain.hops]


def measured(found: Sequence[Sequence[int]]) -> dict[str, Figure]:
    return {
        "within8": figure([float(max(each) <= 8) for each in found]),
        "within6": figure([float(each[-1] <= 6) for each in found]),
        "rank": figure([float(rank) for each in found for rank in each]),
    }


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--show", action="store_true", help="print the ranks of every chain")
    options = parser.parse_args()
    results: Results = {}
    for system in SYSTEMS:
        kind, _, facts = system.partition(", ")
        settings = Settings(recall=RecallSettings(walk="none")) if kind == "no walk" else None
        found = []
        for chain in chains():
            with memory_of(
                chain, triples=facts == "triples", settings=settings, embedder=options.embedder
            ) as memory:
                found.append(ranks(chain, memory))
            if options.show:
                print(system, found[-1], chain.question)
        results[system] = measured(found)
    print(table(results, METRICS))
    write(options.json, "chains", {"embedder": options.embedder, "chains": len(chains())}, results)


if __name__ == "__main__":
    main()
