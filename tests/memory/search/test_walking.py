"""Questions of several hops: who leads from one place to the next, and who is left alone."""

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from knowhen import Document, MemoryManager, Turn
from knowhen.memory.settings import RecallSettings, Settings

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"


@pytest.fixture
def chains(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import chains

    yield chains
    for name in ("chains", "report"):
        sys.modules.pop(name, None)


def test_four_hops_are_the_first_four_with_triples_and_near_without(chains: ModuleType) -> None:
    chain = chains.chains()[0]
    assert len(chain.texts) == 16 and len(chain.hops) == 4
    with chains.memory_of(chain, triples=True) as memory:
        assert sorted(chains.ranks(chain, memory)) == [1, 2, 3, 4]
    with chains.memory_of(chain, triples=False) as memory:
        ranks = chains.ranks(chain, memory)
    assert ranks[:2] == [1, 2] and ranks[-1] <= 6


def test_chains_come_up_with_the_walk_and_not_without(chains: ModuleType) -> None:
    found: dict[str, list[bool]] = {"triples": [], "rules": [], "no walk": []}
    still = Settings(recall=RecallSettings(walk="none"))
    for chain in chains.chains():
        for name, triples, settings in (
            ("triples", True, None),
            ("rules", False, None),
            ("no walk", True, still),
        ):
            with chains.memory_of(chain, triples=triples, settings=settings) as memory:
                found[name].append(max(chains.ranks(chain, memory)) <= 8)
    shares = {name: sum(each) / len(each) for name, each in found.items()}
    assert shares["triples"] >= 0.85 and shares["rules"] >= 0.6 and shares["no walk"] <= 0.4


FRIENDS = [
    ("Tom", "Ana keeps her boat in Brista, next to the ferry."),
    ("Ana", "I paint the boat every spring, blue as always."),
    ("Mia", "The bakery by the station has rye bread again."),
    ("Tom", "Brista has a harbour master called Orsolya."),
    ("Mia", "My train was late, so I missed the film about boats."),
]


def test_a_question_that_one_turn_answers_is_left_alone() -> None:
    with MemoryManager.open(":memory:") as memory:
        memory.remember([Turn(text, who, id=f"t{n}") for n, (who, text) in enumerate(FRIENDS)])
        found = memory.recall("What colour does Ana paint the boat every spring?", gate=False)
        assert found.items[0].id == "t1"
        assert not any("bridge" in item.why for item in found.items)


def test_a_named_person_who_speaks_everywhere_leads_nowhere() -> None:
    with MemoryManager.open(":memory:") as memory:
        memory.remember([Turn(text, "Ana", id=f"t{n}") for n, (_, text) in enumerate(FRIENDS * 2)])
        asked = "Which harbour master works where the boat that Ana paints by the ferry is kept?"
        found = memory.recall(asked, gate=False)
        assert not any("bridge" in item.why for item in found.items)


def test_documents_are_ordered_among_themselves_by_names_over_several_hops() -> None:
    with MemoryManager.open(":memory:") as memory:
        memory.learn(
            [
                Document("Ostrava Gazette", "The Ostrava Gazette is printed by Havel Press."),
                Document("Press laws", "Who prints what, and who founded which press, is public."),
                Document("Havel Press", "Havel Press goes back to Milena Dvorak."),
                Document("Lake Vessa", "Lake Vessa is a quiet lake with reeds."),
            ]
        )
        asked = "Who founded the press that prints the Ostrava Gazette?"
        items = memory.recall(asked, gate=False).items
        titles = [item.speaker for item in items if item.kind == "turn"]
        assert titles.index("Havel Press") < titles.index("Lake Vessa")
        assert any("documents" in item.why for item in items)
