"""How many tokens a text has: counted with a vocabulary that is at hand, or estimated."""

import base64
import hashlib
import importlib.util
import math
import os
import tempfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from knowhen.memory.errors import InvalidInput, MissingExtra

if TYPE_CHECKING:
    import tiktoken

CHARACTERS_PER_TOKEN = 4


class TokenCounter(Protocol):
    """Counts tokens; `exact` tells a count with a real vocabulary from an estimate."""

    @property
    def exact(self) -> bool: ...

    def count(self, text: str) -> int: ...


class EstimatedCounter:
    """Takes four characters for a token, rounded up; needs nothing and is the same everywhere."""

    exact = False

    def count(self, text: str) -> int:
        return math.ceil(len(text) / CHARACTERS_PER_TOKEN)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """One of tiktoken's vocabularies: where it would download it from, and how it splits text."""

    name: str
    url: str
    sha256: str
    pattern: str


_HOST = "https://openaipublic.blob.core.windows.net/encodings"
_UPPER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]"
_LOWER = r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
_CONTRACTION = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?"

# From tiktoken_ext/openai_public.py. tiktoken deletes a cached file with another digest and
# downloads it again, so we read the file ourselves: this way nothing ever connects.
O200K = Vocabulary(
    name="o200k_base",
    url=f"{_HOST}/o200k_base.tiktoken",
    sha256="446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d",
    pattern="|".join(
        (
            rf"[^\r\n\p{{L}}\p{{N}}]?{_UPPER}*{_LOWER}+{_CONTRACTION}",
            rf"[^\r\n\p{{L}}\p{{N}}]?{_UPPER}+{_LOWER}*{_CONTRACTION}",
            r"\p{N}{1,3}",
            r" ?[^\s\p{L}\p{N}]+[\r\n/]*",
            r"\s*[\r\n]+",
            r"\s+(?!\S)",
            r"\s+",
        )
    ),
)
VOCABULARIES = {O200K.name: O200K}
"""Those that are known here; older models differ by a few tokens in a hundred."""


class TiktokenCounter:
    """Counts with a tiktoken vocabulary that is already on this machine; never connects.

    Raises:
        InvalidInput: the vocabulary is not known or not in tiktoken's cache.
        MissingExtra: tiktoken is not installed.
    """

    exact = True

    def __init__(self, vocabulary: str = "o200k_base") -> None:
        path = cached_vocabulary(vocabulary)
        if path is None:
            raise InvalidInput(
                f"the vocabulary {vocabulary!r} is not in tiktoken's cache; put it there with "
                "TIKTOKEN_CACHE_DIR, or leave token counts to the estimate"
            )
        if importlib.util.find_spec("tiktoken") is None:
            raise MissingExtra("tiktoken", "openai")
        self.name = vocabulary
        self._path = path

    def count(self, text: str) -> int:
        # A special token's spelling inside a memory is text like any other.
        return len(self._encoding.encode_ordinary(text))

    @cached_property
    def _encoding(self) -> "tiktoken.Encoding":
        import tiktoken

        return tiktoken.Encoding(
            name=self.name,
            pat_str=VOCABULARIES[self.name].pattern,
            mergeable_ranks=_read_ranks(self._path),
            special_tokens={},
        )


def make_token_counter(vocabulary: str | None = None) -> TokenCounter:
    """The exact counter when a vocabulary is cached, else the estimate.

    Naming a `vocabulary` asks for that one and fails where it cannot be had.
    """
    if vocabulary is not None:
        return TiktokenCounter(vocabulary)
    if importlib.util.find_spec("tiktoken") is not None:
        for name in VOCABULARIES:
            if cached_vocabulary(name) is not None:
                return TiktokenCounter(name)
    return EstimatedCounter()


def cached_vocabulary(name: str) -> Path | None:
    """The file in tiktoken's cache that holds the vocabulary, if it is there and genuine."""
    vocabulary = VOCABULARIES.get(name)
    folder = _cache_folder()
    if vocabulary is None or folder is None:
        return None
    path = folder / hashlib.sha1(vocabulary.url.encode()).hexdigest()
    try:
        genuine = hashlib.sha256(path.read_bytes()).hexdigest() == vocabulary.sha256
    except OSError:
        return None
    return path if genuine else None


def _cache_folder() -> Path | None:
    """Where tiktoken looks; an empty setting means that it caches nowhere."""
    for variable in ("TIKTOKEN_CACHE_DIR", "DATA_GYM_CACHE_DIR"):
        if variable in os.environ:
            return Path(os.environ[variable]) if os.environ[variable] else None
    return Path(tempfile.gettempdir()) / "data-gym-cache"


def _read_ranks(path: Path) -> dict[bytes, int]:
    """Lines of a base64 token and its rank."""
    pairs = (line.split() for line in path.read_bytes().splitlines() if line)
    return {base64.b64decode(token): int(rank) for token, rank in pairs}
