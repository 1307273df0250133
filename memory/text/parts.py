"""Cutting a long text into parts at sentence ends, so that each is found on its own."""

from bisect import bisect_right

from knowhen.memory.text.sentences import sentences


def parts(text: str, *, size: int, whole: int) -> list[tuple[int, int]]:
    """Spans that cover the text: one if it has at most `whole` characters, else of about `size`.

    A sentence longer than `size` is cut at a space, or in the middle of a run without spaces.
    """
    if len(text) <= whole:
        return [(0, len(text))]
    ends = [0, *(end for _, end in sentences(text))]
    spans: list[tuple[int, int]] = []
    start = 0
    while len(text) - start > whole:
        limit = start + size
        end = ends[bisect_right(ends, limit) - 1]
        if end <= start + size // 3:  # a very long sentence: better cut than carry
            space = text.rfind(" ", start + size // 3, limit)
            end = space + 1 if space > start else limit
        spans.append((start, end))
        start = end
    spans.append((start, len(text)))
    return spans
