"""Reading conversations from files of many formats."""

from knowhen.memory.formats.base import Reader, SpacedTurn, TextFile, open_text
from knowhen.memory.formats.jsonl import write_line
from knowhen.memory.formats.registry import AUTO, detect, format_names, read_turns, reader_named

__all__ = [
    "AUTO",
    "Reader",
    "SpacedTurn",
    "TextFile",
    "detect",
    "format_names",
    "open_text",
    "read_turns",
    "reader_named",
    "write_line",
]
