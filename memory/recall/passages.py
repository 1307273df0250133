"""Which piece of a long turn to show: the sentences around what the query asks about."""

from collections.abc import Mapping

from knowhen.memory.view.corpus import Corpus

WHOLE = 600
"""Longer turns may be shown in part."""
SHARE = 1 / 3
"""A piece is at least this share of its turn, so that it can be understood."""
MOST = 3000
"""Characters that a piece needs at the most: a third of a whole document would fill a prompt."""
PIECE = 160
"""Characters of the pieces that a passage is put together from; they end at sentences."""


def likely_length(length: int) -> float:
    """About how many characters will be shown of a turn of that length."""
    return length if length <= WHOLE else min(length * SHARE, MOST) + PIECE / 2


def passage(corpus: Corpus, turn: int, part: int, weights: Mapping[str, float]) -> tuple[int, int]:
    """Span of a turn to show: all of a short one, else its most telling third.

    Of all runs of pieces that are long enough, the one whose terms weigh most for their length,
    and more so the more of the best part it holds; `weights` says what a query's term is worth.
    """
    text = corpus.turns[turn].turn.text
    if len(text) <= WHOLE:
        return 0, len(text)
    pieces = corpus.pieces(turn, PIECE)
    worths = [sum(weights.get(term, 0.0) for term in terms) for _, _, terms in pieces]
    part_start, part_end = int(corpus.start[part]), int(corpus.end[part])
    needed = min(len(text) * SHARE, MOST)
    best, best_value = (part_start, part_end), (-1.0, 0.0)
    last, worth = 0, 0.0
    for first, (start, _, _) in enumerate(pieces):
        while last < len(pieces) and (last <= first or pieces[last - 1][1] - start < needed):
            worth += worths[last]
            last += 1
        end = pieces[last - 1][1]
        if end - start < needed:
            break
        overlap = max(0, min(end, part_end) - max(start, part_start)) / (part_end - part_start)
        value = (worth / (end - start) * (0.5 + overlap), overlap)
        if value > best_value:
            best, best_value = (start, end), value
        worth -= worths[first]
    return best
