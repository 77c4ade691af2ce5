"""Whether the columns that a configuration names exist in the source and hold what they are named for."""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from counterpoise.config import BalanceConfig, NamedColumns, named_columns
from counterpoise.errors import ColumnNotFoundError, ColumnUseError
from counterpoise.records import Snapshot
from counterpoise.runtime import names_refusals
from counterpoise.table._snapshot import SnapshotReader
from counterpoise.typing import Floats

_ID_NAME = re.compile(r"(?:^|[^a-z])(?:id|ids|uuid|guid|udi|rowid|row_?number|row_?id)(?:$|[^a-z])")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


@names_refusals("ingest")
def check_column_use(config: BalanceConfig, snapshot: Snapshot) -> None:
    """Check every setting that names columns against the source, before anything else is done with its rows.

    Takes one pass over the columns that settings name for groups or amounts; for others only their names are read.

    Args:
        config: The configuration.
        snapshot: The source.

    Raises:
        ColumnNotFoundError: A column does not exist.
        ColumnUseError: A column does not hold what it is named for: it has no values, the wrong type, or identifiers.
    """
    reader = SnapshotReader(snapshot)
    names = list(reader.schema.names)
    for named in named_columns(config):
        if missing := [name for name in named.names if name not in names]:
            raise ColumnNotFoundError.from_names(missing, names, field=named.field)
        for name in named.names if named.use.holds != "anything" else ():
            _check_values(reader.read_columns([name]).column(0), name, named, declared=name in config.columns.ids)


def is_named_like_an_id(name: str) -> bool:
    """Return whether a column's name suggests an identifier.

    >>> is_named_like_an_id("customerID"), is_named_like_an_id("row_id"), is_named_like_an_id("paid")
    (True, True, False)
    """
    return _ID_NAME.search(_CAMEL.sub("_", name).lower()) is not None


def amounts_of(column: pa.ChunkedArray) -> Floats:
    """Return a column of integers, floats or decimals as floats, NaN where null."""
    plain = column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column
    return np.asarray(plain.cast(pa.float64()).to_numpy(), dtype=np.float64)


def _check_values(column: pa.ChunkedArray, name: str, named: NamedColumns, *, declared: bool) -> None:
    amounts = named.use.holds == "amounts"
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    numeric = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    if amounts and not numeric:
        raise _wrong(named, name, f"the type {kind}", "name a column of numbers, or declare its type in source.types")
    if not amounts and pa.types.is_nested(kind):
        raise _wrong(named, name, f"the type {kind}", "name a column of plain values")
    present = column.cast(kind).drop_null()
    present = present.filter(pc.invert(pc.is_nan(present))) if pa.types.is_floating(kind) else present
    if not len(present):
        raise _wrong(named, name, "no values", "name another column, or remove the setting")
    whole = not numeric or pa.types.is_integer(kind) or bool(pc.all(pc.equal(pc.floor(present), present)).as_py())
    if whole and _identifies(present, len(column), named=is_named_like_an_id(name), declared=declared, amounts=amounts):
        raise _wrong(named, name, "values that identify rows", "name a column whose values mean something, not an id")


def _identifies(present: pa.ChunkedArray, rows: int, *, named: bool, declared: bool, amounts: bool) -> bool:
    """Return whether texts or whole numbers identify rows; amounts are no identifiers, whether repeated or not."""
    if amounts and named:
        return True
    distinct = pc.count_distinct(present).as_py()
    if distinct < rows or rows < 2 or pa.types.is_temporal(present.type):
        return False
    if named or declared or pa.types.is_string(present.type) or pa.types.is_large_string(present.type):
        return True
    if not (pa.types.is_integer(present.type) or pa.types.is_floating(present.type)):
        return False
    ends = pc.min_max(present).as_py()
    return bool(ends["max"] - ends["min"] == rows - 1)


def _wrong(named: NamedColumns, name: str, found: str, remedy: str) -> ColumnUseError:
    wanted = {
        "amounts": "the cost of missing each row, numbers from 0 on,",
        "groups": "values that several rows share",
    }[named.use.holds]
    return ColumnUseError(
        "column_use",
        expected=f"{wanted} in the column {name!r}, which {named.field} names",
        found=found,
        remedy=f"correct {named.field}: {remedy}",
        values={"field": named.field, "column": name},
    )
