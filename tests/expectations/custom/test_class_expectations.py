"""Our own expectations, as Great Expectations runs them."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from tests.expectations.custom.asking import ask

LABELS = pd.DataFrame({"label": ["a"] * 70 + ["b"] * 20 + ["c"] * 2 + [None] * 8, "f": [1.0] * 99 + [float("inf")]})


@pytest.mark.parametrize(
    ("kwargs", "success", "observed", "too_small"),
    [
        ({"min_rows": 2}, True, 2, {}),
        ({"min_rows": 3}, False, 2, {"c": 2}),
        ({"min_rows": 30}, False, 2, {"b": 20, "c": 2}),
        ({"min_rows": 30, "below_ratio": 0.1}, False, 2, {"c": 2}),
        ({"min_rows": 30, "ignore_below": 3}, False, 20, {"b": 20}),
        ({"min_rows": 99, "ignore_below": 30, "below_ratio": 1.0}, True, 2, {}),
    ],
)
def test_minimum_rows_a_class(kwargs: dict[str, Any], success: bool, observed: int, too_small: dict[str, int]) -> None:
    result = ask(LABELS, "expect_column_class_rows_to_be_at_least", column="label", **kwargs)
    assert result.success is success
    assert result.result["observed_value"] == observed
    assert result.result["details"]["too_small"] == too_small


def test_many_small_classes_are_counted_not_all_listed() -> None:
    frame = pd.DataFrame({"label": [f"c{number:03d}" for number in range(50)]})
    result = ask(frame, "expect_column_class_rows_to_be_at_least", column="label", min_rows=2)
    assert result.result["details"]["summary"].endswith("and 30 more classes have too few")


@pytest.mark.parametrize(
    ("bands", "success", "outside"),
    [
        ({"a": [0.7, 0.8], "b": [0.2, 0.3]}, True, {}),
        ({"a": [0.7, 0.75], "b": [0.2, 0.3]}, False, {"a": 70 / 92}),
        ({"gone": [0.1, 1.0]}, False, {"gone": 0.0}),
    ],
)
def test_class_proportions_within_bands(bands: dict[str, Any], success: bool, outside: dict[str, float]) -> None:
    result = ask(LABELS, "expect_column_class_proportions_to_be_between", column="label", bands=bands)
    assert result.success is success
    assert result.result["details"]["outside"] == pytest.approx(outside)


def test_infinite_values_are_listed_by_row() -> None:
    result = ask(LABELS, "expect_column_values_to_not_be_infinite", column="f")
    assert result.success is False
    assert result.result["unexpected_index_list"] == [99]


@pytest.mark.parametrize("values", [pd.array([1, None], dtype="Int64"), ["a", None], [float("nan")] * 2])
def test_what_cannot_be_infinite_or_is_missing_is_not_infinite(values: Any) -> None:
    result = ask(pd.DataFrame({"f": values}), "expect_column_values_to_not_be_infinite", column="f")
    assert result.success is True
    assert result.result["unexpected_count"] == 0
