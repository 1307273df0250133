"""The root of knowhen's errors, and those that a graph raises.

    KnowhenError
    ├── InvalidInput (ValueError)        a value that cannot be used as given
    │   ├── InvalidEdge                  a weight that is not a positive number, too many kinds
    │   └── InvalidRestart               a restart with no node of the graph, or with a bad mass
    └── MissingExtra (ImportError)       an optional package is not installed

`knowhen.memory.errors` has the rest of the tree.
"""


class KnowhenError(Exception):
    """Base of every error raised by knowhen."""


class InvalidInput(KnowhenError, ValueError):
    """A value that cannot be used as given."""


class InvalidEdge(InvalidInput):
    """An edge whose weight is not a positive finite number, or one kind of edge too many."""


class InvalidRestart(InvalidInput):
    """A walk's restart or damping that no walk can be made with."""


class MissingExtra(KnowhenError, ImportError):
    """An optional package is not installed."""

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(f"{package} is not installed; run `pip install 'knowhen[{extra}]'`")
        self.package = package
        self.extra = extra
