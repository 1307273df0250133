import sys

import pytest
from streams import units_of

from knowhen.memory.episodes import SCORERS, CausalLanguageModel, Trailing, make_segmenter
from knowhen.memory.errors import InvalidInput, MissingExtra


def test_an_unknown_scorer_is_refused_with_the_names_of_all() -> None:
    with pytest.raises(InvalidInput, match=", ".join(SCORERS)):
        make_segmenter("tea-leaves", embedder_name="lexical-16")


def test_a_scorer_that_lacks_its_model_names_the_alternatives() -> None:
    with pytest.raises(InvalidInput, match=r"knowhen\[lm\].*`bocpd`, `window`"):
        make_segmenter("lm", embedder_name="lexical-16")


def test_a_missing_package_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MissingExtra, match=r"knowhen\[lm\]"):
        CausalLanguageModel("folder")


def test_settings_that_do_not_fit_are_refused() -> None:
    with pytest.raises(InvalidInput, match="probability"):
        make_segmenter("bocpd", embedder_name="lexical-16", threshold=Trailing())
    with pytest.raises(InvalidInput, match="no refinement 'magic'"):
        make_segmenter(embedder_name="lexical-16", refine="magic")  # type: ignore[arg-type]


def test_a_higher_threshold_makes_fewer_events() -> None:
    units = units_of([n // 5 % 6 for n in range(60)], scatter=0.4)
    counts = [
        len(make_segmenter(embedder_name="lexical-16", threshold=at).cut(units))
        for at in (0.05, 0.3, 0.95)
    ]
    assert counts == sorted(counts, reverse=True)
    assert counts[0] > counts[2]


def test_cues_can_be_switched_off() -> None:
    units = units_of([0] * 3 + [1] * 3, scatter=0.6, seed=2)
    spoken = make_segmenter(embedder_name="lexical-16", cues=(), threshold=0.01).cut(units)
    assert spoken == make_segmenter(embedder_name="lexical-16", threshold=0.01).cut(units)
