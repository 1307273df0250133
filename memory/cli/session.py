"""What every command shares: the options that choose a memory, and the way to open it."""

import inspect
import json as json_module
import os
from collections.abc import Callable, Iterable, Mapping
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
CONFIG = "config.json"
DEFAULTS: Mapping[str, str] = {
    "embedder": "lexical",
    "index": "exact",
    "scorer": "bocpd",
    "refine": "none",
    "language-model": "",
}
"""What a home that says nothing else is opened with."""
BEGIN = 'knowhen remember "I live in Lisbon."'

Home = Annotated[
    Path | None, typer.Option(help="Folder of the memory.", show_default=False, metavar="FOLDER")
]
SpaceName = Annotated[
    str | None,
    typer.Option(help="Space in the memory, else `default`.", show_default=False, metavar="NAME"),
]
Embedder = Annotated[
    str | None,
    typer.Option(
        help="lexical, local or openai:MODEL; else the home's own.",
        metavar="NAME",
        show_default=False,
    ),
]
Index = Annotated[
    str | None,
    typer.Option(help="exact or chroma; else the home's own.", metavar="NAME", show_default=False),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@dataclass(frozen=True, slots=True)
class Session:
    """One run of a command: which memory it is about, and where its output goes."""

    out: Output
    home: Path | None = None
    chosen_space: str | None = None
    """The space the user named; None if none was named."""
    chosen: Mapping[str, str | None] | None = None
    """Embedder and index, where the user named them."""

    @property
    def space(self) -> str:
        return DEFAULT_SPACE if self.chosen_space is None else self.chosen_space

    @property
    def folder(self) -> Path:
        """The folder of the memory, there or not."""
        import sys

        from knowhen.memory.home import VARIABLE, user_data_folder

        named = str(self.home or "") or os.environ.get(VARIABLE, "")
        folder = Path(named) if named else user_data_folder(os.environ, sys.platform)
        return folder.expanduser().absolute()

    @property
    def begun(self) -> bool:
        """Whether there is a memory in the folder."""
        return self.folder.is_dir() and any(self.folder.glob("*.db"))

    @property
    def config(self) -> dict[str, str]:
        """How the home is opened: as it was begun, or as the user says now."""
        said = {name: value for name, value in (self.chosen or {}).items() if value}
        return {**DEFAULTS, **self._stored(), **said}

    def configure(self, **values: str) -> None:
        """Have the home opened like that from now on."""
        stored = self._stored() | values
        path = self.folder / CONFIG
        part = path.with_name(CONFIG + ".new")
        part.write_text(json_module.dumps(stored, indent=2) + "\n", encoding="utf-8")
        part.chmod(0o600)
        os.replace(part, path)

    def _stored(self) -> dict[str, str]:
        from knowhen.memory.errors import InvalidFile

        path = self.folder / CONFIG
        try:
            found = json_module.loads(path.read_text(encoding="utf-8"))
        except (FileNotFoundError, NotADirectoryError):
            return {}
        except (OSError, ValueError) as error:
            raise InvalidFile(f"{str(path)!r} cannot be read: {error}") from None
        if not isinstance(found, dict):
            raise InvalidFile(f"{str(path)!r} holds no settings; delete it")
        return {name: str(found[name]) for name in DEFAULTS if name in found}

    def open(
        self,
        *,
        model: Any = None,
        reindexing: bool = False,
        walk: str = PUSH,
        writing: bool = False,
    ) -> "MemoryManager":
        """The memory that the options name; only a command that is `writing` begins one.

        Raises:
            InvalidInput: there is nothing to read.
        """
        from knowhen.memory.home import MEMORY
        from knowhen.memory.manager import MemoryManager
        from knowhen.memory.settings import EventSettings, RecallSettings, Settings

        kept = str(self.home) != MEMORY
        begun = self.begun
        if kept and not begun and not writing:
            from knowhen.memory.errors import InvalidInput

            raise InvalidInput(f"there is no memory in {self.folder} yet; begin one with: {BEGIN}")
        config = self.config
        memory = MemoryManager.open(
            self.home,
            space=self.space,
            embedder=config["embedder"],
            index=config["index"],
            model=model,
            reindexing=reindexing,
            settings=Settings(
                events=EventSettings.named(
                    config["scorer"], config["refine"], config["language-model"]
                ),
                recall=RecallSettings(walk=walk),
            ),
        )
        if kept and not begun and config != DEFAULTS:
            self.configure(**config)
        return memory


def whole_id(given: str, ids: Iterable[str], kind: str, space: str) -> str:
    """The id that is meant by its beginning.

    Raises:
        InvalidInput: several begin like that.
        NotFound: none does.
    """
    from knowhen.memory.errors import InvalidInput, NotFound

    listed = list(dict.fromkeys(ids))
    meant = [given] if given in listed else [each for each in listed if each.startswith(given)]
    if len(meant) > 1:
        raise InvalidInput(f"{len(meant)} {kind}s begin with {given!r}; write more of the id")
    if not meant:
        raise NotFound(kind, given, space)
    return meant[0]


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
    run: typer.Context,
    home: Home = None,
    space: SpaceName = None,
    embedder: Embedder = None,
    index: Index = None,
    json: Json = False,
) -> Session:
    """The options of a command; what it does not say may stand before its name."""
    before: Mapping[str, Any] = run.obj or {}
    chosen = {"embedder": embedder, "index": index}
    return Session(
        Output(json=json or bool(before.get("json"))),
        home or before.get("home"),
        space if space is not None else before.get("space"),
        chosen,
    )
