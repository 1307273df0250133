"""Bytes of erased text in files: finding them, and clearing what SQLite leaves in its pages.

Run as a program, with a request on standard input, because a process that opens and closes a
file of SQLite by itself loses the locks that SQLite has on it (POSIX drops all locks of a
process on a file with the first descriptor that is closed), and another process would then
take the file for closed.
"""

import json
import mmap
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

PIECE = 200
"""A database breaks long text at the end of a page, so a long needle is sought in pieces of at
least this many bytes; a piece that long does not stand in another text by chance."""
Content = bytes | mmap.mmap
_FEW = 64
_KEY = 8
_CHUNK = 1 << 22
_TABLE_BITS = 20
_MULTIPLIER = 0x9E3779B97F4A7C15


# In the process of the memory ------------------------------------------------------------------
def files_with(files: Sequence[str], needles: Sequence[bytes]) -> list[tuple[str, list[int]]]:
    """Files in which needles occur, whoever wrote them, with the places of those needles.

    Raises:
        OSError: no process can be started here.
    """
    if not files or not any(needles):
        return []
    found = _asked({"find": list(files), "needles": [needle.hex() for needle in needles]})
    return [(name, places) for name, places in found]


def zero_unused(database: Path) -> None:
    """Make zeros of the unused parts of every page of a file of SQLite.

    Its journal must be empty, and nobody may write until this returns.
    """
    _asked({"zero": str(database)})


def _asked(request: dict[str, object]) -> list[tuple[str, list[int]]]:
    command = [sys.executable or "python3", "-I", __file__]
    asked = json.dumps(request).encode()
    done = subprocess.run(command, input=asked, capture_output=True, check=False)
    try:
        found: list[tuple[str, list[int]]] = json.loads(done.stdout)
    except ValueError:  # another program than Python, or one that was refused
        raise OSError(f"{command[0]} gave no answer (exit {done.returncode})") from None
    return found


# In the process of its own ---------------------------------------------------------------------
def looked_through(
    files: Sequence[str],
    needles: Sequence[bytes],
    *,
    opened: "Callable[[str], AbstractContextManager[Content]] | None" = None,
) -> list[tuple[str, list[int]]]:
    """Files in which needles occur, with their places; `opened` gives the bytes of a file."""
    opened = opened or _mapped
    pieces: dict[bytes, set[int]] = {}
    for place, needle in enumerate(needles):
        for form in _forms(needle) if needle else ():
            for piece in _pieces(form):
                pieces.setdefault(piece, set()).add(place)
    found = []
    for name in files if pieces else ():
        with opened(name) as content:
            held = _held(content, set(pieces))
        places = {place for piece in held for place in pieces[piece]}
        if places:
            found.append((name, sorted(places)))
    return found


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


@contextmanager
def _mapped(file: str) -> Iterator[Content]:
    try:
        with open(file, "rb") as found:
            if os.fstat(found.fileno()).st_size == 0:
                yield b""
                return
            with mmap.mmap(found.fileno(), 0, access=mmap.ACCESS_READ) as content:
                yield content
    except FileNotFoundError:  # a journal that another process closed meanwhile
        yield b""


def _held(content: Content, needles: set[bytes]) -> set[bytes]:
    short = {needle for needle in needles if len(needle) < _KEY}
    if len(needles) <= _FEW:
        short = needles
    found = {needle for needle in short if content.find(needle) >= 0}
    return found | _held_of_many(content, needles - short)


def _held_of_many(content: Content, needles: set[bytes]) -> set[bytes]:
    """One pass for all needles: a table of hashes of their first bytes rules out most places."""
    if not needles:
        return set()
    import numpy as np  # takes longer to load than a few needles take to find

    by_key: dict[bytes, list[bytes]] = {}
    for needle in needles:
        by_key.setdefault(needle[:_KEY], []).append(needle)
    factor, shift_by = np.uint64(_MULTIPLIER), np.uint64(64 - _TABLE_BITS)
    table = np.zeros(1 << _TABLE_BITS, dtype=bool)
    table[(np.frombuffer(b"".join(by_key), dtype="<u8") * factor) >> shift_by] = True
    found: set[bytes] = set()
    for start in range(0, len(content), _CHUNK):
        chunk = content[start : start + _CHUNK + _KEY - 1]
        for shift in range(min(_KEY, len(chunk) - _KEY + 1)):
            words = np.frombuffer(chunk, "<u8", (len(chunk) - shift) // _KEY, shift)
            for word in np.flatnonzero(table[(words * factor) >> shift_by]).tolist():
                place = start + shift + word * _KEY
                for needle in by_key.get(content[place : place + _KEY], ()):
                    if content[place : place + len(needle)] == needle:
                        found.add(needle)
    return found


_TABLE_PAGES = {2: 12, 5: 12, 10: 8, 13: 8}
"""Kinds of b-tree pages with the length of their headers, as SQLite's file format has them. Any
other page begins with a page number, so with a zero in files of less than 64 GB."""


def _zero(file: str) -> None:
    """Clear the gap between the list of cells and the cells on every page of a b-tree.

    SQLite clears what is deleted, but where it spreads rows over pages anew, old copies stay in
    the gap (https://www.sqlite.org/fileformat2.html#b_tree_pages, section 1.6).
    """
    with open(file, "r+b") as opened, mmap.mmap(opened.fileno(), 0) as content:
        size = int.from_bytes(content[16:18], "big")
        size = 65536 if size == 1 else size
        for start in range(0, len(content), size):
            header = start + (100 if start == 0 else 0)
            length = _TABLE_PAGES.get(content[header])
            if length is None:
                continue
            cells = int.from_bytes(content[header + 3 : header + 5], "big")
            first = start + (int.from_bytes(content[header + 5 : header + 7], "big") or 65536)
            gap = header + length + 2 * cells
            if gap < first <= start + size and any(content[gap:first].strip(b"\0")):
                content[gap:first] = bytes(first - gap)
        content.flush()
        os.fsync(opened.fileno())


def _main() -> None:
    request = json.load(sys.stdin.buffer)
    found: list[tuple[str, list[int]]] = []
    if "zero" in request:
        _zero(request["zero"])
    else:
        needles = [bytes.fromhex(text) for text in request["needles"]]
        found = looked_through(request["find"], needles)
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    _main()
