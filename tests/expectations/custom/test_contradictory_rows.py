"""Rows of equal features and several classes."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterpoise.expectations.registration import register_expectations
from tests.expectations.custom.asking import ask_engine, where

KIND = "expect_multicolumn_contradictory_share_to_be_at_most"
DAY = datetime.date(2024, 1, 1)


def pairs(first: Any, second: Any) -> list[Any]:
    """Return a column of two equal values and three values different from it."""
    return [first, first, second, second, second]


LABEL = ["a", "b", "a", "a", None]


@pytest.mark.parametrize(
    "column",
    [
        pairs(0.0, 1.0),
        [0.0, -0.0, 1.0, 1.0, 1.0],
        pairs(None, 1.0),
        pairs("x", "y"),
        pairs("x", None),
        pairs(None, "x"),
        pd.array(pairs(2**53, 2**53 + 1), dtype="Int64"),
        pd.array(pairs(None, 0), dtype="Int64"),
        pd.array(pairs(True, None), dtype="boolean"),
        pairs(True, False),
        np.array(pairs(1, 2), dtype="uint8"),
        np.array(pairs(1, 2**64 - 1), dtype="uint64"),
        pairs(DAY, DAY.replace(day=2)),
        pd.to_datetime(pairs("2024-01-01", None)).tz_localize("UTC"),
        pairs(Decimal(1), Decimal(2)),
        pairs(b"x", b"y"),
        pairs([1], [2]),
        [np.arange(2000), np.arange(2000), *[np.where(np.arange(2000) == 1000, 0, np.arange(2000))] * 3],
        pairs({"a": 1, "b": 2}, {"b": 1}),
        pd.Categorical(pairs("x", "y")),
        pairs(1 + 2j, 2j),
    ],
)
def test_equal_features_of_any_type_and_two_classes_contradict(column: Any) -> None:
    frame = pd.DataFrame({"f": pd.Series(column), "g": 1, "label": LABEL})
    answer = ask_engine(frame, KIND, column_list=["f", "g"], label="label", max_share=0.4)
    assert answer.success is False
    assert answer.result["observed_value"] == 0.5
    summary = "2 of 4 labelled rows (0.5) contradict each other in 1 group of equal features, such as rows 0, 1"
    assert answer.result["details"] == {"rows": 2, "groups": 1, "examples": [0, 1], "summary": summary}
    assert ask_engine(frame, KIND, column_list=["f", "g"], label="label", max_share=0.5).success is True


def test_one_feature_that_differs_is_enough() -> None:
    frame = pd.DataFrame({"f": 1, "g": range(5), "label": LABEL})
    answer = ask_engine(frame, KIND, column_list=["f", "g"], label="label", max_share=0)
    assert answer.success is True
    assert answer.result["details"]["summary"] == "none of 4 labelled rows contradicts another"


def test_the_values_of_two_features_are_not_mixed_up() -> None:
    frame = pd.DataFrame({"f": [1, 2], "g": [2, 1], "label": ["a", "b"]})
    assert ask_engine(frame, KIND, column_list=["f", "g"], label="label", max_share=0).success is True


@pytest.mark.parametrize("label", [[None] * 5, ["a", None, None, None, None]])
def test_without_labels_nothing_contradicts(label: list[Any]) -> None:
    frame = pd.DataFrame({"f": 1, "label": pd.Series(label, dtype="str")})
    answer = ask_engine(frame, KIND, column_list=["f"], label="label", max_share=0)
    assert answer.success is True
    assert answer.result["observed_value"] == 0.0
    assert ask_engine(frame[:0], KIND, column_list=["f"], label="label", max_share=0).success is True


def test_examples_are_rows_of_the_index_and_of_different_classes() -> None:
    frame = pd.DataFrame({"f": [0, 1, 1, 1, 1, 1], "label": list("aaabcd")}, index=[10, 20, 30, 40, 50, 60])
    answer = ask_engine(frame, KIND, column_list=["f"], label="label", max_share=0)
    assert answer.result["details"]["examples"] == [20, 40, 50]
    assert answer.result["details"]["rows"] == 5


def test_only_the_rows_of_a_condition_are_compared() -> None:
    frame = pd.DataFrame({"f": [1, 1, 2, 2], "label": list("abab"), "part": [1, 1, 1, 2]})
    answer = ask_engine(frame, KIND, column_list=["f"], label="label", max_share=0, **where("part", 1))
    assert answer.result["observed_value"] == pytest.approx(2 / 3)


@pytest.mark.slow
@given(
    st.lists(
        st.tuples(
            st.sampled_from([0.0, -0.0, 1.5, None, float("inf")]),
            st.sampled_from(["x", "y", None]),
            st.sampled_from([1, 2, None]),
            st.sampled_from(["a", "b", "c", None]),
        ),
        max_size=40,
    )
)
def test_the_share_is_that_of_a_plain_group_by(rows: list[tuple[Any, ...]]) -> None:
    register_expectations()
    from counterpoise.expectations.custom.contradictory_rows import find_contradictions

    frame = pd.DataFrame(rows, columns=["f", "g", "h", "label"])
    frame = frame.astype({"f": "float64", "g": "str", "h": "Int64", "label": "str"})
    found = find_contradictions([frame["f"], frame["g"], frame["h"]], frame["label"])
    labelled = frame[frame["label"].notna()]
    groups = labelled.groupby(["f", "g", "h"], dropna=False)["label"]
    mixed = groups.transform("nunique") > 1
    assert (found.labelled, found.rows) == (len(labelled), int(mixed.sum()))
    assert found.groups == sum(len(set(each)) > 1 for _, each in groups)
