"""A LangGraph store in a memory's home: namespaces, filters, lifetimes and search by meaning."""

import asyncio
import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, cast

import numpy as np

from knowhen.agents.items import ItemTable, Namespace, StoredItem
from knowhen.memory.clock import Clock, SystemClock
from knowhen.memory.closing import Closing
from knowhen.memory.embedders.base import Embedder
from knowhen.memory.embedders.factory import make_embedder
from knowhen.memory.embedders.identity import checked_vectors
from knowhen.memory.errors import InvalidInput, extra
from knowhen.memory.home import MEMORY, home_folder
from knowhen.memory.stores.base import Vectors

with extra("langchain"):
    from langgraph.store.base import (
        BaseStore,
        GetOp,
        InvalidNamespaceError,
        Item,
        ListNamespacesOp,
        MatchCondition,
        Op,
        PutOp,
        Result,
        SearchItem,
        SearchOp,
        TTLConfig,
    )
    from langgraph.store.base.embed import get_text_at_path


def _number(compare: Callable[[float, float], bool]) -> Callable[[Any, Any], bool]:
    def compared(value: Any, wanted: Any) -> bool:
        try:
            return compare(float(value), float(wanted))
        except (TypeError, ValueError):
            pass
        # What is no number is compared as it is, such as ISO dates.
        return isinstance(value, str) and isinstance(wanted, str) and compare(value, wanted)  # type: ignore[arg-type]

    return compared


_OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "$eq": lambda value, wanted: bool(value == wanted),
    "$ne": lambda value, wanted: bool(value != wanted),
    "$gt": _number(lambda value, wanted: value > wanted),
    "$gte": _number(lambda value, wanted: value >= wanted),
    "$lt": _number(lambda value, wanted: value < wanted),
    "$lte": _number(lambda value, wanted: value <= wanted),
}


def matches(value: Mapping[str, Any], wanted: Mapping[str, Any] | None) -> bool:
    """Whether an item's value fits a filter; None fits all.

    Raises:
        InvalidInput: an operator that does not exist.
    """
    return all(_fits(value.get(name), each) for name, each in (wanted or {}).items())


def _fits(value: Any, wanted: Any) -> bool:
    if isinstance(wanted, Mapping):
        if any(str(name).startswith("$") for name in wanted):
            return all(_operate(name, value, each) for name, each in wanted.items())
        return isinstance(value, Mapping) and matches(value, wanted)
    if isinstance(wanted, list | tuple):
        return (
            isinstance(value, list | tuple)
            and len(value) == len(wanted)
            and all(_fits(one, other) for one, other in zip(value, wanted, strict=True))
        )
    return bool(value == wanted)


def _operate(name: str, value: Any, wanted: Any) -> bool:
    if name not in _OPERATORS:
        known = ", ".join(_OPERATORS)
        raise InvalidInput(f"no filter operator is called {name!r}; use one of {known}")
    return _OPERATORS[name](value, wanted)


FILE = "items.db"
_READING = 2
"""Counts the ways in which a value was made text; another one embeds all items anew."""


