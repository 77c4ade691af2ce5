"""Labels of columns and rows, of every kind that pandas knows."""

from __future__ import annotations

import uuid
from collections.abc import Hashable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from counterpoise.errors import CounterpoiseError, InputError
from counterpoise.frames import balance_frame, resample_frame
from tests.frames.test_kinds import originals_are_the_frames_own
from tests.frames.test_resample import configured

ROWS = 200


def unnamed() -> pd.DataFrame:
    """Return an identifier, two features and a label, without names."""
    rng = np.random.default_rng(2)
    number = np.arange(ROWS)
    return pd.DataFrame([number, rng.normal(size=ROWS), rng.integers(0, 9, ROWS), number % 5 == 0]).T.infer_objects()


COLUMNS: dict[str, list[Hashable]] = {
    "integers": [0, 1, 2, 3],
    "fractions": [0.5, 1.5, 2.5, 3.5],
    "tuples": [("a", 1), ("a", 2), ("b", 1), ("b", 2)],
    "times": list(pd.date_range("2024", periods=4)),
    "periods": list(pd.period_range("2024", periods=4, freq="M")),
    "several types": ["a", 1, None, 2.5],
    "bytes": [b"a", b"b", b"c", b"d"],
    "an index level": ["__index_level_0__", "b", "index", "level_0"],
    "text with marks": ["a=b", "größe (cm)", " ", "${x}"],
}


@pytest.mark.parametrize("kind", COLUMNS)
@pytest.mark.parametrize("levels", [False, True])
def test_labels_of_columns_are_told_by_themselves_and_come_back(kind: str, *, levels: bool) -> None:
    labels = COLUMNS[kind]
    frame = unnamed()
    frame.columns = pd.Index(labels, tupleize_cols=levels)
    if levels and kind != "tuples":
        frame.columns = pd.MultiIndex.from_arrays([["u", "u", "v", "v"], labels], names=["upper", None])
    named = list(frame.columns)
    balanced = balance_frame(frame, target=named[3], strategy="smote", columns={"ids": [named[0]]})
    originals_are_the_frames_own(balanced, frame.iloc[:, 1:])
    assert balanced.train.columns.equals(frame.columns[1:])
    assert balanced.train.columns.names == frame.columns.names
    assert balanced.keys["test"][named[0]].tolist() == frame.iloc[balanced.keys["test"]["source_row"], 0].tolist()


