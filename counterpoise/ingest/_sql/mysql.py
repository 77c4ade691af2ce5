"""MySQL and MariaDB: read-only sessions in UTC, values as the server stores them, rows streamed one by one."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import TYPE_CHECKING, Any

from counterpoise.config import SourceConfig
from counterpoise.errors import ColumnNotFoundError, ConfigError, InputError
from counterpoise.ingest._sql.statements import QueryResult, Statement, names_of, not_read_only

if TYPE_CHECKING:
    from sqlalchemy import Connection, TableClause

_SESSION = (
    "SET time_zone = '+00:00'",
    "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
    "SET SESSION TRANSACTION READ ONLY",
    "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
)
_EXCERPT = re.compile(r" near '.*' at line ", re.DOTALL)
# Comments that MySQL or MariaDB executes are no comments here; possessive, so that no query takes long to refuse.
_READS = re.compile(
    r"(?:[\s(]|--\s[^\n]*+\n|#[^\n]*+\n|/\*(?!M?!)(?:[^*]|\*(?!/))*+\*/)*+(?:select|with|values|table)\b", re.IGNORECASE
)


def connect_options() -> dict[str, Any]:
    """Return the driver's options: no local files, bits as integers, TIMESTAMP as moments in UTC.

    Raises:
        ModuleNotFoundError: The driver is not installed.
    """
    from pymysql.constants import FIELD_TYPE
    from pymysql.converters import conversions

    own = {
        FIELD_TYPE.BIT: int.from_bytes,
        FIELD_TYPE.LONGLONG: _whole,
        FIELD_TYPE.TIMESTAMP: partial(_moment, conversions[FIELD_TYPE.TIMESTAMP]),
    }
    return {"charset": "utf8mb4", "local_infile": False, "conv": {**conversions, **own}}


def _whole(text: str) -> int | Decimal:
    """Return a BIGINT; an unsigned one may need 20 digits."""
    value = int(text)
    return value if value < 2**63 else Decimal(value)


def _moment(convert: Callable[[str], Any], text: str) -> Any:
    """Return a TIMESTAMP of a session in UTC; a zero date stays a text."""
    value = convert(text)
    return value.replace(tzinfo=dt.UTC) if isinstance(value, dt.datetime) else value


def begin_mysql(connection: Connection) -> None:
    """Begin a transaction that only reads, and reads one state of the database."""
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor:
        for statement in _SESSION:
            cursor.execute(statement)


@contextmanager
def stream_mysql(connection: Connection, statement: Statement) -> Iterator[QueryResult]:
    """Execute a statement and yield its result; the rows can be read only within the context.

    Raises:
        InputError: The query would do something else than read, or returns FLOAT values, of which the server sends only
            six digits.
    """
    from pymysql.cursors import SSCursor

    driver: Any = connection.connection.driver_connection
    if not _READS.match(statement.sql):
        raise not_read_only(f"execute {statement.sql.split()[0] if statement.sql.split() else 'nothing'}")
    if rounded := [name for name, kind in _columns(driver, statement).items() if kind == _float()]:
        raise _rounded(rounded)
    cursor = driver.cursor(SSCursor)
    try:
        cursor.execute(statement.sql, statement.parameters)
        yield QueryResult(names_of(cursor), iter(cursor))
        cursor.close()
    except BaseException:
        _abandon(cursor, connection)
        raise


def _abandon(cursor: Any, connection: Connection) -> None:
    """Close the connection without reading the remaining rows, which closing the cursor would do."""
    if cursor._result is not None:  # noqa: SLF001  # PyMySQL has no public way to give up a result
        cursor._result.unbuffered_active = False  # noqa: SLF001
    connection.invalidate()


def _columns(driver: Any, statement: Statement) -> dict[str, int]:
    """Return the types of a statement's columns, without executing it; only what can be a subquery is accepted."""
    with driver.cursor() as cursor:
        sql = statement.sql.rstrip().removesuffix(";")
        cursor.execute(f"SELECT * FROM (\n{sql}\n) AS answer LIMIT 0", statement.parameters)  # noqa: S608  # as asked
        return {column[0]: column[1] for column in cursor.description}


