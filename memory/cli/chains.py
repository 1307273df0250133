"""Thoughts in the order in which one took over from the other."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from knowhen.memory.records import Thought


def in_chains(thoughts: Sequence["Thought"]) -> list["Thought"]:
    """The same thoughts, each followed by the one that replaced it, as far as none came before.

    Where several were replaced by one, it follows the last of them.
    """
    by_id = {thought.id: thought for thought in thoughts}
    before: dict[str, list[Thought]] = {}
    for thought in thoughts:
        after = _after(thought, by_id)
        if after is not None:
            before.setdefault(after.id, []).append(thought)
    ordered: dict[str, Thought] = {}
    for thought in thoughts:
        if thought.id in ordered:
            continue
        for each in _history(_end(thought, by_id), before):
            ordered.setdefault(each.id, each)
    return list(ordered.values())


def _after(thought: "Thought", by_id: dict[str, "Thought"]) -> "Thought | None":
    return by_id.get(thought.superseded_by or thought.merged_into or "")


def _end(thought: "Thought", by_id: dict[str, "Thought"]) -> "Thought":
    passed = {thought.id}
    while (after := _after(thought, by_id)) is not None and after.id not in passed:
        passed.add(after.id)
        thought = after
    return thought


def _history(end: "Thought", before: dict[str, list["Thought"]]) -> list["Thought"]:
    """All that led to a thought, oldest first, and the thought itself."""
    found: dict[str, Thought] = {}
    open_ = [end]
    while open_:
        thought = open_.pop()
        if thought.id not in found:
            found[thought.id] = thought
            open_.extend(before.get(thought.id, ()))
    return sorted(
        found.values(), key=lambda t: (t is end, str(t.valid_from or ""), str(t.recorded_at or ""))
    )
