from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterpoise.drift._distribution import bin_names, count_values, describe_values, design_effect, effect_of_a_file
from counterpoise.drift._records import Distribution
from counterpoise.table import to_series


def described(values: pd.Series[Any]) -> Distribution:
    distribution = describe_values(values)
    assert distribution is not None
    return distribution


def column(values: Any, kind: pa.DataType | None = None) -> pd.Series[Any]:
    return to_series(pa.chunked_array([pa.array(values, kind)]))


numbers = st.lists(st.one_of(st.none(), st.floats(allow_nan=False), st.integers(-5, 5).map(float)), min_size=1)


@given(numbers)
def test_every_present_number_falls_into_one_bin(values: list[float | None]) -> None:
    series = column(values, pa.float64())
    distribution = describe_values(series)
    if distribution is None:
        assert series.isna().all()
        return
    assert sum(distribution.counts) == series.notna().sum()
    assert list(distribution.edges) == sorted(set(distribution.edges))
    assert count_values(series, distribution).tolist() == list(distribution.counts)
    assert Distribution.model_validate_json(distribution.model_dump_json()) == distribution


@given(st.lists(st.one_of(st.none(), st.sampled_from("abcdef"), st.text(max_size=4)), min_size=1))
def test_every_present_text_is_counted_once(values: list[str | None]) -> None:
    series = column(values, pa.string())
    distribution = describe_values(series)
    present = sum(value is not None for value in values)
    assert (distribution is None) == (present == 0)
    if distribution is not None:
        assert sum(distribution.counts) == present
        assert count_values(series, distribution).tolist() == list(distribution.counts)


def test_numbers_are_divided_into_ten_equal_parts() -> None:
    counts = described(column(np.arange(1000.0))).counts
    assert len(counts) == 12
    assert set(counts[1:-1]) <= {99, 100, 101}
    assert (counts[0], counts[-1]) == (0, 0)


def test_a_frequent_value_has_a_bin_of_its_own_and_the_rest_is_divided() -> None:
    mostly_zero = np.concatenate([np.zeros(900), np.arange(1, 101)])
    distribution = described(column(mostly_zero))
    shares = dict(zip(bin_names(distribution), distribution.counts, strict=True))
    assert shares["exactly 0"] == 900
    scaled = count_values(column(mostly_zero * 100), distribution)
    assert distribution.counts[-2:] == (25, 0)
    assert scaled[-1] == 99


def test_a_constant_has_a_bin_between_smaller_and_larger_values() -> None:
    distribution = described(column([5.0] * 100))
    assert count_values(column([4.0, 5.0, 5.0, 6.0]), distribution).tolist() == [1, 2, 1]


def test_few_rows_give_few_bins() -> None:
    assert described(column(np.arange(60.0))).counts == (0, 30, 30, 0)
    assert described(column(np.arange(20.0))).counts == (0, 20, 0)


def test_texts_are_counted_by_value_and_free_texts_by_length() -> None:
    kinds = described(column(["a", "b", "a", None] * 5 + ["once"]))
    assert (kinds.kind, kinds.values, kinds.counts) == ("category", ("a", "b"), (10, 5, 1))
    assert count_values(column(["b", "new", "b"]), kinds).tolist() == [0, 2, 1]
    free = described(column([f"text {number:04}" for number in range(1000)]))
    assert free.kind == "length"
    assert bin_names(free) == ["below 9 characters", "exactly 9 characters", "above 9 characters"]


def test_booleans_are_categories_with_and_without_missing_values() -> None:
    plain = described(column([True, False, True]))
    assert (plain.values, plain.counts) == (("true", "false"), (2, 1, 0))
    assert count_values(column([True, None, False, False]), plain).tolist() == [1, 2, 0]


@pytest.mark.parametrize(
    "values",
    [
        pa.array([1, 2, None], pa.int64()),
        pa.array([2**63, 1, None], pa.uint64()),
        pa.array(["1.50", "2.25", None]).cast(pa.decimal128(10, 2)),
        pa.array(["x", "y", None]).dictionary_encode(),
    ],
    ids=str,
)
def test_values_of_many_types_are_described_as_they_are_counted(values: pa.Array) -> None:
    series = to_series(pa.chunked_array([values]))
    distribution = described(series)
    assert sum(distribution.counts) == 2
    assert count_values(series, distribution).tolist() == list(distribution.counts)


@pytest.mark.parametrize(
    "values",
    [
        pa.array([1, 2], pa.timestamp("us")),
        pa.array([1, 2], pa.date32()),
        pa.array([[1], [2]]),
        pa.array([b"a", b"b"]),
        pa.nulls(3),
        pa.array([float("nan")]),
    ],
    ids=lambda values: str(values.type),
)
def test_what_cannot_be_compared_is_not_described(values: pa.Array) -> None:
    assert describe_values(to_series(pa.chunked_array([values]))) is None


def test_values_of_another_type_are_counted_without_an_error() -> None:
    distribution = described(column(np.arange(100.0)))
    assert count_values(column(["a", "b"]), distribution).sum() == 0
    assert count_values(column([1, 2], pa.timestamp("us")), distribution).sum() == 0
    assert count_values(column([1.0, 2.0]), described(column(["a", "b"] * 5))).tolist() == [0, 0, 2]


def test_numbers_that_run_with_the_rows_are_known_as_counters() -> None:
    rng = np.random.default_rng(0)
    assert described(column(np.arange(500) + rng.normal(size=500))).counter
    assert described(column(-np.arange(500.0))).counter
    assert not described(column(rng.normal(size=500))).counter
    assert described(column(rng.permutation(5_000)[:500])).counter
    assert not described(column(rng.integers(0, 300, 500))).counter
    assert not described(column([1.0] * 500)).counter


def test_independent_rows_have_no_design_effect_and_grouped_ones_do() -> None:
    rng = np.random.default_rng(0)
    assert described(column(rng.normal(size=20_000))).design_effect < 1.5
    grouped = np.sort(rng.integers(0, 40, 20_000))
    assert described(column(rng.normal(size=40)[grouped])).design_effect > 50
    assert described(column(np.array(["a", "b", "c"])[grouped % 3])).design_effect > 50


def test_files_that_differ_by_weekday_are_seen_where_long_stretches_are_alike() -> None:
    """Each night has one weekday; a tenth of a year has them all."""
    files = np.repeat(np.arange(364), 50)
    weekday = files % 7
    assert design_effect(weekday) < 20
    assert effect_of_a_file(weekday, files) / 364 > 45


def test_rows_that_are_independent_of_their_file_have_no_effect_worth_telling() -> None:
    rng = np.random.default_rng(0)
    files = np.repeat(np.arange(364), 50)
    found = [effect_of_a_file(rng.integers(0, 7, len(files)), files) / 364 for _ in range(20)]
    assert max(found) < 0.2
