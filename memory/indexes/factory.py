"""A vector index from its name."""

from knowhen.memory.errors import InvalidInput
from knowhen.memory.indexes.base import VectorIndex
from knowhen.memory.indexes.exact import ExactIndex
from knowhen.memory.stores.base import Store


def make_index(choice: "str | VectorIndex", store: Store) -> VectorIndex:
    """`exact`, `chroma`, `chroma://HOST:PORT` for a server, or an index as it is.

    Raises:
        InvalidInput: another name, or not an index.
        MissingExtra: chromadb is not installed.
    """
    if not isinstance(choice, str):
        if callable(getattr(choice, "search", None)):
            return choice
        raise InvalidInput(f"not a vector index: {choice!r}")
    if choice == "exact":
        return ExactIndex(store)
    if choice == "chroma":
        from knowhen.memory.indexes.chroma import ChromaIndex

        return ChromaIndex(store)
    if choice.startswith("chroma://"):
        from knowhen.memory.indexes.chroma import ChromaIndex

        host, _, port = choice.removeprefix("chroma://").rpartition(":")
        if host and port.isdigit():
            return ChromaIndex(store, host=host, port=int(port))
    raise InvalidInput(
        f"no index is called {choice!r}; use 'exact', 'chroma', or 'chroma://HOST:PORT'"
    )
