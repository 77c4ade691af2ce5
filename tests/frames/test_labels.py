from __future__ import annotations

import decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from counterpoise.errors import CounterpoiseError, InputError
from counterpoise.frames import balance_frame, resample_frame
from tests.frames.kinds import frame_of
from tests.frames.test_kinds import originals_are_the_frames_own
from tests.frames.test_resample import configured

ROWS = 200
RARE = np.arange(ROWS) % 5 == 0

LABELS = {
    "integers": pd.Series(np.where(RARE, 7, -1)),
    "nullable integers": pd.Series(np.where(RARE, 7, -1)).astype("Int8"),
    "floats": pd.Series(np.where(RARE, 1.5, 0.0)),
    "booleans": pd.Series(RARE),
    "nullable booleans": pd.Series(RARE).astype("boolean"),
    "texts": pd.Series(np.where(RARE, "ja", "nein")),
    "categories": pd.Series(pd.Categorical(np.where(RARE, "ja", "nein"), ["x", "nein", "ja"])),
    "categories of integers": pd.Series(pd.Categorical(np.where(RARE, 7, -1))),
    "sparse": pd.Series(pd.arrays.SparseArray(RARE.astype(int))),
    "days": pd.Series(pd.to_datetime(np.where(RARE, "2024-01-01", "2024-01-02"))),
    "periods": pd.Series(pd.PeriodIndex(np.where(RARE, "2024-01", "2024-02"), freq="M")),
    "timedeltas": pd.Series(pd.to_timedelta(np.where(RARE, 1, 2), "h")),
    "big integers": pd.Series([10**20 + int(rare) for rare in RARE], dtype=object),
    "decimals": pd.Series([decimal.Decimal("0.5") if rare else decimal.Decimal(2) for rare in RARE], dtype=object),
    "Arrow texts": pd.Series(np.where(RARE, "ja", "nein")).astype(pd.ArrowDtype(pa.string())),
}


@pytest.mark.parametrize("kind", LABELS)
def test_labels_of_every_kind_are_balanced_and_come_back(kind: str) -> None:
    frame = frame_of(pd.Series(np.arange(ROWS)), label=LABELS[kind])
    balanced = balance_frame(frame, target="label", strategy="smote")
    originals_are_the_frames_own(balanced, frame)
    assert balanced.train["label"].value_counts().drop("x", errors="ignore").tolist() == [96, 96]


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA, "?", "NaN", " "])
def test_rows_without_a_label_are_set_apart_and_told(missing: Any) -> None:
    labels = pd.Series(np.where(RARE, "ja", "nein"), dtype=object)
    labels[3::50] = missing
    frame = frame_of(pd.Series(np.arange(ROWS)), label=labels)
    balanced = balance_frame(frame, target="label")
    originals_are_the_frames_own(balanced, frame)
    assert balanced.rejected["source_row"].tolist() == [3, 53, 103, 153]
    assert set(balanced.rejected["reason"]) == {"expect_column_values_to_not_be_null"}
    assert sum(len(keys["source_row"].unique()) for keys in balanced.keys.values()) == ROWS - 4
    config = configured("random_over", columns={"target": "label"})
    features, resampled = resample_frame(frame.drop(columns="label"), frame["label"], config=config)
    assert resampled.value_counts().to_dict() == {"ja": len(features) / 2, "nein": len(features) / 2}


def test_more_missing_labels_than_allowed_stop_as_in_a_run() -> None:
    labels = pd.Series(np.where(np.arange(ROWS) % 2, RARE, np.nan))
    frame = frame_of(pd.Series(np.arange(ROWS)), label=labels)
    with pytest.raises(CounterpoiseError, match="max_rejected"):
        balance_frame(frame, target="label")
    balanced = balance_frame(frame, target="label", validation={"max_rejected": 0.6})
    assert len(balanced.rejected) == ROWS / 2


@pytest.mark.parametrize("dtype", [object, "str", "category"])
def test_spellings_of_a_label_stop_or_are_merged_as_in_a_run(dtype: Any) -> None:
    labels = pd.Series(np.where(RARE, "Yes", "no")).where(np.arange(ROWS) % 3 > 0, "NO ").astype(dtype)
    frame = frame_of(pd.Series(np.arange(ROWS)), label=labels)
    with pytest.raises(InputError, match="label_spellings to merge"):
        balance_frame(frame, target="label")
    balanced = balance_frame(frame, target="label", source={"label_spellings": "merge"})
    assert set(balanced.train["label"]) == set(balanced.test["label"]) == {"yes", "no"}
    assert balanced.train["label"].dtype == (frame["label"].dtype if dtype != "category" else "category")
    kept = balance_frame(frame, target="label", source={"label_spellings": "keep"}, strategy="none")
    assert set(kept.train["label"]) == {"Yes", "no", "NO "}
    originals_are_the_frames_own(kept, frame)
    config = configured("random_over", columns={"target": "label"}, source={"path": "x", "label_spellings": "merge"})
    _, resampled = resample_frame(frame.drop(columns="label"), frame["label"], config=config)
    assert set(resampled) == {"yes", "no"}


def test_minus_zero_is_zero() -> None:
    labels = pd.Series(np.where(RARE, 1.0, np.where(np.arange(ROWS) % 2, 0.0, -0.0)))
    balanced = balance_frame(frame_of(pd.Series(np.arange(ROWS)), label=labels), target="label")
    assert balanced.split.classes == ("0.0", "1.0")


def test_a_row_whose_group_is_missing_stands_alone() -> None:
    groups = pd.Series(np.where(np.arange(ROWS) % 2, np.arange(ROWS) // 20, np.nan))
    frame = frame_of(groups, label=pd.Series(RARE))
    balanced = balance_frame(frame, target="label", columns={"group": "given"}, strategy="none")
    parts = {name: set(frame["given"].iloc[balanced.keys[name]["source_row"]].dropna()) for name in ("train", "test")}
    assert not parts["train"] & parts["test"]
    assert all(frame["given"].iloc[keys["source_row"]].isna().any() for keys in balanced.keys.values())


@pytest.mark.parametrize(
    "labels", [[1, "1"] * 100, [True, 2] * 100, [{1}, {2}] * 100, [1j, 2j] * 100, [[1], [2]] * 100]
)
def test_labels_that_are_no_classes_are_refused_by_name(labels: list[Any]) -> None:
    frame = frame_of(pd.Series(np.arange(ROWS)), label=pd.Series(labels, dtype=object))
    with pytest.raises(InputError, match="label"):
        balance_frame(frame, target="label")
