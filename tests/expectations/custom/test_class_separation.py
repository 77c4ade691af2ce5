"""A feature that alone gives the class away."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest

from counterpoise.expectations.registration import register_expectations
from tests.expectations.custom.asking import ask, ask_engine, where

KIND = "expect_column_pair_separation_to_be_at_most"
PAIR = {"column_A": "f", "column_B": "label"}
RNG = np.random.default_rng(0)
ROWS = 400
NOISE: Any = RNG.normal(size=ROWS)
LABEL = np.where(np.arange(ROWS) % 10 == 0, "yes", "no")
YES: Any = LABEL == "yes"
DAYS: Any = ["2024-05-01" if yes else None for yes in YES]
DAY = datetime.date(2024, 1, 1)


def frame(feature: Any, label: Any = LABEL) -> pd.DataFrame:
    return pd.DataFrame({"f": pd.Series(feature), "label": label})


@pytest.mark.parametrize(
    "feature",
    [
        NOISE + 9 * YES,
        NOISE - 9 * YES,
        np.where(YES, np.nan, NOISE),
        np.where(YES, 2, np.arange(ROWS) % 5 + 3 * (np.arange(ROWS) % 5 > 1)),
        pd.array(np.where(YES, 1000, 0) + np.arange(ROWS), dtype="Int64"),
        pd.array([None if yes else row for row, yes in enumerate(YES)], dtype="Int64"),
        pd.array(YES, dtype="boolean"),
        pd.array([None if yes else True for yes in YES], dtype="boolean"),
        pd.array(NOISE + 9 * YES, dtype="Float64"),
        YES,
        pd.to_datetime(np.where(YES, "2024-05-01", "2023-05-01")).tz_localize("Asia/Tokyo"),
        pd.to_datetime(DAYS),
        pd.to_timedelta(YES * 5 + np.arange(ROWS) / ROWS, unit="D"),
        [DAY.replace(year=2000 + int(yes) * 10 + row % 9) for row, yes in enumerate(YES)],
        [Decimal(int(yes)) + Decimal(row) / 1000 for row, yes in enumerate(YES)],
        np.where(YES, "told", "n" + pd.Series(np.arange(ROWS) % 7).astype(str)),
        [None if yes else "something" for yes in YES],
        pd.Categorical(np.where(YES, "a", "b")),
        [b"a" if yes else b"b" for yes in YES],
        [[1, 2] if yes else [2] for yes in YES],
        [np.array([1, 2]) if yes else None for yes in YES],
        [{"a": 1} if yes else {"a": 2} for yes in YES],
        [1 if yes else "one" for yes in YES],
        [DAY if yes else 1.5 for yes in YES],
        pd.PeriodIndex(["2024-05" if yes else "2023-05" for yes in YES], freq="M"),
        YES + 1j,
    ],
)
def test_a_feature_of_any_type_that_tells_the_class(feature: Any) -> None:
    answer = ask_engine(frame(feature), KIND, **PAIR, max_separation=0.995)
    assert answer.success is False
    assert answer.result["observed_value"] == 1.0
    assert answer.result["details"]["class"] == "yes"


@pytest.mark.parametrize(
    "feature",
    [
        NOISE,
        np.where(np.arange(ROWS) % 3 == 0, np.nan, NOISE),
        [f"k{row}" for row in range(ROWS)],
        [f"k{value}" for value in RNG.integers(0, 5, ROWS)],
        [None] * ROWS,
        [7] * ROWS,
        [[row] for row in range(ROWS)],
        pd.array([None] * ROWS, dtype="Int64"),
    ],
)
def test_a_feature_that_says_little_passes(feature: Any) -> None:
    answer = ask_engine(frame(feature), KIND, **PAIR, max_separation=0.7)
    assert answer.success is True
    assert 0.5 <= answer.result["observed_value"] <= 0.7


@pytest.mark.parametrize(
    "label",
    [
        pd.array(YES, dtype="boolean"),
        YES.astype(int),
        [DAY.replace(day=2) if yes else DAY for yes in YES],
        [Decimal(int(yes)) for yes in YES],
        [[1] if yes else [0] for yes in YES],
        pd.Categorical(LABEL),
    ],
)
def test_labels_of_any_type_can_be_told(label: Any) -> None:
    assert ask_engine(frame(NOISE + 9 * YES, label), KIND, **PAIR, max_separation=0.9).success is False


def test_the_class_that_is_told_best_is_named() -> None:
    label = np.array(["a", "b", "c", "d"])[np.arange(ROWS) % 4]
    answer = ask_engine(frame(NOISE + 9 * (label == "c"), label), KIND, **PAIR, max_separation=0.9)
    summary = "on its own it separates class 'c' (100 rows) from the rest with a ROC-AUC of 1.000"
    assert answer.result["details"] == {"class": "c", "summary": summary}


@pytest.mark.parametrize("yes", [0, 9, ROWS - 9, ROWS])
def test_too_few_rows_to_judge_pass_and_are_told(yes: int) -> None:
    answer = ask_engine(frame(np.arange(ROWS), np.arange(ROWS) < yes), KIND, **PAIR, max_separation=0.5)
    assert answer.success is True
    assert answer.result["observed_value"] is None
    assert answer.result["details"]["summary"].startswith("not checked: no class has 10 rows")


def test_rows_without_a_label_are_passed_over() -> None:
    label = [*LABEL[:200], *[None] * 200]
    feature = np.where(np.arange(ROWS) < 200, NOISE + 9 * YES, 100 - NOISE)
    answer = ask_engine(frame(feature, label), KIND, **PAIR, max_separation=0.99)
    assert answer.result["observed_value"] == 1.0
    unlabelled = ask_engine(frame(NOISE, [None] * ROWS), KIND, **PAIR, max_separation=0.5)
    assert unlabelled.success is True


def test_no_rows_at_all_pass() -> None:
    assert ask_engine(frame(NOISE)[:0], KIND, **PAIR, max_separation=0.5).success is True


def test_only_the_rows_of_a_condition_are_judged() -> None:
    table = frame(np.where(np.arange(ROWS) < 200, 9 * YES + NOISE, NOISE)).assign(part=np.arange(ROWS) // 200)
    for part, success in [(0, False), (1, True)]:
        assert ask_engine(table, KIND, **PAIR, **where("part", part), max_separation=0.8).success is success


def test_integers_beyond_the_floats_keep_their_order() -> None:
    register_expectations()
    from counterpoise.suggest import class_separation

    feature = 2**53 + YES.astype(np.int64)
    found = class_separation(pd.Series(feature), pd.Series(LABEL))
    assert found is not None
    assert found.area == 1.0


def test_a_missing_column_is_named() -> None:
    result = ask(frame(NOISE), KIND, column_A="gone", column_B="label", max_separation=0.9)
    assert result.success is False
    assert 'The column "gone" in BatchData does not exist' in str(result.exception_info)
