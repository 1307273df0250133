"""Every error that knowhen raises on purpose.

    KnowhenError
    ├── InvalidInput (ValueError)        a value that cannot be used as given
    │   ├── InvalidTurn                  a turn without text, with a naive time, ...
    │   ├── InvalidEdge, InvalidRestart  see `knowhen.graphs.errors`
    │   ├── InvalidFile                  a file that is missing, unreadable or of another format
    │   └── InvalidBudget                a token budget that is not a positive number
    ├── TurnConflict                     the id of a stored turn came back with other content
    ├── NotFound (KeyError)              no record with that id in that space
    ├── OperationRefused                 an operation that would lose or leak something
    ├── HomeUnavailable (OSError)        the home folder or its database cannot be used
    │   ├── HomeTooNew                   written by a newer knowhen than this one
    │   └── DamagedRecord                a row that cannot be read; `doctor --repair` mends it
    ├── EmbedderMismatch                 the stored vectors come from another embedder
    ├── EmbedderFailed                   the embedder gave no usable vectors
    ├── ModelFailed                      a chat model call failed or its answer was unusable
    │   └── ModelUnsupported             the model or endpoint cannot do what was asked
    └── MissingExtra (ImportError)       an optional package is not installed

Messages say what is wrong and what to do about it; ids and values are attributes too.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from knowhen.graphs.errors import InvalidInput as InvalidInput
from knowhen.graphs.errors import KnowhenError as KnowhenError
from knowhen.graphs.errors import MissingExtra as MissingExtra


class InvalidTurn(InvalidInput):
    """A turn without text, with a naive time, or otherwise not storable."""


class InvalidFile(InvalidInput):
    """A file that is missing, unreadable, or not in the format it was read as."""


class InvalidBudget(InvalidInput):
    """A token budget that is not a positive whole number."""

    def __init__(self, budget: object) -> None:
        super().__init__(f"budget must be a positive number of tokens, not {budget!r}")
        self.budget = budget


class TurnConflict(KnowhenError):
    """The id of a stored turn came back with other content; stored turns never change."""

    def __init__(self, turn_id: str, space: str) -> None:
        super().__init__(
            f"turn {turn_id!r} is already in space {space!r} with other content; "
            "turns are immutable, so give the new one another id"
        )
        self.turn_id = turn_id
        self.space = space


class NotFound(KnowhenError, KeyError):
    """No record with that id in that space."""

    def __init__(self, kind: str, key: object, space: str) -> None:
        self.kind, self.key, self.space = kind, key, space
        super().__init__(f"no {kind} {key!r} in space {space!r}")

    def __str__(self) -> str:
        return str(self.args[0])  # KeyError would show the repr of the message


class OperationRefused(KnowhenError):
    """An operation that would lose or leak something, or that cannot be undone."""


class HomeUnavailable(KnowhenError, OSError):
    """The home folder or the database in it cannot be created, read or written."""


class HomeTooNew(HomeUnavailable):
    """The database was written by a newer knowhen; reading it could lose what it added."""


class DamagedRecord(HomeUnavailable):
    """A row of the memory cannot be read; what is derived can be made anew."""

    def __init__(self, kind: str, key: object) -> None:
        super().__init__(f"{kind} {key!r} is damaged; `knowhen doctor --repair` mends what it can")
        self.kind, self.key = kind, key


class EmbedderMismatch(KnowhenError):
    """The stored vectors come from another embedder; vectors of two embedders never mix."""

    def __init__(self, stored: str, given: str) -> None:
        super().__init__(
            f"this memory was embedded with {stored}, not with {given}; "
            f"open it with {stored}, or run `knowhen reindex` to embed it anew"
        )
        self.stored = stored
        self.given = given


class EmbedderFailed(KnowhenError):
    """The embedder raised, or gave vectors of another number or size than promised."""


class ModelFailed(KnowhenError):
    """A chat model call failed, timed out, or its answer could not be used."""


class ModelUnsupported(ModelFailed):
    """The model or endpoint cannot do what was asked, such as give log-probabilities."""


@contextmanager
def extra(name: str) -> Iterator[None]:
    """Turn an import that fails inside into the pip command that helps.

    Raises:
        MissingExtra: a package of the extra is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        raise MissingExtra(error.name or name, name) from error
