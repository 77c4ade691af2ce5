"""Statements, their results, and the limit on the size of a value."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from counterpoise.errors import InputError

T = TypeVar("T")

LONGEST_CELL = 16 << 20
"""The maximum size of one value in bytes."""


@dataclass(frozen=True)
class Statement:
    """A SQL statement and its parameters; None means that the SQL is executed verbatim."""

    sql: str
    parameters: Mapping[str, Any] | Sequence[Any] | None = None


@dataclass(frozen=True)
class QueryResult:
    """The result of a query.

    Attributes:
        names: The column names.
        rows: The rows; they can be read once.
        call: Calls a function that reads rows in a way that a signal can interrupt.
    """

    names: list[str]
    rows: Iterator[tuple[Any, ...]]
    call: Callable[[Callable[[], Any]], Any] = lambda function: function()

    def interruptible(self, batches: Iterator[T]) -> Iterator[T]:
        """Yield the batches made from the rows; a signal can interrupt the wait for the next one."""
        while (batch := self.call(lambda: next(batches, None))) is not None:
            yield batch


def names_of(cursor: Any) -> list[str]:
    """Return the column names of a cursor's result."""
    return [column[0] for column in cursor.description or ()]


def cell_too_long(column: str, row: int) -> InputError:
    """Return the error for a value that exceeds the maximum size."""
    return InputError(
        "cell_too_long",
        expected=f"values of at most {LONGEST_CELL >> 20} MiB",
        found=f"a longer one in row {row:,} of column {column!r}",
        remedy="drop the column in source.query, or shorten it there, for example substr(column, 1, 1000)",
        values={"column": column, "row": row, "limit": LONGEST_CELL},
    )


def not_read_only(action: str) -> InputError:
    """Return the error for a query that would do something else than read."""
    return InputError(
        "not_read_only",
        expected="a read-only source.query: SELECT, with functions of values",
        found=f"it would {action}"[:300],
        remedy="make changes with another program, and only select in source.query",
        values={"action": action[:300]},
    )


def no_rows(table: str, *, bounded_by: str = "") -> InputError:
    """Return the error for a table or query without rows.

    Args:
        table: The table; empty for a query.
        bounded_by: The watermark column, if it bounds the rows to read.
    """
    return InputError(
        "no_rows",
        expected="rows",
        found=f"none in {f'table {table!r}' if table else 'the result of source.query'}",
        remedy="check the table or the query"
        + (f", and source.since and until for {bounded_by!r}" if bounded_by else ""),
    )


def no_table(table: str, tables: Sequence[str]) -> InputError:
    """Return the error for a table that does not exist, with those that do."""
    shown = ", ".join(map(repr, tables[:30]))
    return InputError(
        "table_not_found",
        expected=f"the table {table!r} named in source.table",
        found=f"{len(tables)} tables and views: {shown}",
        remedy="correct source.table; write schema.table for another schema",
        values={"table": table, "tables": list(tables[:200])},
    )
