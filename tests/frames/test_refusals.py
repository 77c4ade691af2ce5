"""What a frame cannot have is refused by name, and what the refusal advises works."""

from __future__ import annotations

import datetime as dt
import fractions
import re
import uuid
from typing import Any

import numpy as np
import pandas as pd
import pytest

from counterpoise.errors import CounterpoiseError, InputError
from counterpoise.frames import balance_frame, resample_frame
from tests.frames.kinds import frame_of
from tests.frames.test_kinds import originals_are_the_frames_own
from tests.frames.test_resample import configured

ROWS = 100
ZONED = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)

REFUSED: dict[str, pd.Series[Any]] = {
    "complex": pd.Series(np.arange(ROWS) * 1j),
    "complex64": pd.Series((np.arange(ROWS) * 1j).astype("complex64")),
    "long doubles": pd.Series(np.arange(ROWS, dtype=np.longdouble)),
    "numbers and texts": pd.Series([1, "1"] * (ROWS // 2), dtype=object),
    "bytes and texts": pd.Series([b"a", "a"] * (ROWS // 2), dtype=object),
    "booleans and numbers": pd.Series([True, 2] * (ROWS // 2), dtype=object),
    "days and times": pd.Series([ZONED.date(), ZONED.replace(tzinfo=None)] * (ROWS // 2), dtype=object),
    "times with and without zone": pd.Series([ZONED, ZONED.replace(tzinfo=None)] * (ROWS // 2), dtype=object),
    "lists and numbers": pd.Series([[1], 1] * (ROWS // 2), dtype=object),
    "lists of several types": pd.Series([[1, "a"]] * ROWS, dtype=object),
    "sets": pd.Series([{1, 2}] * ROWS, dtype=object),
    "fractions": pd.Series([fractions.Fraction(1, 3)] * ROWS, dtype=object),
    "big integers and fractions": pd.Series([10**30, 0.5] * (ROWS // 2), dtype=object),
    "integers of 80 digits": pd.Series([10**80] * ROWS, dtype=object),
    "period objects": pd.Series([pd.Period("2024-01", "M")] * ROWS, dtype=object),
    "interval objects": pd.Series([pd.Interval(0, 1)] * ROWS, dtype=object),
    "surrogates": pd.Series(["\ud800", "a"] * (ROWS // 2), dtype=object),
    "objects of a class": pd.Series([object()] * ROWS, dtype=object),
    "frames": pd.Series([pd.DataFrame({"a": [1]})] * ROWS, dtype=object),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_a_column_that_cannot_be_held_exactly_is_refused_by_name_and_the_remedy_works(kind: str) -> None:
    frame = frame_of(REFUSED[kind])
    with pytest.raises(InputError, match="'given'") as caught:
        balance_frame(frame, target="label")
    with pytest.raises(InputError, match="'given'"):
        resample_frame(frame.drop(columns="label"), frame["label"], config=config())
    advised = re.findall(r"\.(astype\(.*?\)|map\(sorted\)|map\(lambda.*\)|to_numpy\(\)\.real)", caught.value.remedy)
    assert advised
    for code in advised:
        converted = eval(f"column.{code}", {"column": frame["given"], "str": str, "sorted": sorted})  # noqa: S307
        changed = frame.assign(given=converted)
        originals_are_the_frames_own(balance_frame(changed, target="label"), changed)


def config() -> Any:
    return configured("random_over", columns={"target": "label"})


@pytest.mark.parametrize("kind", REFUSED)
def test_a_column_that_is_dropped_may_hold_anything(kind: str) -> None:
    frame = frame_of(REFUSED[kind])
    balanced = balance_frame(frame, target="label", columns={"drop": ["given"]})
    originals_are_the_frames_own(balanced, frame.drop(columns="given"))


def test_uuids_come_back() -> None:
    frame = frame_of(pd.Series([uuid.UUID(int=number % 3) for number in range(ROWS)], dtype=object))
    originals_are_the_frames_own(balance_frame(frame, target="label", strategy="smote"), frame)


@pytest.mark.parametrize(
    "thing", [None, 1, "rows.csv", [1, 2], {"a": [1]}, np.zeros((3, 2)), pd.Series([1, 2]), [{"a": 1}]]
)
def test_what_is_no_frame_is_refused_by_its_type(thing: Any) -> None:
    with pytest.raises(InputError, match=type(thing).__name__):
        balance_frame(thing, target="a")
    with pytest.raises(InputError, match=type(thing).__name__):
        resample_frame(thing, [1, 2], config=config())


@pytest.mark.parametrize("labels", [None, 3, np.zeros((ROWS, 2)), [1] * (ROWS + 1), pd.DataFrame({"a": [1], "b": [2]})])
def test_what_are_no_labels_of_the_rows_is_refused(labels: Any) -> None:
    frame = frame_of(pd.Series(np.arange(ROWS)))
    with pytest.raises(CounterpoiseError, match="one label for each"):
        resample_frame(frame.drop(columns="label"), labels, config=config())


@pytest.mark.parametrize("as_labels", [np.asarray, list, pd.Series, pd.DataFrame, pd.array, pd.Index])
def test_labels_may_be_of_any_kind_of_array(as_labels: Any) -> None:
    frame = frame_of(pd.Series(np.arange(ROWS)))
    features, labels = resample_frame(
        frame.drop(columns="label"), as_labels(frame["label"].to_numpy()), config=config()
    )
    assert isinstance(labels, pd.Series)
    assert labels.mean() == 0.5
    assert features.index.equals(labels.index)


def test_infinite_values_are_set_apart_as_in_a_run() -> None:
    values = pd.Series(np.where(np.arange(ROWS) == 7, np.inf, 1.0))
    balanced = balance_frame(frame_of(values), target="label")
    assert balanced.rejected["source_row"].tolist() == [7]
    assert balanced.rejected["column"].tolist() == ["given"]


def test_a_feature_without_values_is_refused_by_name() -> None:
    with pytest.raises(CounterpoiseError, match="given"):
        balance_frame(frame_of(pd.Series([None] * ROWS, dtype=object)), target="label")
