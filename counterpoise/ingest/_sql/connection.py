"""Read-only connections to databases, with rows streamed one by one.

Rows are read directly from the driver, because SQLAlchemy's results buffer thousands of rows however long they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any

from counterpoise.config import SourceConfig
from counterpoise.errors import ConfigError, InputError
from counterpoise.ingest._sql.database_url import DatabaseUrl
from counterpoise.ingest._sql.mysql import begin_mysql, connect_options, stream_mysql, without_excerpt
from counterpoise.ingest._sql.postgresql import WRAPPED, stream_postgresql
from counterpoise.ingest._sql.sqlite_file import LONGEST_VALUE, SqliteFile, sqlite_file, stream_sqlite
from counterpoise.ingest._sql.statements import QueryResult, Statement, not_read_only
from counterpoise.secrets import literals_of, redact

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

_STREAMS = {"sqlite": stream_sqlite, "postgresql": stream_postgresql, "mysql": stream_mysql}
_NUMBER_OR_DATE = re.compile(r"[\d\s.:TZ+-]*")
_SHORTEST_HIDDEN = 4


@contextmanager
def open_connection(address: DatabaseUrl, source: SourceConfig) -> Iterator[Connection]:
    """Open a read-only connection; error messages never contain secrets."""
    from sqlalchemy import exc

    database = sqlite_file(address.url) if address.kind == "sqlite" else None
    engine = _engine(address, database)
    options = {"postgresql_readonly": True} if address.kind == "postgresql" else {}
    try:
        with engine.connect().execution_options(**options) as connection:
            if address.kind == "mysql":
                begin_mysql(connection)
            yield connection
            if database is not None:
                database.check_unchanged()
    except (exc.SQLAlchemyError, engine.dialect.loaded_dbapi.Error, UnicodeError) as error:
        if database is not None and database.refused:
            raise not_read_only(database.refused[0]) from None
        raise database_refused(error, address, source) from None


def _engine(address: DatabaseUrl, database: SqliteFile | None) -> Engine:
    from sqlalchemy import create_engine, exc
    from sqlalchemy.pool import NullPool

    try:
        if database is not None:
            return create_engine("sqlite://", creator=database.connect, poolclass=NullPool, hide_parameters=True)
        options = connect_options() if address.kind == "mysql" else {}
        return create_engine(address.url, poolclass=NullPool, hide_parameters=True, connect_args=options)
    except (ModuleNotFoundError, exc.NoSuchModuleError):
        extra = "mysql" if address.kind == "mysql" else "postgres"
        raise ConfigError(
            "driver_missing",
            expected=f"an installed driver for {address.url.drivername}",
            found="none",
            remedy=f'pip install "counterpoise[{extra}]"',
            values={"driver": address.url.drivername},
        ) from None


def execute(connection: Connection, statement: Statement) -> AbstractContextManager[QueryResult]:
    """Execute a statement and yield its result; the rows can be read only within the context."""
    return _STREAMS[connection.dialect.name](connection, statement)


def database_refused(error: Exception, address: DatabaseUrl, source: SourceConfig) -> InputError:
    """Return the error for a database that refuses, with its message but without secrets."""
    cause = getattr(error, "orig", None) or error
    secrets = (*address.secrets, *_sensitive_literals(source.query))
    message = redact(" ".join(_database_message(cause).split()), *secrets)[:2_000]
    if "too big" in message and address.kind == "sqlite":
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
        values={"database": address.kind, "error": type(cause).__name__},
    )


def _database_message(cause: BaseException) -> str:
    """Return the database's error message without its query excerpt, which may start in the middle of a secret."""
    facts: Any = getattr(cause, "diag", None)
    if facts is None or not facts.message_primary:
        return without_excerpt(str(cause))
    place = int(facts.statement_position or 0) - len(WRAPPED)
    at = f"at character {place} of the query" if place > 0 else ""
    return "; ".join(filter(None, (facts.message_primary, facts.message_detail, facts.message_hint, at)))


def _sensitive_literals(query: str) -> list[str]:
    """Return the literals of a query that a database may repeat in an error, except numbers and dates."""
    return [
        text for text in literals_of(query) if len(text) >= _SHORTEST_HIDDEN and not _NUMBER_OR_DATE.fullmatch(text)
    ]
