import sys
from pathlib import Path

import pytest
from streams import units_of

from knowhen.memory.episodes import (
    OnlineSegmenter,
    make_segmenter,
    outline,
    plot_surprise,
    save_plot,
)
from knowhen.memory.errors import MissingExtra

UNITS = units_of([0] * 6 + [3] * 5 + [7] * 4, scatter=0.1)
SEGMENTER = make_segmenter(embedder_name="lexical-16")


def test_a_picture_shows_the_curve_its_boundaries_and_titles() -> None:
    assert isinstance(SEGMENTER, OnlineSegmenter)
    cuts, curve = SEGMENTER.curve(UNITS)
    session = outline(UNITS, cuts, session="costs $5 and $6")
    figure = plot_surprise(curve.probability, session, threshold=0.28)
    names, axes = figure.axes
    assert list(axes.lines[0].get_ydata()) == curve.probability.tolist()
    drawn = [line.get_xdata()[0] for line in axes.lines[2:]]
    assert drawn == [cut.index for cut in cuts] == [6, 11]
    assert [text.get_text() for text in names.texts] == [e.title for e in session.episodes]


@pytest.mark.parametrize("ending", ["png", "svg"])
def test_a_picture_is_written_to_a_file(tmp_path: Path, ending: str) -> None:
    assert isinstance(SEGMENTER, OnlineSegmenter)
    cuts, curve = SEGMENTER.curve(UNITS)
    path = tmp_path / f"talk.{ending}"
    save_plot(path, curve.probability, outline(UNITS, cuts))
    assert path.stat().st_size > 5000


def test_without_matplotlib_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert isinstance(SEGMENTER, OnlineSegmenter)
    cuts, curve = SEGMENTER.curve(UNITS)
    with pytest.raises(MissingExtra, match=r"knowhen\[plot\]"):
        plot_surprise(curve.probability, outline(UNITS, cuts))
