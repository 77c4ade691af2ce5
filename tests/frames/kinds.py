"""Columns of every kind that pandas knows, to see them come back from the engine as they were."""

from __future__ import annotations

import datetime as dt
import decimal
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

Column = Callable[[int], Any]
rng = np.random.default_rng(11)


def _arrow(kind: pa.DataType, values: Callable[[int], list[Any]]) -> Column:
    return lambda rows: pd.Series(values(rows), dtype=pd.ArrowDtype(kind))


def _with_missing(values: Any, missing: Any = None) -> pd.Series[Any]:
    series = pd.Series(values).copy()
    series[3::17] = missing
    return series


def _objects(make: Callable[[int], Any]) -> Column:
    return lambda rows: pd.Series([make(number % 23) for number in range(rows)], dtype=object)


def _plain(kind: str) -> Column:
    return lambda rows: pd.Series(rng.integers(0, 100, rows)).astype(np.dtype(kind))


def _nullable(kind: Any) -> Column:
    return lambda rows: _with_missing(pd.Series(rng.integers(0, 99, rows)).astype(kind), pd.NA)


def _categories(make: Callable[[int], Any]) -> Column:
    return lambda rows: pd.Series(pd.Categorical(make(rows)))


def _times(unit: Any, zone: Any = None) -> Column:
    return lambda rows: pd.Series(pd.date_range("2024-02-28", periods=rows, freq="h", tz=zone)).dt.as_unit(unit)


NUMBERS: dict[str, Column] = {
    **{f"numpy {kind}": _plain(kind) for kind in ("int8", "uint8", "int16", "uint32", "int64", "uint64")},
    **{f"numpy {kind}": _plain(kind) for kind in ("float16", "float32", "float64")},
    **{f"nullable {kind}": _nullable(kind) for kind in ("Int8", "UInt16", "Int64", "UInt64", "Float32", "Float64")},
    "floats with NaN": lambda rows: _with_missing(rng.normal(size=rows), np.nan),
    "sparse floats": lambda rows: pd.Series(pd.arrays.SparseArray(np.where(rng.random(rows) < 0.8, np.nan, 1.5))),
    "sparse integers": lambda rows: pd.Series(pd.arrays.SparseArray(rng.integers(0, 2, rows), fill_value=0)),
    "big integers": lambda rows: pd.Series([10**20 + number for number in range(rows)], dtype=object),
    "integers of 60 digits": lambda rows: pd.Series([-(10**60) * number for number in range(rows)], dtype=object),
    "integers as objects": _objects(lambda number: number),
    "unsigned as objects": _objects(lambda number: 2**63 + number),
    "integers and fractions": _objects(lambda number: number if number % 2 else number + 0.5),
    "decimals": _objects(lambda number: decimal.Decimal(number) / 100),
    "decimals of 50 digits": _objects(lambda number: decimal.Decimal(10**50 + number)),
    "Arrow int16": _arrow(pa.int16(), lambda rows: list(range(rows))),
    "Arrow half": _arrow(pa.float16(), lambda rows: [np.float16(number % 9) for number in range(rows)]),
    "Arrow decimal": _arrow(pa.decimal128(12, 3), lambda rows: [decimal.Decimal(number) for number in range(rows)]),
    "Arrow decimal256": _arrow(pa.decimal256(60, 2), lambda rows: [decimal.Decimal(number) for number in range(rows)]),
}

TIMES: dict[str, Column] = {
    **{f"datetime64[{unit}]": _times(unit) for unit in ("s", "ms", "us", "ns")},
    "times of Berlin": _times("us", "Europe/Berlin"),
    "times of an offset": _times("s", dt.timezone(dt.timedelta(hours=-3))),
    "times of an odd offset": _times("us", dt.timezone(dt.timedelta(hours=1, seconds=7))),
    "times of dateutil": _times("us", "dateutil/Europe/Berlin"),
    "times with NaT": lambda rows: _with_missing(pd.date_range("2024", periods=rows), pd.NaT),
    "timedeltas": lambda rows: pd.Series(pd.timedelta_range("1h", periods=rows, freq="min")),
    "timedelta64[s]": lambda rows: pd.Series(pd.timedelta_range("1h", periods=rows, freq="min")).astype(
        "timedelta64[s]"
    ),
    "datetime objects": _objects(lambda number: dt.datetime.fromisoformat("0001-01-01") + dt.timedelta(number)),
    "aware datetime objects": _objects(lambda number: dt.datetime(2024, 3, 31, number, tzinfo=dt.UTC)),
    "Timestamp objects": _objects(lambda number: pd.Timestamp("2024-01-01") + pd.Timedelta(hours=number)),
    "dates": _objects(lambda number: dt.date(2024, 2, 20) + dt.timedelta(number)),
    "times of day": _objects(lambda number: dt.time(number, 2, 3, 4)),
    "timedelta objects": _objects(lambda number: dt.timedelta(hours=number)),
    "periods": lambda rows: pd.Series(pd.period_range("2020", periods=rows, freq="D")),
    "quarters with NaT": lambda rows: _with_missing(pd.period_range("1900Q1", periods=rows, freq="Q-JAN"), pd.NaT),
    "Arrow timestamps": _arrow(
        pa.timestamp("s", "UTC"), lambda rows: list(pd.date_range("2024", periods=rows, tz="UTC"))
    ),
    "Arrow date64": _arrow(pa.date64(), lambda rows: [dt.date(2024, 1, 1 + number % 28) for number in range(rows)]),
    "Arrow time32": _arrow(pa.time32("s"), lambda rows: [dt.time(number % 24) for number in range(rows)]),
    "Arrow durations": _arrow(pa.duration("ms"), lambda rows: [dt.timedelta(number) for number in range(rows)]),
}

