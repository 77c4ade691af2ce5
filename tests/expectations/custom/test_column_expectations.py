"""Our own expectations on one column: the degree of imbalance, and values that identify rows."""

from __future__ import annotations

import datetime
import uuid
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest

from counterpoise.expectations.registration import register_expectations
from tests.expectations.custom.asking import ask_engine, where

IMBALANCE = "expect_column_imbalance_degree_to_be_at_most"
IDENTIFY = "expect_column_values_to_not_identify_rows"
DAYS: Any = ["2024-01-01"] * 8 + ["2024-01-02"] * 2 + [None]
DAY = datetime.date(2024, 1, 1)


def labels(**rows: int) -> pd.DataFrame:
    return pd.DataFrame({"label": [name for name, number in rows.items() for _ in range(number)]})


@pytest.mark.parametrize(
    ("rows", "observed"),
    [
        ({"a": 50, "b": 50}, "balanced"),
        ({"a": 70, "b": 30}, "mild"),
        ({"a": 95, "b": 5}, "moderate"),
        ({"a": 995, "b": 5}, "extreme"),
        ({"a": 50, "b": 49, "c": 5}, "moderate"),
    ],
)
def test_imbalance_is_held_against_the_worst_that_is_allowed(rows: dict[str, int], observed: str) -> None:
    degrees = ["balanced", "mild", "moderate", "extreme"]
    for degree in degrees:
        answer = ask_engine(labels(**rows), IMBALANCE, column="label", degree=degree)
        assert answer.success is (degrees.index(observed) <= degrees.index(degree))
        assert answer.result["observed_value"] == observed


def test_imbalance_is_told_with_the_smallest_and_the_largest_class() -> None:
    answer = ask_engine(labels(a=9, b=1995, c=90, d=1), IMBALANCE, column="label", degree="mild")
    assert answer.result["details"]["summary"] == "extreme: class 'd' has 1 row, class 'b' 1,995, a ratio of 1 to 1,995"


@pytest.mark.parametrize(
    ("values", "words"),
    [(["a", "a", None], "class 'a' (2 rows) is the only class"), ([None, None], "there are no classes")],
)
def test_fewer_than_two_classes_are_no_balance(values: list[str | None], words: str) -> None:
    frame = pd.DataFrame({"label": pd.Series(values, dtype="str")})
    answer = ask_engine(frame, IMBALANCE, column="label", degree="extreme")
    assert answer.success is False
    assert answer.result["details"]["summary"].startswith(words)
    assert answer.result["observed_value"] is None


@pytest.mark.parametrize(
    "values",
    [
        pd.array([True] * 8 + [False] * 2 + [None], dtype="boolean"),
        pd.array([1] * 8 + [0] * 2 + [None], dtype="Int64"),
        [Decimal(1)] * 8 + [Decimal(2)] * 2 + [None],
        [DAY] * 8 + [DAY.replace(day=2)] * 2 + [None],
        [b"a"] * 8 + [b"b"] * 2 + [None],
        pd.Categorical(["a"] * 8 + ["b"] * 2 + [None], categories=["a", "b", "never"]),
        pd.to_datetime(DAYS).tz_localize("Europe/Vienna"),
        [1] * 8 + ["1.5"] * 2 + [None],
    ],
)
def test_labels_of_any_type_have_a_degree_of_imbalance(values: Any) -> None:
    answer = ask_engine(pd.DataFrame({"label": values}), IMBALANCE, column="label", degree="mild")
    assert answer.success is True
    assert answer.result["observed_value"] == "mild"


def test_imbalance_of_the_rows_of_a_condition() -> None:
    frame = labels(a=95, b=5).assign(part=[1] * 90 + [2] * 10)
    kwargs = {"column": "label", **where("part", 2)}
    assert ask_engine(frame, IMBALANCE, degree="balanced", **kwargs).success is True
    assert ask_engine(frame, IMBALANCE, degree="balanced", column="label").success is False


@pytest.mark.parametrize(
    ("values", "success", "share"),
    [
        ([f"k{number}" for number in range(100)], False, 1.0),
        ([f"k{number}" for number in range(96)] * 2, True, 0.5),
        ([f"k{number}" for number in range(19)], True, 1.0),
        ([f"k{number}" for number in range(19)] + [None] * 80, True, 1.0),
        (range(100), False, 1.0),
        (np.arange(100.0), False, 1.0),
        ([*range(99), None], False, 1.0),
        (np.arange(100) + 0.5, True, 1.0),
        ([*range(99), np.inf], True, 1.0),
        (pd.array([*range(99), None], dtype="Int64"), False, 1.0),
        (pd.array([True, False, None] * 33, dtype="boolean"), True, 2 / 66),
        (pd.date_range("2024-01-01", periods=100, tz="UTC"), True, 1.0),
        ([DAY + datetime.timedelta(days=number) for number in range(100)], True, 1.0),
        ([Decimal(number) for number in range(100)], False, 1.0),
        ([Decimal(number) / 10 for number in range(100)], True, 1.0),
        ([*map(Decimal, range(99)), Decimal("Infinity")], True, 1.0),
        ([uuid.UUID(int=number) for number in range(100)], False, 1.0),
        ([f"k{number}".encode() for number in range(100)], False, 1.0),
        (pd.Categorical([f"k{number}" for number in range(100)]), False, 1.0),
        ([[number] for number in range(100)], True, 1.0),
        ([np.array([number]) for number in range(100)], True, 1.0),
        ([{"a": number} for number in range(100)], True, 1.0),
        ([None] * 100, True, 0.0),
    ],
)
def test_a_feature_with_a_value_of_its_own_in_each_row(values: Any, success: bool, share: float) -> None:
    answer = ask_engine(pd.DataFrame({"f": pd.Series(values)}), IDENTIFY, column="f")
    assert answer.success is success
    assert answer.result["observed_value"] == pytest.approx(share)


def test_the_share_of_different_values_may_be_chosen() -> None:
    frame = pd.DataFrame({"f": [*range(60), *range(40)]})
    assert ask_engine(frame, IDENTIFY, column="f", max_distinct_share=0.6).success is True
    answer = ask_engine(frame, IDENTIFY, column="f", max_distinct_share=0.59)
    assert answer.success is False
    assert answer.result["details"]["summary"] == "60 distinct values in 100 rows"


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (["a", None], "1 distinct value in 1 row: not checked below 20 rows"),
        (
            np.arange(40) / 7,
            "40 distinct values in 40 rows: not checked, only texts and whole numbers can identify rows",
        ),
    ],
)
def test_why_a_feature_is_not_judged_is_told(values: Any, words: str) -> None:
    answer = ask_engine(pd.DataFrame({"f": values}), IDENTIFY, column="f")
    assert answer.result["details"]["summary"] == words


def test_identifiers_are_looked_for_in_the_rows_of_a_condition() -> None:
    frame = pd.DataFrame({"f": [*range(50), *[7] * 50], "part": np.repeat([1, 2], 50)})
    kwargs = {"column": "f", **where("part", 1)}
    assert ask_engine(frame, IDENTIFY, **kwargs).success is False
    assert ask_engine(frame, IDENTIFY, column="f").success is True


def test_repeated_row_names_do_not_confuse() -> None:
    register_expectations()
    from counterpoise.expectations.custom.identifying_values import count_distinct_rows

    column = pd.Series([[1], [1], [2]], index=[0, 0, 0])
    found = count_distinct_rows(column)
    assert (found.distinct, found.present, found.names_rows) == (2, 3, False)
