from __future__ import annotations

import decimal
from datetime import date, time
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from counterpoise.table._pandas_frames import to_pandas


@pytest.mark.parametrize(
    ("array", "dtype"),
    [
        (pa.array([2**53 + 1, None]), "Int64"),
        (pa.array([2**64 - 1, None], pa.uint64()), "UInt64"),
        (pa.array([True, None]), "boolean"),
        (pa.array([1, 2], pa.int8()), "int8"),
        (pa.array([1.5, None]), "float64"),
        (pa.array(["a", None]), "str"),
        (pa.array([decimal.Decimal("1.10"), None]), "decimal128(3, 2)[pyarrow]"),
        (pa.array([date(2020, 1, 2), None]), "date32[day][pyarrow]"),
        (pa.array([time(1, 2), None]), "time64[us][pyarrow]"),
        (pa.array([[1, 2], None]), "list<item: int64>[pyarrow]"),
    ],
)
def test_values_come_back_as_they_went_in(array: pa.Array, dtype: str) -> None:
    series = to_pandas(pa.table({"c": array}))["c"]
    assert str(series.dtype) == dtype
    back: list[Any] = pa.Array.from_pandas(series, type=array.type).to_pylist()
    assert back == array.to_pylist()


def test_a_table_without_columns_keeps_its_rows() -> None:
    assert to_pandas(pa.table({"a": [1, 2]}).select([])).shape == (2, 0)
    assert isinstance(to_pandas(pa.table({})), pd.DataFrame)
