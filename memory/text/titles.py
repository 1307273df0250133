"""Entities of a document: what its title names, and what its text does."""

import re
from collections.abc import Iterable

from knowhen.memory.text.entities import find_entities, normalise

_AFTERTHOUGHT = re.compile(r"\s*\([^()]*\)\s*\Z")


def title_names(title: str) -> list[str]:
    """The title as a name, and without what tells it from others, as in "Sting (musician)"."""
    names = [normalise(title), normalise(_AFTERTHOUGHT.sub("", title))]
    return [name for name in dict.fromkeys(names) if name]


def document_entities(title: str, text: str) -> list[str]:
    """Normalised names, those of the title first."""
    found: Iterable[str] = (span.name for span in find_entities(text, speaker=title))
    return list(dict.fromkeys([*title_names(title), *found]))
