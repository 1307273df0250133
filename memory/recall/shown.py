"""Which words stood where in the contexts that were given out lately.

Frameworks hand recalled text back, inside what a tool said. With the spans of the context it came
from, it can be kept as references to turns instead of a second copy of their words.
"""

import hashlib
import threading
from collections import OrderedDict

from knowhen.memory.records import ContextLine, Recall

KEPT = 512
"""Contexts whose spans are kept in the process; only digests and positions, no words."""

_lock = threading.Lock()
_spans: OrderedDict[bytes, tuple[ContextLine, ...]] = OrderedDict()


def note_shown(recall: Recall) -> Recall:
    """Keep where the words of a context come from; give the recall back."""
    if recall.context and len(recall.lines) == sum(i.packed is not None for i in recall.items):
        with _lock:
            _spans[_digest(recall.context)] = recall.lines
            _spans.move_to_end(_digest(recall.context))
            while len(_spans) > KEPT:
                _spans.popitem(last=False)
    return recall


def shown_lines(context: str) -> tuple[ContextLine, ...] | None:
    """The spans of a context that was given out lately; None for any other text."""
    with _lock:
        return _spans.get(_digest(context))


def _digest(context: str) -> bytes:
    return hashlib.blake2b(context.encode("utf-8", "replace"), digest_size=16).digest()
