"""Convert Arrow tables to pandas without changing any value."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

if TYPE_CHECKING:
    import pandas as pd

_NULLABLE_INTEGERS = {f"{sign}int{bits}": f"{sign.upper()}Int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)}


def to_pandas(table: pa.Table) -> pd.DataFrame:
    """Return a frame with exactly the table's values.

    Integers and booleans with nulls use pandas' nullable types instead of float64 and object. Decimals, dates, times
    and nested values are Arrow-backed columns. Everything else is converted by pyarrow.
    """
    import pandas as pd

    columns = {}
    for field, column in zip(table.schema, table.columns, strict=True):
        columns[field.name] = _to_series(field, column)
    frame = pd.DataFrame(columns, copy=False) if columns else pd.DataFrame(index=range(table.num_rows))
    return frame[list(table.schema.names)]


def _to_series(field: pa.Field, column: pa.ChunkedArray) -> pd.Series:
    import pandas as pd

    kind = field.type
    if column.null_count and (pa.types.is_integer(kind) or pa.types.is_boolean(kind)):
        name = "boolean" if pa.types.is_boolean(kind) else _NULLABLE_INTEGERS[str(kind)]
        series: pd.Series = column.to_pandas(types_mapper={kind: pd.api.types.pandas_dtype(name)}.get)
        return series
    if pa.types.is_decimal(kind) or pa.types.is_nested(kind) or pa.types.is_date(kind) or pa.types.is_time(kind):
        return pd.Series(column, dtype=pd.ArrowDtype(kind))
    plain: pd.Series = column.to_pandas()
    return plain
