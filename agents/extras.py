"""Imports of optional packages, and the one sentence when one is missing."""

from collections.abc import Iterator
from contextlib import contextmanager

from knowhen.memory.errors import MissingExtra


@contextmanager
def extra(name: str) -> Iterator[None]:
    """Turn a failing import inside into the pip command that helps.

    Raises:
        MissingExtra: a package of the extra is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        raise MissingExtra(error.name or name, name) from error
