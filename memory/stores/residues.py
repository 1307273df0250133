"""Looking for erased text in the bytes of files."""

import json
import mmap
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

PIECE = 200
"""A database breaks long text at the end of a page, so a long needle is sought in pieces of at
least this many bytes; a piece that long does not stand in another text by chance."""
_FEW = 16
_KEY = 8
_CHUNK = 1 << 22
_TABLE_BITS = 20
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)


def files_with(folder: Path, needles: Iterable[bytes]) -> list[Path]:
    """Files anywhere under the folder in which one of the needles occurs, whoever wrote them."""
    pieces = {p for needle in needles if needle for form in _forms(needle) for p in _pieces(form)}
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return [file for file in files if pieces and _holds(file, pieces)]


def _forms(needle: bytes) -> set[bytes]:
    """The bytes themselves, and as they stand inside JSON."""
    try:
        text = needle.decode("utf-8")
    except UnicodeDecodeError:
        return {needle}
    return {needle} | {
        json.dumps(text, ensure_ascii=ascii_only)[1:-1].encode() for ascii_only in (False, True)
    }


def _pieces(needle: bytes) -> Iterator[bytes]:
    count = max(1, len(needle) // PIECE)
    size = -(-len(needle) // count)
    for start in range(0, len(needle), size):
        yield needle[start : start + size]


def _holds(file: Path, needles: set[bytes]) -> bool:
    try:
        with file.open("rb") as opened:
            if file.stat().st_size == 0:
                return False
            with mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as content:
                short = {needle for needle in needles if len(needle) < _KEY}
                if len(needles) <= _FEW:
                    short = needles
                if any(content.find(needle) >= 0 for needle in short):
                    return True
                return _holds_any(content, needles - short)
    except FileNotFoundError:  # a journal that another process closed meanwhile
        return False


def _holds_any(content: mmap.mmap, needles: set[bytes]) -> bool:
    """One pass for all needles: a table of hashes of their first bytes rules out most places."""
    by_key: dict[bytes, list[bytes]] = {}
    for needle in needles:
        by_key.setdefault(needle[:_KEY], []).append(needle)
    keys = np.frombuffer(b"".join(by_key), dtype="<u8")
    table = np.zeros(1 << _TABLE_BITS, dtype=bool)
    table[_hashes(keys)] = True
    for start in range(0, len(content) if needles else 0, _CHUNK):
        chunk = content[start : start + _CHUNK + _KEY - 1]
        for shift in range(min(_KEY, len(chunk) - _KEY + 1)):
            words = np.frombuffer(chunk, "<u8", (len(chunk) - shift) // _KEY, shift)
            for word in np.flatnonzero(table[_hashes(words)]).tolist():
                place = start + shift + word * _KEY
                for needle in by_key.get(content[place : place + _KEY], ()):
                    if content[place : place + len(needle)] == needle:
                        return True
    return False


def _hashes(words: NDArray[np.uint64]) -> NDArray[np.uint64]:
    return (words * _MULTIPLIER) >> np.uint64(64 - _TABLE_BITS)
