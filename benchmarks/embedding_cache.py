"""Vectors kept on disk by text, so that a second run of a benchmark embeds nothing."""

import hashlib
import sqlite3
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from knowhen.memory.embedders.base import Embedder
from knowhen.memory.errors import HomeUnavailable

# How many parameters one SQL statement may have in the oldest SQLite we meet.
_BATCH = 900


class CachedEmbedder:
    """Asks `embedder` only for texts that the file at `path` does not hold yet.

    The file keeps digests of texts with their vectors, per embedder name and dimension. It knows
    nothing of erasure: use it for benchmarks, never for somebody's memory.

    Raises:
        HomeUnavailable: the file cannot be opened as a cache.
    """

    def __init__(self, embedder: Embedder, path: str | Path) -> None:
        self._embedder = embedder
        self._lock = threading.Lock()
        try:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            self._file = sqlite3.connect(str(path), check_same_thread=False, timeout=60)
            self._file.execute("PRAGMA journal_mode = WAL")
            self._file.execute(
                "CREATE TABLE IF NOT EXISTS vectors "
                "(key BLOB PRIMARY KEY, vector BLOB NOT NULL) WITHOUT ROWID"
            )
        except (OSError, sqlite3.Error) as error:
            raise HomeUnavailable(f"no embedding cache at {str(path)!r}: {error}") from error

    @property
    def name(self) -> str:
        return self._embedder.name

    @property
    def dimension(self) -> int:
        return self._embedder.dimension

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        keys = [self._key(text) for text in texts]
        with self._lock:
            known = self._read(list(dict.fromkeys(keys)))
            missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
            if missing:
                new = self._embedder.embed(list(missing.values()))
                known |= dict(zip(missing, new, strict=True))
                with self._file:
                    self._file.executemany(
                        "INSERT OR IGNORE INTO vectors VALUES (?, ?)",
                        [(key, known[key].astype("<f4").tobytes()) for key in missing],
                    )
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, key in enumerate(keys):
            vectors[row] = known[key]
        return vectors

    def close(self) -> None:
        self._file.close()

    def _key(self, text: str) -> bytes:
        head = f"{self.name}\0{self.dimension}\0{text}"
        return hashlib.sha256(head.encode("utf-8", "surrogatepass")).digest()

    def _read(self, keys: list[bytes]) -> dict[bytes, NDArray[np.float32]]:
        known: dict[bytes, NDArray[np.float32]] = {}
        for start in range(0, len(keys), _BATCH):
            batch = keys[start : start + _BATCH]
            marks = ",".join("?" * len(batch))
            rows = self._file.execute(
                f"SELECT key, vector FROM vectors WHERE key IN ({marks})", batch
            )
            known.update((key, np.frombuffer(vector, dtype="<f4")) for key, vector in rows)
        return known
