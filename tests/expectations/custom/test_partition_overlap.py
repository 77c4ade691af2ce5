"""Values that stand in several partitions."""

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

KIND = "expect_column_pair_values_to_be_disjoint_between_partitions"
PAIR = {"column_A": "group", "column_B": "part"}
PART = ["train", "train", "test", "train", "test", "validation"]
DAY = datetime.date(2024, 1, 1)


@pytest.mark.parametrize(
    ("own", "other", "shown"),
    [
        ("x", "y", "x"),
        (1, 2, "1.0"),
        (b"x", b"y", "b'x'"),
        (DAY, DAY.replace(day=2), "2024-01-01"),
        (Decimal("1.5"), Decimal(2), "1.5"),
        ([1, 2], [2], "[1, 2]"),
        (True, False, "True"),
    ],
)
def test_a_value_of_any_type_in_several_partitions_is_found(own: Any, other: Any, shown: str) -> None:
    frame = pd.DataFrame({"group": [own, other, own, None, None, own], "part": PART})
    answer = ask_engine(frame, KIND, **PAIR)
    assert answer.success is False
    assert answer.result["observed_value"] == 1
    assert answer.result["details"]["examples"] == {shown: ["train", "test", "validation"]}
    told = f"1 of 2 distinct values is in several partitions, such as {shown!r} in train and test and validation"
    assert answer.result["details"]["summary"] == told


@pytest.mark.parametrize(
    ("group", "part"),
    [
        (["x", "x", "y", None, None, None], PART),
        ([None] * 6, PART),
        (pd.array([1, 1, 2, None, None, 3], dtype="Int64"), PART),
        (["x"] * 6, ["train", None, "train", None, None, "train"]),
        (np.arange(6, dtype="uint64") + 2**63, PART),
        (["x"] * 6, pd.array([0, 0, 0, None, 0, 0], dtype="Int8")),
    ],
)
def test_values_within_one_partition_pass(group: Any, part: Any) -> None:
    answer = ask_engine(pd.DataFrame({"group": group, "part": part}), KIND, **PAIR)
    assert answer.success is True
    assert answer.result["observed_value"] == 0
    assert answer.result["details"]["summary"].startswith("none of ")


def test_at_most_three_values_are_shown_cut_to_length() -> None:
    group = [f"{'long' * 50}{row % 9}" for row in range(18)]
    answer = ask_engine(pd.DataFrame({"group": group, "part": np.repeat([1, 2], 9)}), KIND, **PAIR)
    assert answer.result["observed_value"] == 9
    assert len(answer.result["details"]["summary"]) < 300
    few = ask_engine(pd.DataFrame({"group": list("abcdeabcde"), "part": np.repeat([1, 2], 5)}), KIND, **PAIR)
    assert list(few.result["details"]["examples"]) == ["a", "b", "c"]


def test_only_the_rows_of_a_condition_are_compared() -> None:
    frame = pd.DataFrame({"group": ["x", "x", "y", "y"], "part": [1, 2, 1, 1], "keep": [0, 1, 1, 1]})
    assert ask_engine(frame, KIND, **PAIR, **where("keep", 1)).success is True
    assert ask_engine(frame, KIND, **PAIR).success is False


def test_no_rows_pass() -> None:
    assert ask_engine(pd.DataFrame({"group": ["x"], "part": [1]})[:0], KIND, **PAIR).success is True


@pytest.mark.slow
@given(st.lists(st.tuples(st.sampled_from([1, 2, 3, 4, None]), st.sampled_from(["a", "b", None])), max_size=30))
def test_shared_values_are_those_of_a_plain_group_by(rows: list[tuple[Any, Any]]) -> None:
    register_expectations()
    from counterpoise.expectations.custom.partition_overlap import find_shared_values

    frame = pd.DataFrame(rows, columns=["group", "part"]).astype({"group": "Int64", "part": "str"})
    partitions = frame.dropna().groupby("group")["part"].nunique()
    found = find_shared_values(frame["group"], frame["part"])
    assert found.shared == int((partitions > 1).sum())
    assert found.distinct == len(partitions)
