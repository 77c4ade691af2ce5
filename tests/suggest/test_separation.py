"""How well one feature alone tells a class."""

from __future__ import annotations

import doctest
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from counterpoise.suggest import _separation as separation
from counterpoise.suggest._separation import level_separation, number_separation, ranking_area, worst_class

Array = npt.NDArray[Any]


def test_examples_in_the_docstrings_hold() -> None:
    assert doctest.testmod(separation).failed == 0


@st.composite
def scored_classes(draw: st.DrawFn) -> tuple[Array, Array]:
    """Return values, often tied, and codes of two to four classes of ten rows or more each."""
    sizes = draw(st.lists(st.integers(10, 40), min_size=2, max_size=4))
    codes = np.repeat(np.arange(len(sizes)), sizes)
    number = st.integers(-3, 3) | st.floats(-1e9, 1e9, allow_nan=False) | st.just(float("inf"))
    values = draw(st.lists(number, min_size=len(codes), max_size=len(codes)))
    rows = np.random.default_rng(draw(st.integers(0, 9))).permutation(len(codes))
    return np.array(values, dtype=np.float64), codes[rows]


@pytest.mark.slow
@given(scored_classes())
def test_the_area_of_a_ranking_is_that_of_scikit_learn(drawn: tuple[Array, Array]) -> None:
    values, codes = drawn
    ranks = np.unique(values, return_inverse=True)[1]  # scikit-learn refuses infinite scores
    for code in range(int(codes.max()) + 1):
        assert ranking_area(values, codes == code) == pytest.approx(roc_auc_score(codes == code, ranks), abs=1e-12)


@pytest.mark.slow
@given(scored_classes())
def test_numbers_of_many_values_separate_as_far_as_their_ranking(drawn: tuple[Array, Array]) -> None:
    values, codes = drawn
    values = values + np.linspace(0, 1e-3, len(values))
    if len(np.unique(values)) <= 50:
        values, codes = np.concatenate([values, np.arange(60) + 0.5]), np.concatenate([codes, np.arange(60) % 2])
    areas = number_separation(values, np.zeros(len(values), dtype=bool), codes, int(codes.max()) + 1)
    ranks = np.unique(values, return_inverse=True)[1]
    expected = [roc_auc_score(codes == code, ranks) for code in range(len(areas))]
    if len(np.unique(values)) > 50:
        assert areas == pytest.approx(np.maximum(expected, 1 - np.array(expected)), abs=1e-12)


@pytest.mark.slow
@given(st.integers(0, 99), st.integers(2, 6))
def test_large_levels_separate_as_their_shares_do_for_scikit_learn(seed: int, number: int) -> None:
    rng = np.random.default_rng(seed)
    levels, codes = rng.integers(0, number, 600), rng.integers(0, 3, 600)
    areas = level_separation(levels, codes, 3)
    for code in range(3):
        shares = np.bincount(levels[codes == code], minlength=number) / np.bincount(levels, minlength=number)
        assert areas[code] == pytest.approx(roc_auc_score(codes == code, shares[levels]), abs=1e-12)


@pytest.mark.parametrize("levels", [100_000, 20_000, 5_000])
def test_many_levels_do_not_tell_a_rare_class_by_chance(levels: int) -> None:
    rng = np.random.default_rng(0)
    codes = (rng.random(500_000) < 0.002).astype(np.int64)
    assert level_separation(rng.integers(0, levels, len(codes)), codes, 2)[1] < 0.56


def test_a_level_that_is_always_one_class_is_found_among_many() -> None:
    rng = np.random.default_rng(0)
    codes = (rng.random(50_000) < 0.01).astype(np.int64)
    levels = np.where(codes == 1, 0, rng.integers(1, 5_000, len(codes)))
    assert level_separation(levels, codes, 2).tolist() == [1.0, 1.0]


def test_unique_levels_say_nothing() -> None:
    assert level_separation(np.arange(40), np.arange(40) % 2, 2).tolist() == [0.5, 0.5]


def test_a_missing_value_may_tell_the_class() -> None:
    rng = np.random.default_rng(0)
    codes = np.repeat([0, 1], [900, 100])
    areas = number_separation(rng.normal(size=1000), codes == 1, codes, 2)
    assert areas.tolist() == [1.0, 1.0]


def test_a_number_that_is_not_monotone_is_judged_by_its_levels() -> None:
    values = np.tile(np.arange(5), 40)
    codes = (values == 2).astype(np.int64)
    areas = number_separation(values, np.zeros(200, dtype=bool), codes, 2)
    assert areas.tolist() == [1.0, 1.0]


@pytest.mark.parametrize("sizes", [[9, 40], [40, 9], [9, 9, 9], [40], [0, 40]])
def test_classes_of_few_rows_are_not_judged(sizes: list[int]) -> None:
    codes = np.repeat(np.arange(len(sizes)), sizes)
    values = np.arange(len(codes)) * 1.0
    areas = number_separation(values, np.zeros(len(codes), dtype=bool), codes, len(sizes))
    judged = [name for name, size in enumerate(sizes) if size >= 10 and len(codes) - size >= 10]
    assert np.flatnonzero(~np.isnan(areas)).tolist() == judged
    assert (worst_class(areas, codes) is None) == (not judged)
    assert ranking_area(values, codes == 0) == pytest.approx(0.5)


def test_nothing_to_judge_is_no_error() -> None:
    none = np.zeros(0, dtype=np.int64)
    areas = number_separation(none * 1.0, none.astype(bool), none, 2)
    assert worst_class(areas, none) is None
    assert worst_class(level_separation(none, none, 2), none) is None


def test_the_rarer_of_two_equally_told_classes_is_named() -> None:
    codes = np.repeat([0, 1], [30, 10])
    areas = number_separation(np.arange(40), np.zeros(40, dtype=bool), codes, 2)
    assert worst_class(areas, codes) == 1


@pytest.mark.parametrize("dtype", ["int64", "uint64", "uint8", "float32", "float64"])
def test_inputs_are_left_as_they_are_in_any_number_type(dtype: str) -> None:
    values, codes = (np.arange(100) % 90).astype(dtype), np.arange(100) % 2
    kept = values.copy(), codes.copy()
    number_separation(values, values == 3, codes, 2)
    assert np.array_equal(values, kept[0])
    assert np.array_equal(codes, kept[1])
