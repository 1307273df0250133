"""Hashing finds what exact search finds, compares few, and falls back where it could not."""

import numpy as np
import pytest
from methods.lsh import LshIndex, LshSettings, similar_pairs
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
HASHED = LshSettings(exact_below=0)


def unit(rows: NDArray[np.float64]) -> Vectors:
    return (rows / np.linalg.norm(rows, axis=-1, keepdims=True)).astype(np.float32)


def around(vectors: Vectors, cosine: float, rng: np.random.Generator) -> Vectors:
    noise = rng.standard_normal(vectors.shape)
    noise -= (noise * vectors).sum(-1, keepdims=True) * vectors
    return unit(cosine * vectors + np.sqrt(1 - cosine**2) * unit(noise))


@pytest.fixture(scope="module")
def planted() -> tuple[LshIndex, NDArray[np.int64], Vectors]:
    rng = np.random.default_rng(3)
    vectors = unit(rng.standard_normal((20_000, 128)))
    rows = rng.choice(len(vectors), 200, replace=False)
    index = LshIndex(128, HASHED)
    index.add(vectors)
    return index, rows, around(vectors[rows], 0.8, rng)


def test_neighbours_at_cosine_point_eight_are_found_in_few_buckets(
    planted: tuple[LshIndex, NDArray[np.int64], Vectors],
) -> None:
    index, rows, queries = planted
    found = [index.candidates(query) for query in queries]
    recall = np.mean([row in among for row, among in zip(rows, found, strict=True)])
    scanned = np.mean([len(among) for among in found]) / len(index)
    assert recall >= 0.95
    assert scanned <= 0.2


def test_candidates_are_ranked_by_their_exact_cosine(
    planted: tuple[LshIndex, NDArray[np.int64], Vectors],
) -> None:
    index, rows, queries = planted
    found = index.search(queries[0], 5)
    assert found.rows[0] == rows[0]
    assert found.cosines[0] == pytest.approx(0.8, abs=1e-3)
    assert list(found.cosines) == sorted(found.cosines, reverse=True)
    assert found.scanned < len(index)


def test_one_table_with_one_probe_as_in_the_paper_misses_many(
    planted: tuple[LshIndex, NDArray[np.int64], Vectors],
) -> None:
    index, rows, queries = planted
    paper = LshIndex(128, LshSettings(tables=1, buckets=16, probes=1, exact_below=0))
    paper.add(index._vectors)
    hits = np.mean([row in paper.candidates(q) for row, q in zip(rows, queries, strict=True)])
    assert hits < 0.7


def test_few_vectors_are_compared_exactly() -> None:
    vectors = unit(np.random.default_rng(1).standard_normal((50, 16)))
    index = LshIndex(16)
    index.add(vectors)
    found = index.search(vectors[7], 3)
    assert (found.rows[0], found.scanned) == (7, 50)


def test_too_few_candidates_fall_back_to_exact_search() -> None:
    vectors = unit(np.random.default_rng(1).standard_normal((300, 16)))
    index = LshIndex(16, HASHED)
    index.add(vectors)
    found = index.search(vectors[7], 300)
    assert (len(found.rows), found.scanned) == (300, 300)


def test_what_is_added_later_is_found_too() -> None:
    vectors = unit(np.random.default_rng(1).standard_normal((300, 16)))
    index = LshIndex(16, HASHED)
    index.add(vectors[:299])
    index.candidates(vectors[0])
    index.add(vectors[299:])
    assert 299 in index.candidates(vectors[299])


def test_an_empty_index_finds_nothing() -> None:
    found = LshIndex(4).search(np.array([1, 0, 0, 0], np.float32), 3)
    assert (len(found.rows), found.scanned) == (0, 0)


@pytest.mark.parametrize("settings", [LshSettings(), HASHED])
def test_duplicates_are_paired(settings: LshSettings) -> None:
    rng = np.random.default_rng(5)
    vectors = unit(rng.standard_normal((400, 64)))
    twins = around(vectors[:3], 0.97, rng)
    pairs = similar_pairs(np.concatenate([vectors, twins]), settings=settings)
    assert {(one, two) for one, two, _ in pairs} == {(0, 400), (1, 401), (2, 402)}
