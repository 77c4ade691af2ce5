"""Connections to databases that cannot write, and their rows, one after the other, never held together.

Drivers are asked for rows below SQLAlchemy: its results hold thousands of rows at a time, however long they are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from counterpoise.config import SourceConfig
from counterpoise.errors import ConfigError, InputError
from counterpoise.ingest._sql.database_url import DatabaseUrl
from counterpoise.ingest._sql.sqlite_file import LONGEST_VALUE, SqliteFile, sqlite_file
from counterpoise.secrets import literals_of, redact

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

T = TypeVar("T")

__all__ = ["LONGEST_CELL", "Answer", "Statement", "answered", "cell_too_long", "open_connection"]

LONGEST_CELL = 16 << 20
"""The most bytes of one value."""

_STREAMED_ROWS = 8
"""Rows that PostgreSQL's driver takes from its connection at a time: with the longest cells still bounded."""

_FROM = "SELECT * FROM (\n"
_NARROW = frozenset(
    {16, 18, 19, 20, 21, 23, 26, 650, 700, 701, 829, 869, 1082, 1083, 1114, 1184, 1186, 1266, 1700, 2950}
)
"""Type numbers of PostgreSQL whose values are short: truth values, numbers, dates, times, UUIDs, network addresses."""

_TEXTS = frozenset({17, 25, 1042, 1043})
"""Type numbers of texts and bytes, whose length PostgreSQL knows without looking at them."""

_NUMBER_OR_DATE = re.compile(r"[\d\s.:TZ+-]*")
_SHORTEST_HIDDEN = 4


@dataclass(frozen=True)
class Statement:
    """What to execute: SQL and its parameters, None where the SQL is taken as it is."""

    sql: str
    parameters: Mapping[str, Any] | Sequence[Any] | None = None


@dataclass(frozen=True)
class Answer:
    """An answer of a database.

    Attributes:
        names: The names of its columns.
        rows: Its rows, which are read once.
        ask: Calls what reads rows, so that it can be interrupted.
    """

    names: list[str]
    rows: Iterator[tuple[Any, ...]]
    ask: Callable[[Callable[[], Any]], Any] = lambda call: call()

    def interruptible(self, batches: Iterator[T]) -> Iterator[T]:
        """Yield what is made of the rows; a signal is heard while the database works on the next of them."""
        while (batch := self.ask(lambda: next(batches, None))) is not None:
            yield batch


@contextmanager
def open_connection(address: DatabaseUrl, source: SourceConfig) -> Iterator[Connection]:
    """Open a connection that cannot write; whatever goes wrong is told without secrets."""
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
        raise _no_driver(address.url.drivername) from None


@contextmanager
def answered(connection: Connection, statement: Statement) -> Iterator[Answer]:
    """Execute a statement and give its answer, whose rows are valid within the body."""
    driver: Any = connection.connection.driver_connection
    if connection.dialect.name == "sqlite":
        with ThreadPoolExecutor(1) as thread:
            ask = partial(_interruptible, thread, driver)
            with closing(ask(lambda: driver.execute(statement.sql, statement.parameters or ()))) as cursor:
                yield Answer(_names(cursor), iter(cursor), ask)
        return
    with driver.cursor() as cursor:
        columns, checked = _with_lengths(cursor, statement)
        rows = cursor.stream(checked.sql, checked.parameters, size=_streamed_rows())
        with closing(rows):
            yield Answer(columns, _without_lengths(rows, columns) if checked is not statement else rows)


def _interruptible(thread: Executor, driver: Any, call: Callable[[], T]) -> T:
    """Return what SQLite answers, asked in a thread: a query may work for ever within one call of the library."""
    answer = thread.submit(call)
    try:
        return answer.result()
    except BaseException:
        driver.interrupt()
        raise


def _names(cursor: Any) -> list[str]:
    return [column[0] for column in cursor.description or ()]


def _streamed_rows() -> int:
    import psycopg

    return _STREAMED_ROWS if psycopg.capabilities.has_stream_chunked() else 1


def _with_lengths(cursor: Any, statement: Statement) -> tuple[list[str], Statement]:
    """Return the columns of a statement, and the statement with too long values left out and told instead.

    The server would send a value of a gigabyte, and the driver would hold it twice, before anybody could refuse it.
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
    """Return the error for a value that is too long."""
    return InputError(
        "cell_too_long",
        expected=f"values of at most {LONGEST_CELL >> 20} MiB",
        found=f"a longer one in row {row:,} of column {column!r}",
        remedy="leave the column out in source.query, or cut it there, for example substr(column, 1, 1000)",
        values={"column": column, "row": row, "limit": LONGEST_CELL},
    )


def _no_driver(driver: str) -> ConfigError:
    return ConfigError(
        "driver_missing",
        expected=f"the driver of {driver} to be installed",
        found="it is not",
        remedy="install counterpoise[postgres]",
        values={"driver": driver},
    )


def _not_read_only(action: str) -> InputError:
    return InputError(
        "not_read_only",
        expected="source.query to read, and nothing else: SELECT, with functions of values",
        found=f"it would {action}"[:300],
        remedy="make changes with another program, and let source.query select",
        values={"action": action[:300]},
    )


def _refused(error: Exception, address: DatabaseUrl, source: SourceConfig) -> InputError:
    cause = getattr(error, "orig", None) or error
    said = redact(" ".join(_said(cause).split()), *address.secrets, *_hidden(source.query))[:2_000]
    if "too big" in said and address.url.get_backend_name() == "sqlite":
        return InputError(
            "cell_too_long",
            expected=f"values and rows of at most {LONGEST_VALUE >> 20} MiB",
            found=f"a longer one ({said})",
            remedy="leave the column out in source.query, or cut it there, for example substr(column, 1, 1000)",
            values={"limit": LONGEST_VALUE},
        )
    return InputError(
        "database_refused",
        expected="the database to answer the query",
        found=said,
        remedy="check source.url, the rights of its user, and source.table or source.query",
        values={"database": address.url.get_backend_name(), "error": type(cause).__name__},
    )


def _said(cause: BaseException) -> str:
    """Return what a database says, without the excerpt of the query, which may begin within a secret."""
    facts = getattr(cause, "diag", None)
    if facts is None or not facts.message_primary:
        return str(cause)
    place = int(facts.statement_position or 0) - len(_FROM)
    at = f"at character {place} of the query" if place > 0 else ""
    return "; ".join(filter(None, (facts.message_primary, facts.message_detail, facts.message_hint, at)))


def _hidden(query: str) -> list[str]:
    """Return the literals of a query that a database may repeat, but for numbers and dates."""
    return [
        text for text in literals_of(query) if len(text) >= _SHORTEST_HIDDEN and not _NUMBER_OR_DATE.fullmatch(text)
    ]