CATEGORIES: dict[str, Column] = {
    "categories of texts": _categories(lambda rows: rng.choice(list("abc"), rows)),
    "ordered categories": lambda rows: pd.Series(
        pd.Categorical(list("abca") * (rows // 4), list("xcba"), ordered=True)
    ),
    "categories of integers": lambda rows: _with_missing(pd.Categorical(rng.integers(0, 3, rows) * 10)),
    "categories of fractions": _categories(lambda rows: rng.integers(0, 3, rows) / 2),
    "categories of booleans": _categories(lambda rows: rng.random(rows) < 0.5),
    "categories of days": _categories(lambda rows: pd.date_range("2024-01-01", periods=4).repeat(rows // 4)),
    "categories of periods": _categories(
        lambda rows: pd.period_range("2020-01", periods=4, freq="M").repeat(rows // 4)
    ),
    "categories of several types": _categories(lambda rows: [(1, "1", None)[number % 3] for number in range(rows)]),
    "categories of tuples": _categories(lambda rows: pd.Index([(1, "a"), (2, "b")] * (rows // 2), tupleize_cols=False)),
    "bins": lambda rows: pd.Series(pd.cut(rng.normal(size=rows), 4)),
    "intervals": lambda rows: pd.Series(pd.arrays.IntervalArray.from_breaks(np.arange(rows + 1.0), closed="left")),
    "Arrow dictionary": lambda rows: pd.Series(
        pd.arrays.ArrowExtensionArray(pa.array(rng.integers(0, 3, rows) * 7).dictionary_encode())
    ),
}

OTHERS: dict[str, Column] = {
    "booleans": lambda rows: pd.Series(rng.random(rows) < 0.5),
    "nullable booleans": lambda rows: _with_missing(pd.array(rng.random(rows) < 0.5, dtype="boolean"), pd.NA),
    "boolean objects": lambda rows: _with_missing(pd.Series(rng.random(rows) < 0.5, dtype=object)),
    "sparse booleans": lambda rows: pd.Series(pd.arrays.SparseArray(rng.random(rows) < 0.1)),
    "str": lambda rows: _with_missing(rng.choice(["u", "v"], rows)),
    "string[python]": lambda rows: pd.Series(rng.choice(["u", "v"], rows), dtype="string[python]"),
    "texts as objects": _objects(lambda number: f"ü{number % 3}"),
    "texts of NumPy": _objects(lambda number: np.str_(number % 3)),
    "bytes": _objects(lambda number: bytes([number % 3])),
    "lists": _objects(lambda number: [number % 3, 7]),
    "tuples": _objects(lambda number: (number % 3, 7)),
    "arrays": _objects(lambda number: np.arange(number % 3)),
    "mappings": _objects(lambda number: {"a": number % 3}),
    "Arrow binary": _arrow(pa.binary(), lambda rows: [b"a"] * rows),
    "Arrow lists": _arrow(pa.list_(pa.int32()), lambda rows: [[number % 3] for number in range(rows)]),
    "Arrow structures": _arrow(
        pa.struct([("a", pa.int8())]), lambda rows: [{"a": number % 3} for number in range(rows)]
    ),
    "Arrow booleans": _arrow(pa.bool_(), lambda rows: [number % 2 == 0 for number in range(rows)]),
}

NESTED = {"intervals", "lists", "tuples", "arrays", "mappings", "Arrow lists", "Arrow structures"}
"""Kinds that only strategies without neighbours can use."""

EXTENSIONS = {"periods", "quarters with NaT", "intervals"}
"""Kinds that pandas writes to Parquet as types of its own, which a run refuses in files by name."""

KINDS = {**NUMBERS, **TIMES, **CATEGORIES, **OTHERS}


def frame_of(column: Any, *, label: Any = None) -> pd.DataFrame:
    """Return a frame with the column as a feature beside a number, and an index of its own."""
    rows = len(column)
    index = pd.Index([f"row {number}" for number in range(rows)], name="place")
    given = pd.Series(np.arange(rows) % 5 == 0) if label is None else label
    numbers = np.random.default_rng(5).normal(size=rows)
    return pd.DataFrame({"x": numbers, "given": column, "label": given}).set_axis(index)
