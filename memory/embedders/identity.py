"""Making sure that vectors are what the embedder promised, and that two embedders never mix."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from knowhen.memory.embedders.base import Embedder
from knowhen.memory.errors import EmbedderFailed, EmbedderMismatch
from knowhen.memory.stores.base import Store

_NAME, _DIMENSION = "embedder", "dimension"


def claim(store: Store, embedder: Embedder) -> None:
    """Write the embedder's identity into a new store, or check it against the stored one.

    Raises:
        EmbedderMismatch: the store was filled with another embedder.
    """
    name = store.claim_setting(_NAME, embedder.name)
    if name == embedder.name:
        _check(name, store.claim_setting(_DIMENSION, str(embedder.dimension)), embedder)
    else:
        _check(name, store.setting(_DIMENSION), embedder)


def check_space(store: Store, space: str, embedder: Embedder) -> None:
    """Check the embedder against the one that filled a space.

    Raises:
        EmbedderMismatch: they differ, because a reindex was cut off between two spaces.
    """
    name = store.setting(_NAME, space=space)
    if name is not None:
        _check(name, store.setting(_DIMENSION, space=space), embedder)


def adopt(store: Store, embedder: Embedder, space: str | None = None) -> None:
    """Take the embedder as the one of a space, inside its transaction, or of the home."""
    store.set_setting(_NAME, embedder.name, space=space)
    store.set_setting(_DIMENSION, str(embedder.dimension), space=space)


def identity(store: Store) -> tuple[str, int] | None:
    """Name and dimension of the embedder that filled the store, or None if it is new."""
    name, dimension = store.setting(_NAME), store.setting(_DIMENSION)
    return (name, int(dimension)) if name and dimension else None


def _check(name: str, dimension: str | None, embedder: Embedder) -> None:
    length = dimension or str(embedder.dimension)
    if (name, length) != (embedder.name, str(embedder.dimension)):
        raise EmbedderMismatch(_words(name, length), _words(embedder.name, str(embedder.dimension)))


def _words(name: str, dimension: str) -> str:
    return f"{name!r} ({dimension} dimensions)"


def checked_vectors(embedder: Embedder, texts: Sequence[str]) -> NDArray[np.float32]:
    """Embed texts and check shape and values.

    Raises:
        EmbedderFailed: another number or size of vectors than promised, or not finite.
    """
    if not texts:
        return np.zeros((0, embedder.dimension), np.float32)
    try:
        vectors = np.asarray(embedder.embed(texts), np.float32)
    except EmbedderFailed:
        raise
    except Exception as error:  # a user's own embedder may raise anything, and no turn is lost
        raise EmbedderFailed(f"embedder {embedder.name!r} failed: {error!r}") from error
    if vectors.shape != (len(texts), embedder.dimension):
        raise EmbedderFailed(
            f"embedder {embedder.name!r} gave vectors of shape {vectors.shape} for "
            f"{len(texts)} texts; {(len(texts), embedder.dimension)} was promised"
        )
    if not np.isfinite(vectors).all():
        raise EmbedderFailed(f"embedder {embedder.name!r} gave values that are not finite")
    return vectors
