"""How far a reader must walk to follow one call, and how much there is to read.

    python benchmarks/house.py
    PYTHONPATH=OTHER python benchmarks/house.py --tree OTHER_TREE

Files and functions of the product that one warm call enters (the built-in embedder, a memory that
keeps nothing on disk, comprehensions and lambdas left out), and lines of code without blanks,
comments and docstrings. `knowhen` must be the one of the tree.
"""

import argparse
import ast
import io
import sys
import threading
import tokenize
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import CodeType, FrameType

import knowhen.memory
from knowhen import MemoryAgent, MemoryManager, Turn

FOLDERS = ("memory", "graphs", "agents")
SAID = (
    ("Ada", "I moved to Ghent in March, into a flat above a bakery. Do you like the new job?"),
    ("Mei", "I love it! I play the cello in an orchestra in Antwerp now."),
    ("Ada", "My sister Noor came over yesterday. She is allergic to walnuts."),
    ("Mei", "I sold my old cello on 3 May and bought one from 1890."),
    ("Ada", "We adopted a cat called Gerda last week."),
    ("Mei", "I moved to Bruges, the rent in Antwerp was 900 euros."),
)
QUESTION = "When did Mei sell the cello that she played in Antwerp?"
SILENT = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
"""What may begin with a docstring."""


class Entered:
    """Code of a tree that ran while it was watched."""

    def __init__(self, tree: Path) -> None:
        self._folders = tuple(f"{tree / folder}/" for folder in FOLDERS)
        self._paths: dict[str, str] = {}
        self.code: set[CodeType] = set()

    def __enter__(self) -> "Entered":
        threading.setprofile(self._note)
        sys.setprofile(self._note)
        return self

    def __exit__(self, *_: object) -> None:
        sys.setprofile(None)
        threading.setprofile(None)

    def _note(self, frame: FrameType, event: str, _: object) -> None:
        if event == "call":
            self.code.add(frame.f_code)

    def counts(self) -> tuple[int, int]:
        """How many files, and how many functions in them."""
        found = [
            (path, code.co_qualname)
            for code in self.code
            if (path := self._real(code.co_filename)).startswith(self._folders)
            and not code.co_name.startswith("<")
        ]
        return len({path for path, _ in found}), len(set(found))

    def _real(self, path: str) -> str:
        if path not in self._paths:
            self._paths[path] = str(Path(path).resolve())
        return self._paths[path]


def turns(name: str, count: int) -> list[Turn]:
    """A short conversation of two friends."""
    start = datetime(2025, 5, 10, tzinfo=UTC)
    return [
        Turn(
            text=SAID[k % len(SAID)][1],
            speaker=SAID[k % len(SAID)][0],
            time=start + timedelta(minutes=k),
            session=f"{name}{k // len(SAID)}",
            id=f"{name}:{k}",
        )
        for k in range(count)
    ]


def calls(memory: MemoryManager) -> Iterator[tuple[str, Callable[[], object]]]:
    """What is watched, each call warmed by one like it."""

    def model(messages: object) -> str:
        return "She plays in Antwerp."

    agent = MemoryAgent(memory, model, gate="off")
    # With the gate off, so that all of it is walked whatever the gate makes of so small a memory.
    yield "recall", lambda: memory.recall(QUESTION, gate=False)
    yield "agent.reply", lambda: agent.reply(QUESTION)
    number = iter(range(100))
    yield "remember", lambda: memory.remember(turns(f"again{next(number)}", 2))
    yield "forget", lambda: memory.forget(turns=[f"told:{next(number)}"])
    yield "settle", memory.settle


def walked(tree: Path) -> dict[str, tuple[int, int]]:
    """Files and functions entered by each call."""
    found = {}
    with MemoryManager.open(":memory:") as memory:
        memory.remember(turns("told", 60))
        memory.settle()
        for name, call in calls(memory):
            call()
            with Entered(tree) as entered:
                call()
            found[name] = entered.counts()
    return found


def lines(path: Path) -> tuple[int, int, int]:
    """Lines of code, lines with a comment, and all lines of a file."""
    text = path.read_text(encoding="utf-8")
    code: set[int] = set()
    comments: set[int] = set()
    silent = (tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER)
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            comments.add(token.start[0])
        elif token.type not in silent:
            code.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(text)):
        for statement in getattr(node, "body", []) if isinstance(node, SILENT) else []:
            if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
                last = statement.end_lineno or statement.lineno
                code.difference_update(range(statement.lineno, last + 1))
    return len(code), len(comments), text.count("\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--tree", type=Path, default=Path(__file__).parents[1])
    tree = parser.parse_args().tree.resolve()
    files = sorted(path for folder in FOLDERS for path in (tree / folder).rglob("*.py"))
    counted = {path: lines(path) for path in files}
    code, comments, every = (sum(each) for each in zip(*counted.values(), strict=True))
    longest = max(files, key=lambda path: counted[path][2])
    print(f"{len(files)} files, {every} lines, {code} of code, {comments} with a comment")
    print(f"longest file: {longest.relative_to(tree)} with {counted[longest][2]} lines")
    for folder in FOLDERS:
        inside = [path for path in files if path.is_relative_to(tree / folder)]
        print(f"  {folder}: {len(inside)} files, {sum(counted[p][0] for p in inside)} of code")
    found = Path(knowhen.memory.__file__).resolve()
    if not found.is_relative_to(tree):
        sys.exit(f"knowhen is imported from {found}, which is outside this tree")
    print("entered by one warm call, files / functions:")
    for name, (entered, functions) in walked(tree).items():
        print(f"  {name:12}{entered:4} /{functions:4}")


if __name__ == "__main__":
    main()
