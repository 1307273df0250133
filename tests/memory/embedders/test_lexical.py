import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowhen.memory.embedders.lexical import LexicalEmbedder
from knowhen.memory.errors import InvalidInput

EMBEDDER = LexicalEmbedder()


def cosine(one: str, two: str) -> float:
    first, second = EMBEDDER.embed([one, two])
    return float(first @ second)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.text(max_size=40), max_size=5), st.sampled_from([16, 512, 1024]))
def test_any_text_has_a_unit_vector_of_its_own(texts: list[str], dimension: int) -> None:
    embedder = LexicalEmbedder(dimension)
    vectors = embedder.embed(texts)
    assert vectors.shape == (len(texts), dimension)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    for row, text in enumerate(texts):
        assert np.array_equal(embedder.embed([text])[0], vectors[row])


def test_another_process_gives_the_same_vectors() -> None:
    code = (
        "import sys; from knowhen.memory.embedders.lexical import LexicalEmbedder;"
        "sys.stdout.buffer.write(LexicalEmbedder().embed(['Grüße 猫 42 the cats']).tobytes())"
    )
    for seed in ("1", "2"):
        command = [sys.executable, "-P", "-c", code]
        done = subprocess.run(command, capture_output=True, env={"PYTHONHASHSEED": seed})
        assert done.stdout == EMBEDDER.embed(["Grüße 猫 42 the cats"]).tobytes()


def test_stored_vectors_stay_comparable() -> None:
    # If this fails, stored vectors no longer match new ones: give the embedder another name.
    vector = EMBEDDER.embed(["The quick brown fox; 猫が好き"])[0]
    assert EMBEDDER.name == "lexical-1024"
    best = np.argsort(-np.abs(vector), kind="stable")[:4]
    assert [(int(place), round(float(vector[place]), 4)) for place in best] == GOLDEN


GOLDEN = [(278, 0.3429), (332, 0.3429), (965, 0.3429), (317, -0.2425)]


@pytest.mark.parametrize(
    ("text", "near", "far"),
    [
        ("She adopted a puppy", "adopting puppies", "He sold a car"),
        ("the recieved package", "received packages", "the blue kitchen"),
        ("Das Hundefutter ist leer", "Wo ist das Futter?", "Der Zug ist spät"),
        ("我喜欢猫", "他也喜欢狗", "今天下雨了"),
        ("Caroline's paintings", "Caroline painted", "Melanie ran"),
    ],
)
def test_shared_stems_and_spellings_are_near(text: str, near: str, far: str) -> None:
    assert cosine(text, near) > cosine(text, far) + 0.1


def test_function_words_count_little() -> None:
    assert cosine("what did she say about it", "about zebras") < 0.4
    assert cosine("the zebras", "about zebras") > 0.8


def test_case_and_width_do_not_matter() -> None:
    assert cosine("ＺＥＢＲＡ café", "zebra CAFÉ") == pytest.approx(1, abs=1e-6)


def test_a_very_long_word_is_no_burden() -> None:
    cached = EMBEDDER._cached.cache_info().currsize
    EMBEDDER.embed(["x" * 1_000_000])
    assert EMBEDDER._cached.cache_info().currsize == cached


def test_too_few_dimensions_are_refused() -> None:
    with pytest.raises(InvalidInput, match="at least 16"):
        LexicalEmbedder(8)
