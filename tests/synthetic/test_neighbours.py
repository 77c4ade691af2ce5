from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from counterpoise.resample import NumericStatistics
from counterpoise.synthetic._neighbours import Neighbourhood, RealRows, as_points, find_nearest, nearness_and_distances


def rows(points: npt.ArrayLike, first: int = 0, even: int | None = None) -> RealRows:
    matrix = np.asarray(points, float)
    return RealRows(matrix, np.arange(first, first + len(matrix)), even=len(matrix) if even is None else even)


def around(synthetic: list[list[float]], parents: list[list[int]], **real: RealRows) -> Neighbourhood:
    return Neighbourhood(
        synthetic=np.array(synthetic, float).reshape(-1, 1),
        parents=np.array(parents).reshape(-1, 2),
        looked_at=len(real["own"].points),
        complete=real["own"].even == len(real["own"].points),
        **real,
    )


@settings(max_examples=25)
@given(seed=st.integers(0, 1000), among=st.integers(0, 40), dimensions=st.integers(1, 20))
def test_nearest_rows_are_those_of_a_search_over_all_pairs(seed: int, among: int, dimensions: int) -> None:
    rng = np.random.default_rng(seed)
    queries, points = rng.normal(size=(7, dimensions)), rng.normal(size=(among, dimensions))
    positions, distances = find_nearest(queries, points, 3)
    known = min(3, among)
    np.testing.assert_allclose(distances[:, :known], np.sort(cdist(queries, points), axis=1)[:, :known])
    assert np.isinf(distances[:, known:]).all()
    assert (positions[:, known:] == -1).all()


def test_equal_rows_are_exactly_no_distance_apart() -> None:
    points = np.random.default_rng(0).normal(size=(50, 30)) * 1e6
    assert find_nearest(points, points, 1)[1].max() == 0


def test_a_category_that_differs_counts_as_much_as_one_standard_deviation() -> None:
    statistics = NumericStatistics(np.array([5.0]), np.array([2.0]))
    points = as_points(np.array([[5.0], [7.0], [5.0], [np.nan]]), np.array([[0.0], [0.0], [1.0], [0.0]]), statistics)
    np.testing.assert_allclose(cdist(points, points)[0], [0, 1, 1, 0])


def test_rows_without_numbers_or_without_categories_are_points_too() -> None:
    assert as_points(np.empty((3, 0)), np.array([[0.0], [1.0], [1.0]]), None).shape == (3, 2)
    statistics = NumericStatistics(np.zeros(2), np.ones(2))
    assert as_points(np.zeros((3, 2)), np.empty((3, 0)), statistics).shape == (3, 2)


def test_many_levels_stay_a_bounded_number_of_dimensions() -> None:
    codes = np.random.default_rng(0).integers(0, 5_000, (10_000, 3)).astype(float)
    assert as_points(np.empty((10_000, 0)), codes, None).shape[1] <= 100


def test_parents_count_for_the_distance_but_not_for_the_share_that_is_nearer_to_another_class() -> None:
    nearness, distances = nearness_and_distances(
        around([[0.5]], [[0, 1]], own=rows([[0.0], [1.0], [9.0]]), others=rows([[2.0]], first=10))
    )
    assert nearness.synthetic == 1
    assert nearness.synthetic_with_parents == 0
    assert set(distances.synthetic) == {0.5}


def test_a_parent_of_another_class_does_not_count_for_the_share_either() -> None:
    nearness, _ = nearness_and_distances(
        around([[0.5]], [[0, 10]], own=rows([[0.0], [2.0]]), others=rows([[1.0], [9.0]], first=10))
    )
    assert nearness.synthetic == 0


def test_real_rows_are_compared_with_the_others_of_their_class() -> None:
    nearness, distances = nearness_and_distances(
        around([[0.0]], [[0, 1]], own=rows([[0.0], [1.0], [5.0]]), others=rows([[5.5]], first=10))
    )
    assert nearness.real == pytest.approx(1 / 3)
    assert distances.real[0] == 1
    assert distances.real[-1] == 4


def test_where_other_classes_are_sampled_so_is_their_own_for_the_share_but_not_for_the_distance() -> None:
    nearness, distances = nearness_and_distances(
        around([[0.0]], [[7, 8]], own=rows([[3.0], [0.5], [0.25]], even=1), others=rows([[1.0]], first=10))
    )
    assert nearness.synthetic == 1
    assert nearness.synthetic_with_parents is None
    assert set(distances.synthetic) == {0.25}
    assert distances.real[0] == 0.25


def test_equally_near_is_not_nearer() -> None:
    nearness, _ = nearness_and_distances(
        around([[0.0]], [[5, 6]], own=rows([[1.0], [9.0]]), others=rows([[-1.0]], first=10))
    )
    assert nearness.synthetic == 0


@pytest.mark.parametrize("others", [0, 1])
def test_a_class_whose_rows_are_all_parents_has_no_share(others: int) -> None:
    nearness, distances = nearness_and_distances(
        around([[0.5]], [[0, 1]], own=rows([[0.0], [1.0]]), others=rows(np.zeros((others, 1)), first=10))
    )
    assert nearness.synthetic is None
    assert distances.synthetic[0] == 0.5


def test_nothing_to_compare_gives_nothing() -> None:
    nearness, distances = nearness_and_distances(
        around([[0.5]], [[0, 1]], own=rows(np.zeros((0, 1))), others=rows(np.zeros((0, 1))))
    )
    assert nearness.model_dump() == {"synthetic": None, "real": None, "synthetic_with_parents": None}
    assert distances.synthetic == distances.real == ()
