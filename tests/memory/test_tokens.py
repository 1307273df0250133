import base64
import hashlib
import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowhen.memory import tokens
from knowhen.memory.errors import InvalidInput, MissingExtra
from knowhen.memory.tokens import (
    VOCABULARIES,
    EstimatedCounter,
    TiktokenCounter,
    Vocabulary,
    make_token_counter,
)

# Every byte, and three longer tokens: enough to see that merges are applied.
_TOKENS = [bytes([value]) for value in range(256)] + [b"th", b"the", b" the"]


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """tiktoken's cache with a tiny vocabulary in the place of o200k_base."""
    content = b"".join(
        base64.b64encode(token) + b" %d\n" % rank for rank, token in enumerate(_TOKENS)
    )
    real = VOCABULARIES["o200k_base"]
    tiny = Vocabulary(real.name, real.url, hashlib.sha256(content).hexdigest(), real.pattern)
    monkeypatch.setitem(tokens.VOCABULARIES, real.name, tiny)
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    (tmp_path / hashlib.sha1(real.url.encode()).hexdigest()).write_bytes(content)
    return tmp_path


@settings(deadline=None, max_examples=50)
@given(st.text(max_size=60), st.text(max_size=60))
def test_the_estimate_is_characters_over_four_rounded_up(one: str, two: str) -> None:
    counter = EstimatedCounter()
    assert counter.count(one) == math.ceil(len(one) / 4)
    assert counter.count(one + two) <= counter.count(one) + counter.count(two)
    assert not counter.exact


def test_without_a_cached_vocabulary_counts_are_estimated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    assert isinstance(make_token_counter(), EstimatedCounter)
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", "")
    assert isinstance(make_token_counter(), EstimatedCounter)


def test_a_cached_vocabulary_counts_exactly(cache: Path) -> None:
    counter = make_token_counter()
    assert counter.exact
    assert counter.count("the the cat") == len(["the", " the", " ", "c", "a", "t"])
    assert counter.count("") == 0


def test_the_spelling_of_a_special_token_is_text(cache: Path) -> None:
    assert TiktokenCounter().count("<|endoftext|>") == len("<|endoftext|>")


def test_a_damaged_vocabulary_is_left_alone_and_not_used(cache: Path) -> None:
    file = next(cache.iterdir())
    file.write_bytes(file.read_bytes()[:-1])
    assert isinstance(make_token_counter(), EstimatedCounter)
    assert file.exists()  # tiktoken itself would delete it and connect


def test_naming_a_vocabulary_that_is_not_there_is_refused(cache: Path) -> None:
    assert make_token_counter("o200k_base").exact
    for name in ("cl100k_base", "klingon"):
        with pytest.raises(InvalidInput, match=name):
            make_token_counter(name)


def test_without_tiktoken_the_extra_is_named(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert isinstance(make_token_counter(), EstimatedCounter)
    with pytest.raises(MissingExtra, match=r"knowhen\[openai\]"):
        TiktokenCounter()


def test_the_patterns_are_those_of_the_installed_tiktoken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from tiktoken_ext import openai_public

    asked: dict[str, str] = {}

    def load(url: str, expected_hash: str) -> dict[bytes, int]:
        asked[url] = expected_hash
        return {}

    monkeypatch.setattr(openai_public, "load_tiktoken_bpe", load)
    for name, vocabulary in VOCABULARIES.items():
        theirs = getattr(openai_public, name)()
        assert vocabulary.pattern == theirs["pat_str"]
        assert asked[vocabulary.url] == vocabulary.sha256
