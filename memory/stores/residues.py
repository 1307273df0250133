"""Looking for erased text in the bytes of files."""

import json
import mmap
from collections.abc import Iterable
from pathlib import Path


def files_with(folder: Path, needles: Iterable[bytes]) -> list[Path]:
    """Files anywhere under the folder in which one of the needles occurs, whoever wrote them.

    A database breaks long text at its page's end, so a needle of a few dozen bytes is more
    likely to be found than a whole turn.
    """
    forms = {form for needle in needles if needle for form in _forms(needle)}
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return [file for file in files if forms and _holds(file, forms)]


def _forms(needle: bytes) -> set[bytes]:
    """The bytes themselves, and as they stand inside JSON."""
    try:
        text = needle.decode("utf-8")
    except UnicodeDecodeError:
        return {needle}
    return {needle} | {
        json.dumps(text, ensure_ascii=ascii_only)[1:-1].encode() for ascii_only in (False, True)
    }


def _holds(file: Path, needles: set[bytes]) -> bool:
    try:
        with file.open("rb") as opened:
            if file.stat().st_size == 0:
                return False
            with mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as content:
                return any(content.find(needle) >= 0 for needle in needles)
    except FileNotFoundError:  # a journal that another process closed meanwhile
        return False
