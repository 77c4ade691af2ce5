from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from counterpoise.synthetic._column_shift import FeatureValues, column_drifts, interpolated_drift, voted_drift

LEVELS = pa.array(["a", "b", "c", None])
NUMBERS = npst.arrays(float, st.integers(1, 30), elements=st.floats(-1e300, 1e300) | st.just(np.nan))
CODES = npst.arrays(float, st.integers(1, 30), elements=st.integers(0, 3).map(float))


@pytest.mark.slow
@given(real=NUMBERS, synthetic=NUMBERS)
def test_drift_of_numbers_lies_between_none_and_all_whichever_way_round(
    real: np.ndarray, synthetic: np.ndarray
) -> None:
    there, back = interpolated_drift("x", real, synthetic), interpolated_drift("x", synthetic, real)
    assert 0 <= there.drift <= 1
    assert 0 <= there.p_value <= 1
    assert there.drift == pytest.approx(back.drift)
    assert interpolated_drift("x", real, real).drift == 0


@given(real=CODES, synthetic=CODES)
def test_drift_of_levels_lies_between_none_and_all_whichever_way_round(real: np.ndarray, synthetic: np.ndarray) -> None:
    there = voted_drift("x", real, synthetic, levels=LEVELS)
    assert 0 <= there.drift <= 1 + 1e-6
    assert there.drift == pytest.approx(voted_drift("x", synthetic, real, levels=LEVELS).drift)
    assert there.lost_share <= there.drift + 1e-6
    assert voted_drift("x", real, real, levels=LEVELS).drift == 0


def test_numbers_that_were_moved_are_told_by_mean_spread_and_statistic() -> None:
    rng = np.random.default_rng(0)
    drift = interpolated_drift("x", rng.normal(size=5000), rng.normal(2, 0.5, size=5000))
    assert drift.drift > 0.8
    assert drift.p_value < 1e-6
    assert drift.mean_difference == pytest.approx(2 / np.sqrt((1 + 0.25) / 2), rel=0.05)
    assert drift.spread_ratio == pytest.approx(0.5, rel=0.05)


def test_values_that_went_missing_are_a_drift_even_if_the_others_did_not_move() -> None:
    real, synthetic = np.arange(100.0), np.arange(100.0)
    synthetic[::2] = np.nan
    drift = interpolated_drift("x", real, synthetic)
    assert (drift.drift, drift.missing_real, drift.missing_synthetic) == (0.5, 0, 0.5)
    assert drift.p_value < 0.001


@pytest.mark.parametrize("synthetic", [np.full(5, np.nan), np.ones(5)], ids=["all missing", "constant"])
def test_columns_without_a_spread_have_no_standardised_difference(synthetic: np.ndarray) -> None:
    drift = interpolated_drift("x", np.full(5, 3.0), synthetic)
    assert drift.drift == 1
    assert drift.mean_difference is None
    assert drift.spread_ratio is None


def test_lost_levels_are_named_the_most_frequent_first() -> None:
    real = np.array([0, 1, 1, 2, 3, 3, 3, 3], float)
    drift = voted_drift("x", real, np.zeros(4), levels=LEVELS)
    assert drift.levels_lost == 3
    assert drift.lost_examples == ("missing", "b", "c")
    assert drift.lost_share == drift.drift == 7 / 8
    assert (drift.moved_level, drift.moved_real, drift.moved_synthetic) == ("a", 1 / 8, 1)
    assert (drift.missing_real, drift.missing_synthetic) == (0.5, 0)


def test_columns_are_told_worst_first() -> None:
    rng = np.random.default_rng(0)
    real = FeatureValues(rng.normal(size=(300, 2)), np.zeros((300, 1)))
    synthetic = FeatureValues(rng.normal([0, 1], size=(300, 2)), np.ones((300, 1)))
    drifts = column_drifts(real, synthetic, interpolated=("same", "moved"), voted={"flag": LEVELS})
    assert [drift.column for drift in drifts] == ["flag", "moved", "same"]
    assert drifts[2].p_value > 0.05


def test_without_rows_on_one_side_there_is_no_drift() -> None:
    some, none = FeatureValues(np.zeros((3, 1)), np.zeros((3, 0))), FeatureValues(np.zeros((0, 1)), np.zeros((0, 0)))
    assert column_drifts(some, none, interpolated=("x",), voted={}) == []
    assert column_drifts(none, some, interpolated=("x",), voted={}) == []
