from __future__ import annotations

import pickle
import sys
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from imblearn.over_sampling import SMOTE
from scipy import sparse
from sklearn.neighbors import NearestNeighbors

from counterpoise.errors import ResamplingError
from counterpoise.resample._neighbours import search as searched
from counterpoise.resample._neighbours.search import ApproximateSearch, ExactSearch, neighbour_search
from counterpoise.resample._strategies.smote import smote_recipe, smotenc_recipe
from counterpoise.typing import Matrix


def clustered(rows: int, *, columns: int = 8, seed: int = 0) -> Matrix:
    """Return points in ten clusters of few dimensions."""
    rng = np.random.default_rng(seed)
    latent = rng.normal(size=(10, 4))[rng.integers(0, 10, rows)] * 3 + rng.normal(size=(rows, 4))
    points: Matrix = latent @ rng.normal(size=(4, columns))
    return points


def distances(points: Matrix, positions: npt.NDArray[np.int64]) -> Matrix:
    apart: Matrix = np.linalg.norm(points[positions] - points[:, None], axis=2)
    return apart


@pytest.mark.parametrize("columns", [1, 5, 30])
@pytest.mark.parametrize("kind", ["spread", "ties"])
def test_exact_search_finds_what_imbalanced_learn_finds(columns: int, kind: str) -> None:
    rng = np.random.default_rng(columns)
    points = rng.normal(size=(300, columns)) if kind == "spread" else rng.integers(0, 2, (300, columns)) / 3
    sampler = SMOTE(k_neighbors=4)
    sampler.fit_resample(points, np.repeat([0, 1], [200, 100]))
    expected = sampler.nn_k_.fit(points).kneighbors(points, return_distance=False)[:, 1:]
    found = ExactSearch().neighbours(points, 4)
    assert np.array_equal(found.positions, expected)
    assert found.recall is None


def test_exact_search_takes_sparse_points() -> None:
    points = sparse.csr_matrix(np.eye(20)[np.arange(60) % 20])
    found = ExactSearch().neighbours(points, 2).positions
    assert np.array_equal(found % 20, np.tile(np.arange(20), 3)[:, None].repeat(2, axis=1))


def test_approximate_search_finds_nearly_all_true_neighbours_and_says_so() -> None:
    points = clustered(3000)
    found = ApproximateSearch(seed=0).neighbours(points, 5)
    truth = ExactSearch().neighbours(points, 5).positions
    shared = np.mean([len(np.intersect1d(one, other)) / 5 for one, other in zip(found.positions, truth, strict=True)])
    assert found.positions.shape == (3000, 5)
    assert found.recall is not None
    assert found.recall > 0.98
    assert found.checked == 1000
    assert shared == pytest.approx(found.recall, abs=0.01)


def test_a_hurried_search_owns_up_to_what_it_missed() -> None:
    points = np.random.default_rng(0).normal(size=(4000, 30))
    found = ApproximateSearch(seed=0, edges=4, effort=12).neighbours(points, 5)
    limit = distances(points, ExactSearch().neighbours(points, 5).positions).max(axis=1, keepdims=True)
    true_recall = np.mean(distances(points, found.positions) <= limit * (1 + 1e-6))
    assert found.recall is not None
    assert found.recall < 0.9
    assert found.recall == pytest.approx(true_recall, abs=0.05)


@pytest.mark.slow
def test_the_same_seed_finds_the_same_neighbours() -> None:
    points = np.random.default_rng(0).normal(size=(3000, 20))
    first, again = (ApproximateSearch(seed=2**62 + 5).neighbours(points, 5) for _ in range(2))
    assert np.array_equal(first.positions, again.positions)
    assert first.recall == again.recall


@pytest.mark.parametrize(
    "points",
    [
        np.ones((500, 3)),
        np.zeros((500, 3)),
        np.array([[0.0], [-0.0]]).repeat(250, axis=0),
        np.arange(500.0)[:, None],
        1.7e15 + np.random.default_rng(0).integers(0, 10**6, (500, 2)),
        np.random.default_rng(0).integers(0, 2, (500, 3)) * 1.0,
        np.where(np.random.default_rng(0).random((3000, 1)) < 0.4, 0, np.random.default_rng(1).normal(size=(3000, 8))),
        clustered(500) * 1e30,
        clustered(500) * 1e-30,
    ],
    ids=["all equal", "all zero", "signed zeros", "a line", "times", "a grid", "many equal", "huge", "tiny"],
)
def test_approximate_search_copes_with_points_that_are_hard_for_a_graph(points: Matrix) -> None:
    found = ApproximateSearch(seed=0).neighbours(points, 5)
    assert found.recall is not None
    assert found.recall > 0.99
    assert all(len(set(row)) == 5 for row in found.positions.tolist())