def _float() -> int:
    from pymysql.constants import FIELD_TYPE

    return int(FIELD_TYPE.FLOAT)


def _rounded(names: list[str]) -> InputError:
    first = f"`{names[0]}` + 0e0 AS `{names[0]}`"
    return InputError(
        "inexact_type",
        expected="values that the server sends with all their digits",
        found=f"FLOAT, of which it sends six, in {', '.join(map(repr, names[:10]))}",
        remedy=f"write {first} in source.query, or name the table in source.table",
        values={"columns": names[:100]},
    )


def table_statement(connection: Connection, table: TableClause, source: SourceConfig) -> Statement:
    """Return the statement that reads a table within the bounds of the source, each FLOAT as a double.

    Raises:
        ColumnNotFoundError: The table has no such watermark.
        ConfigError: A bound is not a value of the watermark's type.
    """
    import sqlalchemy as sa

    driver: Any = connection.connection.driver_connection
    everything: Any = sa.select(sa.literal_column("*")).select_from(table).compile(dialect=connection.dialect)
    kinds = _columns(driver, Statement(str(everything), {}))
    cells: list[sa.ColumnElement[Any]] = []
    for name, kind in kinds.items():
        column: sa.ColumnClause[Any] = sa.column(name)
        cells.append((column + sa.literal_column("0e0")).label(name) if kind == _float() else column)
    select = sa.select(*cells).select_from(table)
    if source.watermark:
        if source.watermark not in kinds:
            raise ColumnNotFoundError.from_names([source.watermark], kinds, field="source.watermark")
        mark: sa.ColumnClause[Any] = sa.column(source.watermark)
        read = _bound_reader(kinds[source.watermark])
        select = select.where(mark >= _bound(source.since, "since", read)) if source.since else select
        select = select.where(mark < _bound(source.until, "until", read)) if source.until else select
        select = select.order_by(mark)
    compiled: Any = select.compile(dialect=connection.dialect)
    return Statement(str(compiled), compiled.params)


def _bound_reader(kind: int) -> Callable[[str], Any]:
    """Return the function that reads a bound: the server would take a wrong one for zero."""
    from pymysql.constants import FIELD_TYPE

    if kind in (FIELD_TYPE.TINY, FIELD_TYPE.SHORT, FIELD_TYPE.INT24, FIELD_TYPE.LONG, FIELD_TYPE.LONGLONG):
        return int
    if kind in (FIELD_TYPE.DECIMAL, FIELD_TYPE.NEWDECIMAL, FIELD_TYPE.FLOAT, FIELD_TYPE.DOUBLE):
        return Decimal
    if kind in (FIELD_TYPE.DATE, FIELD_TYPE.DATETIME, FIELD_TYPE.TIMESTAMP):
        return _day_or_moment
    return str


def _day_or_moment(text: str) -> dt.datetime:
    value = dt.datetime.fromisoformat(text)
    return value.astimezone(dt.UTC).replace(tzinfo=None) if value.tzinfo else value


def _bound(text: str, field: str, read: Callable[[str], Any]) -> Any:
    try:
        return read(text)
    except (ValueError, InvalidOperation):
        raise ConfigError(
            "invalid_bound",
            expected=f"a value of the type of source.watermark as source.{field}, such as 2026-01-01 or 4711",
            found=repr(text[:100]),
            remedy=f"correct source.{field}",
            values={"field": f"source.{field}"},
        ) from None


def without_excerpt(message: str) -> str:
    """Return a message of the server without its excerpt of the query, which may start in the middle of a secret.

    >>> without_excerpt("You have an error near 'unter2' FROM t' at line 1")
    'You have an error at line 1'
    """
    return _EXCERPT.sub(" at line ", message)
