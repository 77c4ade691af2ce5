from __future__ import annotations

import datetime as dt
import decimal
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterpoise.table._pandas_frames import to_frame


@pytest.mark.parametrize(
    ("array", "dtype"),
    [
        (pa.array([2**53 + 1, None]), "Int64"),
        (pa.array([2**53 + 1, 1]), "int64"),
        (pa.array([2**64 - 1, None], pa.uint64()), "UInt64"),
        (pa.array([-128, None], pa.int8()), "Int8"),
        (pa.array([True, None]), "boolean"),
        (pa.array([True, False]), "bool"),
        (pa.array([1.5, None], pa.float32()), "float32"),
        (pa.array(["a", None]), "str"),
        (pa.array(["a", None], pa.string_view()), "str"),
        (pa.array(["a", None]).dictionary_encode(), "str"),
        (pa.array([2**53 + 1, None]).dictionary_encode(), "Int64"),
        (pa.array([decimal.Decimal("1.10"), None]), "object"),
        (pa.array([dt.date(2020, 1, 2), None]), "object"),
        (pa.array([dt.datetime(2020, 1, 2, tzinfo=dt.UTC), None], pa.timestamp("us", "UTC")), "datetime64[us, UTC]"),
        (pa.array([b"\xff", None]), "object"),
        (pa.array([[1], None]), "object"),
        (pa.nulls(2), "object"),
        (pa.ExtensionArray.from_storage(pa.json_(), pa.array(['{"a": 1}', None])), "str"),
    ],
)
def test_types_hold_their_values_exactly(array: pa.Array, dtype: str) -> None:
    series = to_frame(pa.table({"c": pa.chunked_array([array[:1], array[1:]])}))["c"]
    assert str(series.dtype) == dtype
    plain = array.storage if isinstance(array, pa.ExtensionArray) else array
    back: list[Any] = [None if missing else value for value, missing in zip(series, series.isna(), strict=True)]
    assert [list(value) if hasattr(value, "tolist") and value.ndim else value for value in back] == plain.to_pylist()


@given(st.lists(st.none() | st.integers(-(2**63), 2**63 - 1), max_size=20))
def test_integers_of_64_bits_survive_beside_nulls(values: list[int | None]) -> None:
    series = to_frame(pa.table({"c": pa.array(values, pa.int64())}))["c"]
    assert [None if pd.isna(value) else int(value) for value in series] == values


def test_the_index_is_the_row_number_also_without_columns() -> None:
    frame = to_frame(pa.table({"a": [5, 6, 7]}))
    assert frame.index.tolist() == [0, 1, 2]
    assert to_frame(pa.table({"a": [5, 6, 7]}).select([])).shape == (3, 0)