@settings(max_examples=60)
@given(st.integers(0, 2**32 - 1), st.integers(2, 60), st.integers(1, 4), st.integers(1, 30))
def test_neighbours_among_few_points_are_as_near_as_the_true_ones(seed: int, rows: int, columns: int, k: int) -> None:
    points = np.random.default_rng(seed).integers(0, 4, (rows, columns)).astype(np.float64)
    k = min(k, rows - 1)
    truth = NearestNeighbors(n_neighbors=k + 1, algorithm="brute").fit(points).kneighbors(points)[0][:, 1:]
    found = ApproximateSearch(seed).neighbours(points, k).positions
    assert np.allclose(np.sort(distances(points, found)), truth, atol=1e-5)


def test_categories_are_searched_approximately_while_they_are_few() -> None:
    rng = np.random.default_rng(0)
    points, codes = rng.normal(size=(2000, 3)), rng.integers(0, 20, (2000, 2)).astype(np.float64)
    recipe = smotenc_recipe(points, codes, number=100, k_neighbors=5, seed=0, search=ApproximateSearch(seed=0))
    assert recipe.recall is not None
    assert recipe.recall > 0.95


def test_too_many_categories_for_the_index_are_refused_with_number_and_remedy() -> None:
    points, codes = np.arange(300.0)[:, None], np.arange(300.0)[:, None]
    with pytest.raises(ResamplingError, match=r"at most 256 .*Found 301 .*neighbor_search to exact") as caught:
        smotenc_recipe(points, codes, number=10, k_neighbors=5, seed=0, search=ApproximateSearch(seed=0))
    assert caught.value.values == {"columns": 301}


def test_an_exact_recipe_has_no_recall_and_an_approximate_one_does() -> None:
    points = clustered(500)
    exact = smote_recipe(points, number=100, k_neighbors=5, seed=3)
    near = smote_recipe(points, number=100, k_neighbors=5, seed=3, search=ApproximateSearch(seed=0))
    assert exact.recall is None
    assert near.recall == pytest.approx(1.0, abs=0.02)
    assert np.array_equal(exact.parent_a, near.parent_a)
    assert np.mean(exact.parent_b == near.parent_b) > 0.95


def test_a_missing_library_is_told_with_the_extra_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "voyager", None)
    with pytest.raises(ResamplingError, match=r"pip install 'counterpoise\[approximate\]'") as caught:
        ApproximateSearch(seed=0).neighbours(np.eye(20), 3)
    assert pickle.loads(pickle.dumps(caught.value)).reason == "missing_library"  # noqa: S301  # our own pickle


def test_a_graph_in_pieces_is_told_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    import voyager

    class Broken:
        def __init__(self, *_: Any, **__: Any) -> None:
            pass

        def add_items(self, *_: Any, **__: Any) -> None:
            pass

        def query(self, *_: Any, **__: Any) -> Any:
            raise voyager.RecallError("Fewer than expected results were retrieved")

    monkeypatch.setattr(voyager, "Index", Broken)
    with pytest.raises(ResamplingError, match=r"Fewer than expected.*neighbor_search to exact"):
        ApproximateSearch(seed=0).neighbours(np.eye(20), 3)


def test_searches_are_made_by_name() -> None:
    assert neighbour_search("exact", seed=7) == ExactSearch()
    assert neighbour_search("approximate", seed=7) == ApproximateSearch(seed=7)


def test_points_are_left_as_they_were(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searched, "_BLOCK_ROWS", 64)
    dense = clustered(300) + 5
    mixed = sparse.csr_matrix(dense * (dense > 5))
    before = dense.copy(), mixed.copy()
    ApproximateSearch(seed=0).neighbours(dense, 3)
    ApproximateSearch(seed=0).neighbours(mixed, 3)
    assert np.array_equal(dense, before[0])
    assert np.array_equal(mixed.toarray(), before[1].toarray())
