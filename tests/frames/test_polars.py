from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from sklearn.linear_model import LogisticRegression

from counterpoise.errors import InputError
from counterpoise.frames import balance_frame, resample_frame, resampling_pipeline
from tests.frames.test_resample import configured

ROWS = 200
NUMBERS = np.arange(ROWS)
DAYS = [dt.date(2024, 1, 1) + dt.timedelta(int(number)) for number in NUMBERS]
WORDS = [("a", "b", None)[number % 3] for number in NUMBERS]

KINDS: dict[str, pl.Series] = {
    **{str(kind): pl.Series(NUMBERS % 99).cast(kind) for kind in (pl.Int8, pl.UInt8, pl.Int64, pl.UInt64, pl.Float32)},
    "missing integers": pl.Series([None if number % 7 == 0 else number for number in NUMBERS.tolist()]),
    "NaN and null": pl.Series([(None, float("nan"), 1.5)[number % 3] for number in NUMBERS]),
    "decimals": pl.Series(NUMBERS).cast(pl.Decimal(12, 3)),
    "booleans": pl.Series(NUMBERS % 2 == 0),
    "texts": pl.Series(WORDS),
    "categories": pl.Series(WORDS, dtype=pl.Categorical),
    "enumerations": pl.Series(WORDS, dtype=pl.Enum(["x", "b", "a"])),
    "bytes": pl.Series([b"a", b"b"] * (ROWS // 2)),
    "days": pl.Series(DAYS),
    "times of a zone": pl.Series(DAYS).cast(pl.Datetime("ms")).dt.replace_time_zone("Europe/Berlin"),
    "nanoseconds": pl.Series(DAYS).cast(pl.Datetime("ns")),
    "durations": pl.Series(NUMBERS).cast(pl.Duration("ms")),
    "times of day": pl.Series([dt.time(int(number) % 24) for number in NUMBERS]),
}
NESTED: dict[str, pl.Series] = {
    "lists": pl.Series([[number % 3] for number in NUMBERS.tolist()]),
    "arrays": pl.Series([[number % 3, 1] for number in NUMBERS.tolist()], dtype=pl.Array(pl.Int8, 2)),
    "structures": pl.Series([{"a": number % 3} for number in NUMBERS.tolist()]),
}


def frame_of(column: pl.Series) -> pl.DataFrame:
    numbers = np.random.default_rng(1).normal(size=ROWS)
    return pl.DataFrame({"x": numbers, "given": column, "label": NUMBERS % 5 == 0})


@pytest.mark.parametrize("kind", [*KINDS, *NESTED])
def test_polars_frames_come_back_as_polars_frames_of_their_own_dtypes(kind: str) -> None:
    frame = frame_of((KINDS | NESTED)[kind])
    before = frame.clone()
    balanced = balance_frame(frame, target="label", strategy="smote" if kind in KINDS else "random_over")
    assert frame.equals(before)
    for name in ("train", "validation", "test"):
        part, rows = getattr(balanced, name), balanced.keys[name]["source_row"]
        assert part.schema == frame.schema
        original = rows.is_not_null()
        assert part.filter(original).equals(frame[rows.drop_nulls()])
    assert balanced.train["label"].mean() == pytest.approx(0.5, abs=0.01)
    features, labels = resample_frame(
        frame.drop("label"), frame["label"], config=configured("random_under", columns={"target": "label"})
    )
    assert features.schema == frame.drop("label").schema
    assert labels.dtype == pl.Boolean
    assert labels.name == "label"
    assert len(features) == len(labels) == 2 * ROWS / 5


def test_a_polars_frame_gives_the_rows_that_the_same_frame_of_pandas_gives() -> None:
    frame = frame_of(KINDS["texts"])
    ours = balance_frame(frame, target="label", strategy="smote")
    other = balance_frame(frame.to_pandas(), target="label", strategy="smote")
    for name, keys in ours.keys.items():
        assert (
            keys["source_row"].to_list()
            == other.keys[name]["source_row"].astype(object).where(lambda row: row.notna(), None).tolist()
        )
    assert ours.train["x"].to_list() == other.train["x"].tolist()


def test_roles_and_missing_labels_mean_the_same() -> None:
    frame = frame_of(KINDS["texts"]).with_columns(
        id=pl.Series([f"r{number}" for number in NUMBERS]),
        label=pl.Series([None if number == 7 else "ja" if number % 5 else "Nein" for number in NUMBERS]),
    )
    balanced = balance_frame(frame, target="label", columns={"ids": ["id"]}, source={"label_spellings": "merge"})
    assert balanced.rejected["source_row"].to_list() == [7]
    assert balanced.keys["test"]["id"].to_list() == [f"r{row}" for row in balanced.keys["test"]["source_row"]]
    assert set(balanced.train["label"]) <= {"ja", "nein", "true", "false"}
    assert "id" not in balanced.train.columns


UNSUPPORTED: dict[str, tuple[pl.Series, Any]] = {
    "str(value) for value in": (
        pl.Series([object()] * ROWS, dtype=pl.Object),
        lambda column: pl.Series(map(str, column)),
    ),
    "cast": (pl.Series([10**25] * ROWS, dtype=pl.Int128), lambda column: column.cast(pl.String)),
}


@pytest.mark.parametrize("advice", UNSUPPORTED)
def test_a_polars_column_that_arrow_cannot_hold_is_refused_and_the_remedy_works(advice: str) -> None:
    column, remedy = UNSUPPORTED[advice]
    frame = frame_of(column)
    with pytest.raises(InputError, match="'given'") as caught:
        balance_frame(frame, target="label")
    assert advice in caught.value.remedy
    changed = frame.with_columns(given=remedy(frame["given"]))
    assert balance_frame(changed, target="label").train.schema == changed.schema


def test_a_lazy_frame_is_refused_and_the_remedy_works() -> None:
    lazy = frame_of(KINDS["days"]).lazy()
    with pytest.raises(InputError, match=r"collect\(\)"):
        balance_frame(lazy, target="label")
    assert len(balance_frame(lazy.collect(), target="label").train)


def test_arrow_tables_come_back_as_arrow_tables() -> None:
    table = frame_of(KINDS["times of a zone"]).to_arrow()
    train = balance_frame(table, target="label", strategy="smote").train
    assert isinstance(train, pa.Table)
    assert train.schema.types == table.schema.types


def test_a_pipeline_takes_polars_frames() -> None:
    frame: Any = frame_of(KINDS["enumerations"])
    pipeline = resampling_pipeline(configured("random_over", columns={"target": "label"}), LogisticRegression())
    fitted = pipeline.fit(frame.drop("label"), frame["label"])
    assert len(fitted.predict(frame.drop("label"))) == ROWS