class KnowhenStore(BaseStore, Closing):
    """Items that an application puts, gets and searches, in the file `items.db` of a home.

    They are the application's own records beside the memory: what was said is in the memory and
    erased by `forget`, what was put is here and deleted by `delete`. Within one `batch`, reads
    see what was there before its puts, as in LangGraph's own store. Expired items are never
    given out, and deleted by the next put.

    Args:
        home: the folder, `":memory:"`, or None as for `MemoryManager.open`.
        embedder: `lexical`, `local`, `openai:MODEL` or an embedder. Opening with another one
            than before embeds all items anew.
        fields: paths of a value that searches look into; `$` is the whole value.
        ttl: LangGraph's settings for lifetimes, in minutes.
    """

    supports_ttl = True

    def __init__(
        self,
        home: str | os.PathLike[str] | None = None,
        *,
        embedder: str | Embedder = "lexical",
        fields: Sequence[str] = ("$",),
        ttl: TTLConfig | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.ttl_config = ttl
        self._embedder = make_embedder(embedder)
        self._fields = tuple(fields)
        self._clock = clock or SystemClock()
        self._table = ItemTable(MEMORY if home == MEMORY else str(home_folder(home) / FILE))
        self._adopt()

    def batch(self, ops: Iterable[Op]) -> list[Result]:
        """Answer the reads, then apply the puts in one transaction."""
        listed = list(ops)
        for op in listed:
            _check(op)
        now = self._clock.now().timestamp()
        results = [self._read(op, now) for op in listed]
        puts = {(op.namespace, op.key): op for op in listed if isinstance(op, PutOp)}
        if puts:
            self._apply(list(puts.values()), now)
        return results

    async def abatch(self, ops: Iterable[Op]) -> list[Result]:
        """`batch` without blocking the event loop."""
        return await asyncio.to_thread(self.batch, list(ops))

    def sweep_ttl(self) -> int:
        """Delete what has expired now; how many items that were."""
        return self._table.sweep(now=self._clock.now().timestamp())

    def close(self) -> None:
        """Close the file."""
        self._table.close()

    # Reading -----------------------------------------------------------------------------
    def _read(self, op: Op, now: float) -> Result:
        if isinstance(op, GetOp):
            found = self._table.get(op.namespace, op.key, now=now)
            if found is not None and op.refresh_ttl:
                self._table.refresh([found.id], now=now)
            return None if found is None else Item(**_fields_of(found))
        if isinstance(op, SearchOp):
            return self._search(op, now)
        if isinstance(op, ListNamespacesOp):
            return _listed(self._table.namespaces(now=now), op)
        return None

    def _search(self, op: SearchOp, now: float) -> list[SearchItem]:
        end = op.offset + op.limit
        if op.query:
            ranked = self._ranked(op, now)[op.offset : end]
        else:
            found = [i for i in self._table.under(op.namespace_prefix, now=now) if _chosen(i, op)]
            ranked = [(item, None) for item in found[op.offset : end]]
        if op.refresh_ttl:
            self._table.refresh([item.id for item, _ in ranked], now=now)
        return [SearchItem(**_fields_of(item), score=score) for item, score in ranked]

    def _ranked(self, op: SearchOp, now: float) -> list[tuple[StoredItem, float | None]]:
        """By the best of an item's vectors; items without any come last, last changed first."""
        assert op.query is not None
        owners, vectors = self._table.vectors(op.namespace_prefix, now=now)
        best: dict[int, float] = {}
        if owners:
            query = checked_vectors(self._embedder, [op.query])[0]
            for owner, score in zip(owners, np.stack(vectors) @ query, strict=True):
                best[owner] = max(best.get(owner, -1.0), float(score))
        order = sorted(best, key=lambda owner: (-best[owner], owner))
        if op.filter is None and len(order) >= op.offset + op.limit:  # no need to read the rest
            found = self._table.by_id(order[: op.offset + op.limit], now=now)
        else:
            found = [i for i in self._table.under(op.namespace_prefix, now=now) if _chosen(i, op)]
            place = {owner: number for number, owner in enumerate(order)}
            found.sort(key=lambda item: place.get(item.id, len(place)))
        return [(item, best.get(item.id)) for item in found]

    # Writing -----------------------------------------------------------------------------
    def _apply(self, puts: Sequence[PutOp], now: float) -> None:
        texts = [() if op.value is None else self._texts(op.value, op.index) for op in puts]
        vectors = self._vectors(texts)  # before the lock, because an embedder may be slow
        with self._table.writing():
            for op, found in zip(puts, vectors, strict=True):
                if op.value is None:
                    self._table.delete(op.namespace, op.key)
                    continue
                self._table.put(
                    op.namespace,
                    op.key,
                    op.value,
                    fields=op.index,
                    vectors=found,
                    minutes=op.ttl,
                    now=now,
                )
        if any(op.value is None for op in puts):
            self._table.purge()
        else:
            self._table.purge_soon()

    def _texts(self, value: Mapping[str, Any], index: object) -> Sequence[str]:
        if index is False:
            return ()
        paths = cast(Sequence[str], index) if index else self._fields
        found: list[str] = []
        for path in paths:
            if path == "$":
                found.append(json.dumps(value, sort_keys=True, ensure_ascii=False))
            else:
                found += get_text_at_path(value, path)
        return [text for text in found if text.strip()]

    def _vectors(self, texts: Sequence[Sequence[str]]) -> list[list[Vectors]]:
        flat = [text for group in texts for text in group]
        made = iter(checked_vectors(self._embedder, flat))
        return [[next(made) for _ in group] for group in texts]

    def _adopt(self) -> None:
        """Embed everything anew when the embedder, or what it reads, is another than before."""
        name = f"{self._embedder.name}:{self._embedder.dimension}:{_READING}"
        if self._table.setting("embedder") == name:
            return
        with self._table.writing():
            items = self._table.indexed()
            vectors = self._vectors([self._texts(value, index) for _, value, index in items])
            for (item, _, _), found in zip(items, vectors, strict=True):
                self._table.set_vectors(item, found)
            self._table.set_setting("embedder", name)


def _chosen(item: StoredItem, op: SearchOp) -> bool:
    return matches(item.value, op.filter)


def _fields_of(item: StoredItem) -> dict[str, Any]:
    return {
        "namespace": item.namespace,
        "key": item.key,
        "value": item.value,
        "created_at": datetime.fromtimestamp(item.created, UTC),
        "updated_at": datetime.fromtimestamp(item.updated, UTC),
    }


def _listed(namespaces: Sequence[Namespace], op: ListNamespacesOp) -> list[Namespace]:
    conditions = op.match_conditions or ()
    kept = [n for n in namespaces if all(_has_path(n, condition) for condition in conditions)]
    if op.max_depth is not None:
        kept = sorted({namespace[: op.max_depth] for namespace in kept})
    return kept[op.offset : op.offset + op.limit]


def _has_path(namespace: Namespace, condition: MatchCondition) -> bool:
    path = condition.path
    if len(path) > len(namespace):
        return False
    start = 0 if condition.match_type == "prefix" else len(namespace) - len(path)
    part = namespace[start : start + len(path)]
    return all(wanted in ("*", label) for label, wanted in zip(part, path, strict=True))


def _check(op: Op) -> None:
    """Labels with a period would address another namespace."""
    namespace: Sequence[object] = ()
    if isinstance(op, GetOp | PutOp):
        namespace = op.namespace
    elif isinstance(op, SearchOp):
        namespace = op.namespace_prefix
    for label in namespace:
        if not isinstance(label, str) or not label or "." in label:
            raise InvalidNamespaceError(
                f"namespace {namespace!r} has the label {label!r}; labels are texts without "
                "periods, and not empty"
            )
