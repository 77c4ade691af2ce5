"""Convert Arrow tables to pandas, value for value: exactly, or as Great Expectations understands them.

For Great Expectations, decimals, dates and nested values become Python objects, because its metrics do not support
Arrow types.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

if TYPE_CHECKING:
    import pandas as pd

ARROW_TYPES = "arrow_types"
"""The frame attribute that, if needed, maps column names to their Arrow types as text."""


def to_pandas(table: pa.Table) -> pd.DataFrame:
    """Return a frame with exactly the table's values.

    Integers and booleans with nulls use pandas' nullable types instead of float64 and object. Decimals, dates, times
    and nested values are Arrow-backed columns. Everything else is converted by pyarrow.
    """
    import pandas as pd

    columns = {name: _exact_series(column) for name, column in zip(table.schema.names, table.columns, strict=True)}
    frame = pd.DataFrame(columns, copy=False) if columns else pd.DataFrame(index=range(table.num_rows))
    return frame[list(table.schema.names)]


def _exact_series(column: pa.ChunkedArray) -> pd.Series:
    import pandas as pd

    kind = column.type
    if column.null_count and (pa.types.is_integer(kind) or pa.types.is_boolean(kind)):
        series: pd.Series = column.to_pandas(types_mapper=_nullable)
        return series
    if pa.types.is_decimal(kind) or pa.types.is_nested(kind) or pa.types.is_date(kind) or pa.types.is_time(kind):
        return pd.Series(column, dtype=pd.ArrowDtype(kind))
    plain: pd.Series = column.to_pandas()
    return plain


def to_frame(table: pa.Table) -> pd.DataFrame:
    """Return the table as a frame indexed by row number.

    Nothing is rounded: integers with nulls become pandas' nullable integers, booleans with nulls its nullable
    booleans, texts `str`, and dictionaries their values. pandas treats nulls and NaN among floats alike as missing.
    """
    import pandas as pd

    columns = {name: to_series(column) for name, column in zip(table.schema.names, table.columns, strict=True)}
    return pd.DataFrame(columns, index=pd.RangeIndex(table.num_rows))


def to_series(column: pa.ChunkedArray) -> pd.Series[Any]:
    """Return one column, value for value, as `to_frame` converts it."""
    if isinstance(column.type, pa.BaseExtensionType):
        column = pa.chunked_array([chunk.storage for chunk in column.chunks], column.type.storage_type)
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_string_view(column.type):
        column = column.cast(pa.large_string())
    series: pd.Series[Any] = column.to_pandas(types_mapper=_nullable if column.null_count else None)
    return series


def _nullable(kind: pa.DataType) -> Any:
    """Return pandas' nullable type for a type whose ordinary pandas type cannot hold nulls."""
    import pandas as pd

    if pa.types.is_boolean(kind):
        return pd.BooleanDtype()
    if pa.types.is_integer(kind):
        sign = "UInt" if pa.types.is_unsigned_integer(kind) else "Int"
        return pd.api.types.pandas_dtype(f"{sign}{kind.bit_width}")
    return None
