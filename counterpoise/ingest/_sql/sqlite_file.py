"""SQLite databases opened so that no statement can write to the database, next to it or to any other file.

`mode=ro` alone is not enough: ATTACH, VACUUM INTO and a switch to the write-ahead log still create files. An authorizer
therefore allows only reads. A database in write-ahead mode whose log is not in use is opened as immutable, because
otherwise SQLite would create the log's files.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import parse_qsl, quote, unquote

from counterpoise.errors import ConfigError, InputError
from counterpoise.ingest._sql.statements import QueryResult, Statement, names_of
from counterpoise.runtime import thread_pool
from counterpoise.secrets import is_secret_option

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection

T = TypeVar("T")

LONGEST_VALUE = 64 << 20
"""The maximum size in bytes of a value, row or statement that SQLite may build in memory."""

_WAL_HEADER = slice(18, 20)
_READS = frozenset(
    {
        sqlite3.SQLITE_SELECT,
        sqlite3.SQLITE_READ,
        sqlite3.SQLITE_FUNCTION,
        sqlite3.SQLITE_RECURSIVE,
        sqlite3.SQLITE_PRAGMA,
    }
)
_PRAGMAS = frozenset(
    {"database_list", "foreign_key_list", "index_info", "index_list", "index_xinfo", "table_info", "table_list",
     "table_xinfo"}
)  # fmt: skip
_FUNCTIONS_OF_FILES = frozenset(
    {"edit", "fsdir", "fts3_tokenizer", "load_extension", "readfile", "writefile", "zipfile"}
)
_ACTIONS = {
    value: name.removeprefix("SQLITE_").replace("_", " ")
    for name, value in vars(sqlite3).items()
    if name.startswith(("SQLITE_CREATE", "SQLITE_DROP", "SQLITE_ALTER"))
    or name in {"SQLITE_ANALYZE", "SQLITE_ATTACH", "SQLITE_DELETE", "SQLITE_DETACH", "SQLITE_FUNCTION", "SQLITE_INSERT",
                "SQLITE_PRAGMA", "SQLITE_REINDEX", "SQLITE_SAVEPOINT", "SQLITE_TRANSACTION", "SQLITE_UPDATE"}
}  # fmt: skip
_OPTIONS = ("cache", "check_same_thread", "immutable", "mode", "timeout", "uri")


@dataclass
class SqliteFile:
    """A read-only SQLite database.

    Attributes:
        path: Its file.
        refused: The actions that the authorizer denied.
    """

    path: Path
    refused: list[str] = field(default_factory=list)
    _stamp: tuple[int, int, int] | None = None

    def connect(self) -> sqlite3.Connection:
        """Open a read-only connection.

        Raises:
            InputError: SQLite would have to recover the log of a crashed writer, which means writing.
        """
        address = f"file:{quote(str(self.path.absolute()), errors='surrogateescape')}?mode=ro"
        connection = sqlite3.connect(
            address + self._immutable(), uri=True, isolation_level=None, check_same_thread=False
        )
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST_VALUE)
        for pragma in ("query_only = ON", "trusted_schema = OFF", "cell_size_check = ON"):
            connection.execute(f"PRAGMA {pragma}")
        connection.set_authorizer(self._allow)
        return connection

    def _immutable(self) -> str:
        with self.path.open("rb") as file:
            if file.read(20)[_WAL_HEADER] != b"\x02\x02":
                return ""
        log, shared = self.path.with_name(f"{self.path.name}-wal"), self.path.with_name(f"{self.path.name}-shm")
        if not log.exists() or not log.stat().st_size:
            self._stamp = self._current_stamp()  # SQLite does not lock an immutable database
            return "&immutable=1"
        if shared.exists():
            return ""
        raise InputError(
            "unfinished_log",
            expected="a database whose write-ahead log is in use or checkpointed",
            found=f"{log.name} next to {self.path.name}, left by a writer that crashed: reading it would write",
            remedy=f"checkpoint it with the program that owns it, or: sqlite3 {self.path.name} "
            "'PRAGMA wal_checkpoint(TRUNCATE)'",
            values={"file": self.path.name},
        )

    def check_unchanged(self) -> None:
        """Check that a database read without a lock has not changed.

        Raises:
            InputError: It has changed.
        """
        if self._stamp is not None and self._stamp != self._current_stamp():
            raise InputError(
                "source_changed",
                expected="a source that does not change while it is read",
                found=f"changed: {self.path.name}",
                remedy="run again when nothing writes to the database",
                values={"files": [self.path.name]},
            )

    def _current_stamp(self) -> tuple[int, int, int]:
        stat, log = self.path.stat(), self.path.with_name(f"{self.path.name}-wal")
        return stat.st_size, stat.st_mtime_ns, log.stat().st_size if log.exists() else 0

    def _allow(self, action: int, first: str | None, second: str | None, *_: str | None) -> int:
        """Allow or deny an action of a statement; SQLite calls this for each one."""
        if action in _READS and not (
            (action == sqlite3.SQLITE_PRAGMA and not self._reads(first, second))
            or (action == sqlite3.SQLITE_FUNCTION and (second or "").lower() in _FUNCTIONS_OF_FILES)
        ):
            return sqlite3.SQLITE_OK
        named = second if action == sqlite3.SQLITE_FUNCTION else first
        self.refused.append(f"{_ACTIONS.get(action, f'action {action}')} {named or ''}".strip())
        return sqlite3.SQLITE_DENY

    def _reads(self, pragma: str | None, value: str | None) -> bool:
        return (pragma or "").lower() in _PRAGMAS or (pragma == "read_uncommitted" and value is None)


def sqlite_file(url: URL) -> SqliteFile:
    """Return the database that a SQLAlchemy URL refers to.

    Raises:
        ConfigError: An option is unknown or asks for write access.
        InputError: The file does not exist.
    """
    name, options = url.database or "", [(key, str(value)) for key, value in url.query.items()]
    as_uri = name.startswith("file:")
    if as_uri:
        name, _, more = name.removeprefix("file:").partition("?")
        name, options = unquote(name, errors="surrogateescape"), [*options, *parse_qsl(more, keep_blank_values=True)]
        name = "/" + name.lstrip("/") if name.startswith("//") else name
    for option, value in options:
        _check_option(option, value, ignored=as_uri and is_secret_option(option))
    if not name or name == ":memory:" or "\0" in name or not Path(name).is_file():
        raise InputError(
            "source_not_found",
            expected="an SQLite file",
            found=f"nothing at {name!r}",
            remedy="correct source.url; sqlite:////absolute/path has four slashes",
            values={"path": name},
        )
    return SqliteFile(Path(name))


def _check_option(option: str, value: str, *, ignored: bool) -> None:
    """Reject options that SQLite or its driver does not know, or that would open the database for writing."""
    if option == "mode" and value != "ro":
        raise ConfigError(
            "not_read_only",
            expected="mode=ro, or no mode, in source.url: a source is only read",
            found=f"mode={value[:20]}",
            remedy="remove it from source.url",
            values={"option": option},
        )
    if option not in _OPTIONS and not ignored:
        raise ConfigError(
            "unknown_url_option",
            expected=f"SQLite options in source.url: {', '.join(_OPTIONS)}",
            found=repr(option[:100]),
            remedy="remove it from source.url",
            values={"option": option[:100]},
        )


@contextmanager
def stream_sqlite(connection: Connection, statement: Statement) -> Iterator[QueryResult]:
    """Execute a statement and yield its result; the rows can be read only within the context."""
    driver: Any = connection.connection.driver_connection
    with thread_pool(1) as thread:
        call = partial(_interruptible, thread, driver)
        with closing(call(lambda: driver.execute(statement.sql, statement.parameters or ()))) as cursor:
            yield QueryResult(names_of(cursor), iter(cursor), call)


def _interruptible(thread: Executor, driver: Any, call: Callable[[], T]) -> T:
    """Call SQLite in a thread and return the result: a single library call may run forever and ignore signals."""
    future = thread.submit(call)
    try:
        return future.result()
    except BaseException:
        driver.interrupt()
        raise
