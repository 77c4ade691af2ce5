"""The watermark column: limit the rows to read of a source, and find how far a read got."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from counterpoise.config import SourceConfig
from counterpoise.errors import ColumnNotFoundError, InputError
from counterpoise.records import Snapshot
from counterpoise.table import SnapshotReader, value_texts

if TYPE_CHECKING:
    from sqlalchemy import Select
    from sqlalchemy.types import TypeEngine


def bounded(
    select: Select[Any], source: SourceConfig, types: dict[str, TypeEngine[Any]], *, casts: bool
) -> Select[Any]:
    """Restrict a statement to the rows within the bounds, ordered by the watermark.

    The lower bound is inclusive and the upper one exclusive, so that consecutive ranges do not overlap.

    Args:
        select: The statement that reads all rows.
        source: The watermark column and its bounds.
        types: The columns' database types.
        casts: Whether to cast a bound to the column's type; otherwise the database compares it as text.

    Raises:
        ColumnNotFoundError: The table has no such column.
    """
    import sqlalchemy as sa

    if not source.watermark:
        return select
    _check_exists(source.watermark, types)
    kind = types[source.watermark]
    column: sa.ColumnClause[Any] = sa.column(source.watermark)

    def bound(text: str) -> sa.ColumnElement[Any]:
        return sa.cast(sa.literal(text, sa.Text()), kind) if casts else sa.literal(text, sa.Text())

    if source.since:
        select = select.where(column >= bound(source.since))
    if source.until:
        select = select.where(column < bound(source.until))
    return select.order_by(column)


def highest_value(snapshot: Snapshot, column: str) -> str:
    """Return the largest value of the watermark column as text.

    Raises:
        ColumnNotFoundError: The source has no such column.
        InputError: The column has no values, or its type has no order.
    """
    reader = SnapshotReader(snapshot)
    _check_exists(column, reader.schema.names)
    values = reader.read_columns([column])
    try:
        largest = pc.max(values.column(0))
    except pa.ArrowNotImplementedError:
        largest = pa.scalar(None)
    if not largest.is_valid:
        raise InputError(
            "no_watermark",
            expected=f"values with an order in source.watermark, {column!r}",
            found=f"none, or values of type {values.schema.field(column).type}",
            remedy="choose a column with a serial number or load time",
            values={"column": column},
        )
    return str(value_texts(pa.chunked_array([[largest]], values.schema.field(column).type))[0])


def _check_exists(column: str, known: Collection[str]) -> None:
    if column not in known:
        raise ColumnNotFoundError.from_names([column], known, field="source.watermark")
