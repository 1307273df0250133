"""An embedder that does not know the language of a memory: spelling takes its place."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from knowhen.memory.manager import MemoryManager
from knowhen.memory.records import Turn
from knowhen.memory.search.scoring import NONSENSE, Strangeness

SAID = (
    "Kartoffeln sind raus, vierzig Kilo dieses Jahr.",
    "Chorprobe ist ab jetzt immer mittwochs um acht.",
    "Der Zaun ist gestrichen, frag nicht wie lange.",
    "Renate backt am Samstag ihren Kirschkuchen.",
)


class EnglishOnly:
    """To it all German texts are nonsense: near each other, and none nearer than the rest."""

    name, dimension = "english-only", 8

    def __init__(self, *, shared: float) -> None:
        self._shared = shared

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        rows = np.stack([np.random.default_rng(len(text)).normal(size=8) for text in texts])
        rows[:, 0] += self._shared
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def first(shared: float) -> str:
    with MemoryManager.open(":memory:", embedder=EnglishOnly(shared=shared)) as memory:
        memory.remember([Turn(speaker="Jonas", role="user", text=text) for text in SAID])
        return memory.recall("Wann probt der Chor?", gate=False).items[0].text


def test_where_a_text_is_nonsense_to_the_embedder_the_spelling_counts() -> None:
    assert first(shared=20.0).startswith("Chorprobe")


def test_strangeness_is_nearness_to_nonsense() -> None:
    strange, known = EnglishOnly(shared=20.0), EnglishOnly(shared=0.0)
    assert Strangeness(strange).of(strange.embed(["Wann probt der Chor?"])[0]) == 1.0
    away = -known.embed(list(NONSENSE)).mean(axis=0)
    assert Strangeness(known).of(away) == 0.0
