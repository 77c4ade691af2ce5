"""Stream the result of a statement from PostgreSQL, with a limit on the size of a value."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

from counterpoise.ingest._sql.statements import LONGEST_CELL, QueryResult, Statement, cell_too_long, names_of

if TYPE_CHECKING:
    from sqlalchemy import Connection

WRAPPED = "SELECT * FROM (\n"
"""What precedes a query when its columns are looked up; positions in the server's messages include it."""

_STREAMED_ROWS = 8
"""Rows per chunk from the driver: few enough to bound memory even with the longest cells."""

_NARROW = frozenset(
    {16, 18, 19, 20, 21, 23, 26, 650, 700, 701, 829, 869, 1082, 1083, 1114, 1184, 1186, 1266, 1700, 2950}
)
"""Type OIDs with short values: booleans, numbers, dates, times, UUIDs, network addresses."""

_TEXTS = frozenset({17, 25, 1042, 1043})
"""Type OIDs of texts and bytes, whose stored length `octet_length` reads without a cast."""


@contextmanager
def stream_postgresql(connection: Connection, statement: Statement) -> Iterator[QueryResult]:
    """Execute a statement and yield its result; the rows can be read only within the context."""
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor:
        columns, checked = _with_lengths(cursor, statement)
        rows = cursor.stream(checked.sql, checked.parameters, size=_streamed_rows())
        with closing(rows):
            yield QueryResult(columns, _without_lengths(rows, columns) if checked is not statement else rows)


def _streamed_rows() -> int:
    import psycopg

    return _STREAMED_ROWS if psycopg.capabilities.has_stream_chunked() else 1


def _with_lengths(cursor: Any, statement: Statement) -> tuple[list[str], Statement]:
    """Return a statement's columns, and the statement rewritten to report overlong values instead of returning them.

    Otherwise the server would send a value of a gigabyte, and the driver would hold it twice, before it could be
    rejected.
    """
    sql = statement.sql.rstrip().removesuffix(";")
    cursor.execute(f"{WRAPPED}{sql}\n) AS answer LIMIT 0", statement.parameters)
    names = names_of(cursor)
    lengths = {
        place: f"octet_length(c{place})" if column.type_code in _TEXTS else f"octet_length(c{place}::text)"
        for place, column in enumerate(cursor.description or ())
        if column.type_code not in _NARROW
    }
    if not lengths:
        return names, statement
    cells = [
        f"CASE WHEN {lengths[place]} <= {LONGEST_CELL} THEN c{place} END" if place in lengths else f"c{place}"
        for place in range(len(names))
    ]
    longest = " ".join(f"WHEN {length} > {LONGEST_CELL} THEN {place}" for place, length in lengths.items())
    aliases = ", ".join(f"c{place}" for place in range(len(names)))
    whole = f"SELECT {', '.join(cells)}, CASE {longest} END FROM (\n{sql}\n) AS answer({aliases})"  # noqa: S608
    return names, Statement(whole, statement.parameters)


def _without_lengths(rows: Iterator[tuple[Any, ...]], names: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    for number, row in enumerate(rows, 1):
        if row[-1] is not None:
            raise cell_too_long(names[row[-1]], number)
        yield row[:-1]
