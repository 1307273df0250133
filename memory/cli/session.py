"""What every command shares: the options that choose a memory, and the way to open it."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from knowhen.memory.cli.output import Output

if TYPE_CHECKING:
    from knowhen.memory.manager import MemoryManager

DEFAULT_SPACE = "default"
PUSH = "push"

Home = Annotated[
    Path | None, typer.Option(help="Folder of the memory.", show_default=False, metavar="FOLDER")
]
SpaceName = Annotated[
    str | None,
    typer.Option(help="Space in the memory, else `default`.", show_default=False, metavar="NAME"),
]
Embedder = Annotated[str, typer.Option(help="lexical, local or openai:MODEL.", metavar="NAME")]
Index = Annotated[str, typer.Option(help="exact or chroma.", metavar="NAME")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@dataclass(frozen=True, slots=True)
class Session:
    """One run of a command: which memory it is about, and where its output goes."""

    out: Output
    home: Path | None = None
    chosen_space: str | None = None
    """The space the user named; None if none was named."""
    embedder: str = "lexical"
    index: str = "exact"

    @property
    def space(self) -> str:
        return DEFAULT_SPACE if self.chosen_space is None else self.chosen_space

    def open(
        self, *, model: Any = None, reindexing: bool = False, walk: str = PUSH
    ) -> "MemoryManager":
        """The memory that the options name."""
        from knowhen.memory.manager import MemoryManager
        from knowhen.memory.settings import RecallSettings, Settings

        return MemoryManager.open(
            self.home,
            space=self.space,
            embedder=self.embedder,
            index=self.index,
            model=model,
            reindexing=reindexing,
            settings=Settings(recall=RecallSettings(walk=walk)),
        )


def add_command(app: typer.Typer, function: Callable[..., None], name: str | None = None) -> None:
    """Make a command of `function(session, ...)`; the shared options stand in its signature."""
    own_signature = inspect.signature(function)
    _, *own = own_signature.parameters.values()
    shared = inspect.signature(_session).parameters.values()

    @wraps(function)
    def run(**values: Any) -> None:
        options = {parameter.name: values.pop(parameter.name) for parameter in shared}
        function(_session(**options), **values)

    parameters = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in (*own, *shared)]
    # typer reads a command's options from these two.
    run.__signature__ = own_signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {p.name: p.annotation for p in parameters}
    app.command(name)(run)


def _session(
    home: Home = None,
    space: SpaceName = None,
    embedder: Embedder = "lexical",
    index: Index = "exact",
    json: Json = False,
) -> Session:
    return Session(Output(json=json), home, space, embedder, index)
