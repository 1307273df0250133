"""Words of natural languages stand in the folders of the languages, and nowhere else."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import knowhen.memory
from knowhen.memory.language.wordings import wordings

ROOT = Path(str(knowhen.memory.__file__)).resolve().parent
# The statement rules move behind the seam with the slots; formats read files of other programs,
# and the command line speaks to its user.
EXEMPT = {"language", "thoughts", "formats", "cli", "_facade"}
FILES = [
    path for path in sorted(ROOT.rglob("*.py")) if path.relative_to(ROOT).parts[0] not in EXEMPT
]
_ESCAPES = re.compile(r"\\[a-zA-Z]|\(\?P?<\w+>|\(\?P=\w+\)|\(\?[a-z]+[):]|\[[^\]]*\]|%\w")
_WORD = re.compile(r"[a-z]{2,}", re.IGNORECASE)
_OUR_MARKS = re.compile("recalled|memory")
"""The name of the fence around what is recalled is no word of a text."""
_SEVERAL = 3


def patterns(tree: ast.AST) -> Iterator[str]:
    """Constant parts of what is handed to functions of `re`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = node.func.value
            if isinstance(owner, ast.Name) and owner.id == "re" and node.args:
                yield from strings(node.args[0])


def strings(node: ast.AST) -> Iterator[str]:
    for inner in ast.walk(node):
        if isinstance(inner, ast.Constant) and isinstance(inner.value, str):
            yield inner.value


def lists(tree: ast.AST) -> Iterator[list[str]]:
    """Collections of constant strings, and constant strings that are split."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.Set, ast.Tuple, ast.List)):
            yield [word for word in map(constant, node.elts) if word]
        elif isinstance(node, ast.Dict):
            yield [word for word in map(constant, node.keys) if word]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield constant(node.func.value).split() if node.func.attr == "split" else []


def constant(node: ast.AST | None) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def natural(words: list[str]) -> list[str]:
    """Those that stand in a list of function words."""
    return [word for word in words if word.casefold() in wordings("en").words("function")]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_pattern_and_no_list_outside_the_languages_holds_words(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for pattern in patterns(tree):
        assert not _WORD.search(_ESCAPES.sub(" ", _OUR_MARKS.sub("", pattern))), pattern
    for words in lists(tree):
        assert len(natural(words)) < _SEVERAL, words
