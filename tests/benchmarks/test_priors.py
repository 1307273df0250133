"""What surroundings add to a turn, on a conversation written here; and what is taken out."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from knowhen import MemoryManager, Turn
from knowhen.graphs.knowledge import EDGE_KINDS
from knowhen.memory.embedders.lexical import LexicalEmbedder
from knowhen.memory.search.walking import SEED_PARTS
from knowhen.memory.settings import RecallSettings, Settings

FOLDER = Path(__file__).parents[2] / "benchmarks"
START = datetime(2024, 3, 1, 9, tzinfo=UTC)
SESSIONS = {
    "s1": ["The ferry to Gotland sails at nine.", "Do we have cabins on the ferry?",
           "Yes, and a table for supper.", "The number is forty-two."],
    "s2": ["My plants all died in the frost.", "Which number did you plant?",
           "About a dozen roses.", "What a pity about the roses."],
}  # fmt: skip
TURNS = [
    Turn(text, "Ann", time=START + timedelta(days=day, minutes=n), session=name, id=f"{name}.{n}")
    for day, (name, texts) in enumerate(SESSIONS.items())
    for n, text in enumerate(texts)
]


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(FOLDER))


def test_the_event_around_a_turn_lifts_it_over_a_turn_that_matches_as_well() -> None:
    from baselines import Turns
    from conversations import Conversation
    from priors import with_priors

    embedder = LexicalEmbedder()
    conversation = Conversation("c", tuple(TURNS), ())
    memory = MemoryManager.open(":memory:", embedder=embedder)
    memory.remember(TURNS)
    memory.settle()
    found = with_priors(conversation, Turns(TURNS, embedder), embedder, memory)
    query = "What is the number of our cabins on the Gotland ferry?"
    assert set(found) == {"turns", "turns + windows", "turns + EM-LLM events", "turns + events"}
    for name, rank in found.items():
        ranking = rank(query)
        assert sorted(ranking) == list(range(len(TURNS)))
        if name != "turns":
            assert ranking.index(3) < ranking.index(5), name


def test_windows_and_events_never_reach_over_a_session() -> None:
    from conversations import Conversation
    from priors import _groups, _windows

    conversation = Conversation("c", tuple(TURNS), ())
    assert _windows(conversation, 3) == [0, 0, 0, 1, 2, 2, 2, 3]
    assert _groups(conversation, ["s1.2"]) == [0, 0, 1, 1, 2, 2, 2, 2]


def test_the_walk_does_not_pass_edges_of_a_kind_that_is_left_out() -> None:
    def walked(*ablate: str) -> int:
        left_out = ("fact", "named", "speaker", "synonym", *ablate)
        settings = Settings(recall=RecallSettings(edges=dict.fromkeys(left_out, 0.0)))
        memory = MemoryManager.open(":memory:", settings=settings)
        memory.remember(TURNS)
        reached = memory.search("Do we have cabins?").reached
        assert reached is not None
        return int((reached > 0).sum())

    assert walked() > SEED_PARTS
    assert walked(*EDGE_KINDS) <= SEED_PARTS
    assert walked("contiguity", "member") < walked()
