"""How far a source was read: the bounds of a watermark column, and what it reached."""

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

__all__ = ["bounded", "reached"]


def bounded(
    select: Select[Any], source: SourceConfig, types: dict[str, TypeEngine[Any]], *, casts: bool
) -> Select[Any]:
    """Return a statement that reads the rows within the bounds, in the order of the watermark.

    The lower bound belongs to what is read and the upper one does not, so that stretches join without overlap.

    Args:
        select: What reads all rows.
        source: The watermark column and its bounds.
        types: The database's types of the columns.
        casts: Whether the database reads a bound in the column's type; else it compares it as it is written.

    Raises:
        ColumnNotFoundError: The table has no such column.
    """
    import sqlalchemy as sa

    if not source.watermark:
        return select
    _check_there(source.watermark, types)
    kind = types[source.watermark]
    column: sa.ColumnClause[Any] = sa.column(source.watermark)

    def bound(text: str) -> sa.ColumnElement[Any]:
        return sa.cast(sa.literal(text, sa.Text()), kind) if casts else sa.literal(text, sa.Text())

    if source.since:
        select = select.where(column >= bound(source.since))
    if source.until:
        select = select.where(column < bound(source.until))
    return select.order_by(column)


def reached(snapshot: Snapshot, column: str) -> str:
    """Return the largest value of the watermark column as text.

    Raises:
        ColumnNotFoundError: The source has no such column.
        InputError: Its values have no order, or there are none.
    """
    reader = SnapshotReader(snapshot)
    _check_there(column, reader.schema.names)
    values = reader.read_columns([column])
    try:
        largest = pc.max(values.column(0))
    except pa.ArrowNotImplementedError:
        largest = pa.scalar(None)
    if not largest.is_valid:
        raise InputError(
            "no_watermark",
            expected=f"values that have an order in source.watermark, {column!r}",
            found=f"none, or of type {values.schema.field(column).type}",
            remedy="name a serial number or a time of loading",
            values={"column": column},
        )
    return str(value_texts(pa.chunked_array([[largest]], values.schema.field(column).type))[0])


def _check_there(column: str, known: Collection[str]) -> None:
    if column not in known:
        raise ColumnNotFoundError.from_names([column], known, field="source.watermark")
