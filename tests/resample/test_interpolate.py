from __future__ import annotations

import decimal
from datetime import date

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from counterpoise.resample._strategies.interpolate import interpolate, rounding_draws

INT64 = st.integers(-(2**63), 2**63 - 1)
SMALL = st.integers(0, 1000)
STEP = st.floats(0, 1, exclude_max=True)


def between(first: pa.Array, second: pa.Array, step: float, draw: float = 0.5) -> pa.Array:
    return interpolate(first, second, steps=np.array([step]), draws=np.array([draw]))


@given(INT64, INT64, STEP, STEP)
def test_integers_stay_within_their_parents_at_every_magnitude(a: int, b: int, step: float, draw: float) -> None:
    made = between(pa.array([a]), pa.array([b]), step, draw)
    assert made.type == pa.int64()
    assert min(a, b) <= made[0].as_py() <= max(a, b)


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1), STEP, STEP)
def test_unsigned_integers_stay_within_their_parents(a: int, b: int, step: float, draw: float) -> None:
    made = between(pa.array([a], pa.uint64()), pa.array([b], pa.uint64()), step, draw)[0].as_py()
    assert min(a, b) <= made <= max(a, b)


@given(st.decimals(-(10**20), 10**20, places=2), st.decimals(-(10**20), 10**20, places=2), STEP, STEP)
def test_decimals_stay_within_their_parents_and_keep_their_scale(
    a: decimal.Decimal, b: decimal.Decimal, step: float, draw: float
) -> None:
    kind = pa.decimal128(38, 2)
    made = between(pa.array([a], kind), pa.array([b], kind), step, draw)
    assert made.type == kind
    assert min(a, b) <= made[0].as_py() <= max(a, b)


@given(st.floats(-1e300, 1e300), st.floats(-1e300, 1e300), STEP)
def test_floats_follow_the_formula_of_smote(a: float, b: float, step: float) -> None:
    assert between(pa.array([a]), pa.array([b]), step)[0].as_py() == a + step * (b - a)


@pytest.mark.parametrize(
    "kind", [pa.int8(), pa.int32(), pa.date32(), pa.timestamp("ns", "UTC"), pa.time32("s"), pa.duration("ms")]
)
def test_rounding_is_unbiased_in_every_type(kind: pa.DataType) -> None:
    number = 40_000
    rng = np.random.default_rng(0)
    steps = rng.random(number)
    storage = pa.int32() if kind.bit_width <= 32 else pa.int64()
    first = pa.array(np.zeros(number)).cast(storage).cast(kind)
    second = pa.array(np.full(number, 3.0)).cast(storage).cast(kind)
    made = interpolate(first, second, steps=steps, draws=rounding_draws(0, np.arange(number)))
    assert made.type == kind
    values = made.cast(storage).to_numpy()
    assert abs(values.mean() - (3 * steps).mean()) < 0.02


def test_the_nearer_parent_decides_where_one_value_is_missing() -> None:
    first, second = pa.array([1.0, 1.0, None, None, None]), pa.array([None, None, 2.0, 2.0, None])
    steps = np.array([0.4, 0.6, 0.4, 0.6, 0.4])
    made = interpolate(first, second, steps=steps, draws=np.zeros(5))
    assert made.to_pylist() == [1.0, None, None, 2.0, None]


def test_nan_counts_as_missing_and_stays_nan() -> None:
    made = between(pa.array([float("nan")]), pa.array([5.0]), 0.2)
    assert np.isnan(made[0].as_py())


def test_dates_come_back_as_dates() -> None:
    assert between(pa.array([date(2020, 1, 1)]), pa.array([date(2020, 1, 11)]), 0.5)[0].as_py() == date(2020, 1, 6)


@given(st.integers(0, 2**32 - 1), st.lists(st.integers(0, 10**9), min_size=1, max_size=20))
@settings(max_examples=50)
def test_draws_depend_on_the_row_alone(seed: int, numbers: list[int]) -> None:
    rows = np.array(numbers, dtype=np.int64)
    together = rounding_draws(seed, rows)
    assert together.tolist() == [rounding_draws(seed, rows[[index]])[0] for index in range(len(rows))]
    assert ((together >= 0) & (together < 1)).all()


@given(st.lists(st.tuples(SMALL, SMALL, SMALL, SMALL, STEP, STEP), min_size=1, max_size=50))
def test_rounding_keeps_the_order_of_two_columns(rows: list[tuple[int, int, int, int, float, float]]) -> None:
    a, b, more_a, more_b, steps, draws = (list(column) for column in zip(*rows, strict=True))
    low = interpolate(pa.array(a), pa.array(b), steps=np.array(steps), draws=np.array(draws))
    upper = [pa.array([x + y for x, y in zip(*pair, strict=True)]) for pair in ((a, more_a), (b, more_b))]
    high = interpolate(*upper, steps=np.array(steps), draws=np.array(draws))
    assert all(x <= y for x, y in zip(low.to_pylist(), high.to_pylist(), strict=True))