INDEXES: dict[str, Any] = {
    "a range": pd.RangeIndex(5, 5 + 3 * ROWS, 3, name="number"),
    "bytes": pd.Index(np.arange(ROWS).astype("uint8")),
    "equal labels": pd.Index([7] * ROWS),
    "fractions": pd.Index(np.arange(ROWS) / 2, name="half"),
    "booleans": pd.Index(np.arange(ROWS) % 2 == 0),
    "times": pd.date_range("2024", periods=ROWS, tz="Europe/Berlin", name="at"),
    "periods": pd.period_range("2024", periods=ROWS),
    "intervals": pd.interval_range(0.0, 1.0, ROWS),
    "categories": pd.CategoricalIndex(["a", "b"] * (ROWS // 2), ordered=True),
    "nullable integers": pd.Index([*range(ROWS - 1), None], dtype="Int64"),
    "objects": pd.Index(["a", 1, None, (2,)] * (ROWS // 4), tupleize_cols=False),
    "levels": pd.MultiIndex.from_product([[1, 2], pd.date_range("2024", periods=ROWS // 2)], names=["shop", None]),
    "the name of a column": pd.Index(np.arange(ROWS), name="x"),
}


@pytest.mark.parametrize("kind", INDEXES)
@pytest.mark.parametrize("strategy", ["random_over", "smote"])
def test_rows_keep_their_labels(kind: str, strategy: str) -> None:
    frame = unnamed().set_axis(["id", "x", "z", "y"], axis=1).set_axis(INDEXES[kind], axis=0)
    balanced = balance_frame(frame, target="y", strategy=strategy)  # type: ignore[arg-type]
    for name in ("train", "validation", "test"):
        part, rows = getattr(balanced, name), balanced.keys[name]["source_row"]
        original = rows.notna().to_numpy()
        expected = frame.index[rows[original].to_numpy(int)]
        assert part.index[original].astype(object).equals(expected.astype(object))
        assert part.index.names == frame.index.names
    features, labels = resample_frame(
        frame.drop(columns="y"), frame["y"], config=configured(strategy, columns={"target": "y"})
    )
    assert features.index.equals(labels.index)


def test_new_labels_of_integers_stand_for_no_row_of_the_frame() -> None:
    frame = unnamed().set_axis(["id", "x", "z", "y"], axis=1)
    train = balance_frame(frame, target="y", strategy="smote").train
    assert train.index.is_unique
    assert train.index.dtype == "int64"
    synthetic = train.index[train.index >= ROWS]
    assert synthetic.tolist() == list(range(ROWS, ROWS + len(synthetic)))


def test_a_frame_that_allows_no_equal_labels_is_taken() -> None:
    frame = unnamed().set_axis(["id", "x", "z", "y"], axis=1)
    balanced = balance_frame(frame.set_flags(allows_duplicate_labels=False), target="y")
    originals_are_the_frames_own(balanced, frame)


@pytest.mark.parametrize(
    "labels",
    [["a", "a", "b", "y"], [1, "1", "b", "y"], ["a", "A", "b", "y"], ["", "a", "b", "y"], ["a\n", "b", "c", "y"]],
)
def test_columns_that_names_cannot_tell_apart_are_refused_by_name_and_the_remedy_works(labels: list[Any]) -> None:
    frame = unnamed()
    frame.columns = pd.Index(labels)
    with pytest.raises(InputError, match="name"):
        balance_frame(frame, target="y")
    frame.columns = pd.Index(["a", "b", "c", "y"])
    originals_are_the_frames_own(balance_frame(frame, target="y"), frame)


@pytest.mark.parametrize("target", ["z", 4, ("a", 3), None, ["a"]])
def test_a_target_that_is_no_column_is_refused(target: Any) -> None:
    with pytest.raises(CounterpoiseError, match="target"):
        balance_frame(unnamed(), target=target)


def test_a_frame_without_rows_or_columns_is_refused_by_name() -> None:
    for frame in (unnamed().head(0), unnamed()[[]], pd.DataFrame()):
        with pytest.raises(CounterpoiseError):
            balance_frame(frame, target=3)


@pytest.mark.parametrize("name", ["customer", 7])
def test_named_levels_of_the_index_may_have_roles_and_are_no_features(name: Hashable) -> None:
    frame = unnamed().set_axis(["id", "x", "z", "y"], axis=1)
    levels: list[Any] = [np.arange(ROWS) // 4, pd.date_range("2024", periods=ROWS)]
    frame.index = pd.MultiIndex.from_arrays(levels, names=[name, "at"])
    roles = {"group": name, "time": "at", "ids": ["id"]}
    balanced = balance_frame(frame, target="y", columns=roles, strategy="smote")
    originals_are_the_frames_own(balanced, frame.drop(columns="id"))
    customers = {part: set(keys[name].dropna()) for part, keys in balanced.keys.items()}
    assert not customers["train"] & customers["test"]
    assert balanced.keys["test"]["at"].dtype == "datetime64[us]"
    assert list(balance_frame(frame, target="y").train) == ["id", "x", "z", "y"]
    labelled = frame.set_index("y", append=True)
    assert balance_frame(labelled, target="y", strategy="smote").train["y"].mean() == pytest.approx(0.5, abs=0.01)


def test_keys_have_the_dtypes_of_the_frame() -> None:
    frame = unnamed().set_axis(["id", "x", "z", "y"], axis=1)
    frame["id"] = pd.Series([uuid.UUID(int=number) for number in range(ROWS)], dtype=object)
    frame["origin"] = "a feature"
    balanced = balance_frame(frame, target="y", columns={"ids": ["id"]}, strategy="smote")
    assert set(balanced.keys["train"]["origin"]) == {"original", "synthetic"}
    for keys in balanced.keys.values():
        own = keys["source_row"].notna()
        assert keys["id"][own].tolist() == frame["id"].iloc[keys["source_row"][own].to_numpy(int)].tolist()
        assert keys["id"][~own].isna().all()
