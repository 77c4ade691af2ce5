"""Read-only connections to databases, with rows streamed one by one.

Rows are read directly from the driver, because SQLAlchemy's results buffer thousands of rows however long they are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from counterpoise.config import SourceConfig
from counterpoise.errors import ConfigError, InputError
from counterpoise.ingest._sql.database_url import DatabaseUrl
from counterpoise.ingest._sql.sqlite_file import LONGEST_VALUE, SqliteFile, sqlite_file
from counterpoise.runtime import thread_pool
from counterpoise.secrets import literals_of, redact

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

T = TypeVar("T")

LONGEST_CELL = 16 << 20
"""The maximum size of one value in bytes."""

_STREAMED_ROWS = 8
"""Rows per chunk from PostgreSQL's driver: few enough to bound memory even with the longest cells."""

_FROM = "SELECT * FROM (\n"
_NARROW = frozenset(
    {16, 18, 19, 20, 21, 23, 26, 650, 700, 701, 829, 869, 1082, 1083, 1114, 1184, 1186, 1266, 1700, 2950}
)
"""PostgreSQL type OIDs with short values: booleans, numbers, dates, times, UUIDs, network addresses."""

_TEXTS = frozenset({17, 25, 1042, 1043})
"""PostgreSQL type OIDs of texts and bytes, whose stored length `octet_length` reads without a cast."""

_NUMBER_OR_DATE = re.compile(r"[\d\s.:TZ+-]*")
_SHORTEST_HIDDEN = 4


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


@contextmanager
def open_connection(address: DatabaseUrl, source: SourceConfig) -> Iterator[Connection]:
    """Open a read-only connection; error messages never contain secrets."""
    from sqlalchemy import exc

    database = sqlite_file(address.url) if address.url.get_backend_name() == "sqlite" else None
    engine = _engine(address, database)
    options = {} if database else {"postgresql_readonly": True}
    try:
        with engine.connect().execution_options(**options) as connection:
            yield connection
            if database is not None:
                database.check_unchanged()
    except (exc.SQLAlchemyError, engine.dialect.loaded_dbapi.Error, UnicodeError) as error:
        if database is not None and database.refused:
            raise _not_read_only(database.refused[0]) from None
        raise _refused(error, address, source) from None


def _engine(address: DatabaseUrl, database: SqliteFile | None) -> Engine:
    from sqlalchemy import create_engine, exc
    from sqlalchemy.pool import NullPool

    try:
        if database is not None:
            return create_engine("sqlite://", creator=database.connect, poolclass=NullPool, hide_parameters=True)
        return create_engine(address.url, poolclass=NullPool, hide_parameters=True)
    except (ModuleNotFoundError, exc.NoSuchModuleError):
        raise ConfigError(
            "driver_missing",
            expected=f"an installed driver for {address.url.drivername}",
            found="none",
            remedy="install counterpoise[postgres]",
            values={"driver": address.url.drivername},
        ) from None


@contextmanager
def execute(connection: Connection, statement: Statement) -> Iterator[QueryResult]:
    """Execute a statement and yield its result; the rows can be read only within the context."""
    driver: Any = connection.connection.driver_connection
    if connection.dialect.name == "sqlite":
        with thread_pool(1) as thread:
            call = partial(_interruptible, thread, driver)
            with closing(call(lambda: driver.execute(statement.sql, statement.parameters or ()))) as cursor:
                yield QueryResult(_names(cursor), iter(cursor), call)
        return
    with driver.cursor() as cursor:
        columns, checked = _with_lengths(cursor, statement)
        rows = cursor.stream(checked.sql, checked.parameters, size=_streamed_rows())
        with closing(rows):
            yield QueryResult(columns, _without_lengths(rows, columns) if checked is not statement else rows)


def _interruptible(thread: Executor, driver: Any, call: Callable[[], T]) -> T:
    """Call SQLite in a thread and return the result: a single library call may run forever and ignore signals."""
    future = thread.submit(call)
    try:
        return future.result()
    except BaseException:
        driver.interrupt()
        raise


def _names(cursor: Any) -> list[str]:
    return [column[0] for column in cursor.description or ()]


def _streamed_rows() -> int:
    import psycopg

    return _STREAMED_ROWS if psycopg.capabilities.has_stream_chunked() else 1


def _with_lengths(cursor: Any, statement: Statement) -> tuple[list[str], Statement]:
    """Return a statement's columns, and the statement rewritten to report overlong values instead of returning them.

    Otherwise the server would send a value of a gigabyte, and the driver would hold it twice, before it could be
    rejected.
    """
    sql = statement.sql.rstrip().removesuffix(";")
    cursor.execute(f"{_FROM}{sql}\n) AS answer LIMIT 0", statement.parameters)
    names = _names(cursor)
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


def cell_too_long(column: str, row: int) -> InputError:
    """Return the error for a value that exceeds the maximum size."""
    return InputError(
        "cell_too_long",
        expected=f"values of at most {LONGEST_CELL >> 20} MiB",
        found=f"a longer one in row {row:,} of column {column!r}",
        remedy="drop the column in source.query, or shorten it there, for example substr(column, 1, 1000)",
        values={"column": column, "row": row, "limit": LONGEST_CELL},
    )


def _not_read_only(action: str) -> InputError:
    return InputError(
        "not_read_only",
        expected="a read-only source.query: SELECT, with functions of values",
        found=f"it would {action}"[:300],
        remedy="make changes with another program, and only select in source.query",
        values={"action": action[:300]},
    )


def _refused(error: Exception, address: DatabaseUrl, source: SourceConfig) -> InputError:
    cause = getattr(error, "orig", None) or error
    secrets = (*address.secrets, *_sensitive_literals(source.query))
    message = redact(" ".join(_database_message(cause).split()), *secrets)[:2_000]
    if "too big" in message and address.url.get_backend_name() == "sqlite":
        return InputError(
            "cell_too_long",
            expected=f"values and rows of at most {LONGEST_VALUE >> 20} MiB",
            found=f"a longer one ({message})",
            remedy="drop the column in source.query, or shorten it there, for example substr(column, 1, 1000)",
            values={"limit": LONGEST_VALUE},
        )
    return InputError(
        "database_refused",
        expected="a database that answers the query",
        found=message,
        remedy="check source.url, the privileges of its user, and source.table or source.query",
        values={"database": address.url.get_backend_name(), "error": type(cause).__name__},
    )


def _database_message(cause: BaseException) -> str:
    """Return the database's error message without its query excerpt, which may start in the middle of a secret."""
    facts = getattr(cause, "diag", None)
    if facts is None or not facts.message_primary:
        return str(cause)
    place = int(facts.statement_position or 0) - len(_FROM)
    at = f"at character {place} of the query" if place > 0 else ""
    return "; ".join(filter(None, (facts.message_primary, facts.message_detail, facts.message_hint, at)))


def _sensitive_literals(query: str) -> list[str]:
    """Return the literals of a query that a database may repeat in an error, except numbers and dates."""
    return [
        text for text in literals_of(query) if len(text) >= _SHORTEST_HIDDEN and not _NUMBER_OR_DATE.fullmatch(text)
    ]
