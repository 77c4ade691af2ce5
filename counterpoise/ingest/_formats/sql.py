"""Database tables and queries: read-only, streamed in batches, with values as the database stores them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from counterpoise.config import SourceConfig
from counterpoise.ingest._names import check_names
from counterpoise.ingest._snapshot_files import Content
from counterpoise.ingest._source_format import ReadJob, SourceFormat
from counterpoise.ingest._sql.connection import execute, open_connection
from counterpoise.ingest._sql.database_url import DatabaseUrl, database_url
from counterpoise.ingest._sql.duckdb_file import read_duckdb
from counterpoise.ingest._sql.mysql import table_statement
from counterpoise.ingest._sql.statements import (
    LONGEST_CELL,
    QueryResult,
    Statement,
    cell_too_long,
    no_rows,
    no_table,
)
from counterpoise.ingest._values.spool import Spool, in_batches, spool_rows
from counterpoise.ingest._watermark import bounded
from counterpoise.storage import variables_for

if TYPE_CHECKING:
    from sqlalchemy import Connection


def read_sql(job: ReadJob) -> Content:
    """Read a table or query into one Parquet file.

    Raises:
        ConfigError: The URL is unusable, or its driver is not installed.
        InputError: The database refuses, the table does not exist, or the rows do not form a usable table.
    """
    source = job.source
    url = source.url.get_secret_value()
    address = database_url(url, variables_for(url))
    content = read_duckdb(job, address) if address.kind == "duckdb" else _read_rows(job, address)
    return replace(content, notes=(*content.notes, *_order_notes(source), *_rebuild_notes(job)))


def _read_rows(job: ReadJob, address: DatabaseUrl) -> Content:
    """Read the rows that a driver gives as Python values."""
    source = job.source
    digest = _Digest(in_order=source.order != "content")
    with Spool(job.folder / "spool.arrow", source, job.target) as spool:
        with open_connection(address, source) as connection:
            statement, numeric = _statement(connection, source)
            with execute(connection, statement) as result:
                _spool(result, spool, digest, numeric)
        if spool.rows == 0:
            raise no_rows(source.table, bounded_by=source.watermark if source.since or source.until else "")
        content = spool.finish(job.folder / "snapshot-00000.parquet", job.progress)
    return replace(content, digest=digest.hexdigest())


class _Digest:
    """The SHA-256 of a result: of its rows as they come, or of the sum of their own digests, in whatever order."""

    def __init__(self, *, in_order: bool) -> None:
        self._running = hashlib.sha256()
        self._in_order = in_order
        self._sum = 0

    def add_names(self, names: Sequence[str]) -> None:
        self._running.update(repr(names).encode())

    def add_row(self, text: str) -> None:
        content = text.encode("utf-8", "surrogatepass")
        if self._in_order:
            self._running.update(content)
        else:
            self._sum += int.from_bytes(hashlib.sha256(content).digest())

    def hexdigest(self) -> str:
        if not self._in_order:
            self._running.update(b"%d" % self._sum)
        return self._running.hexdigest()


def _order_notes(source: SourceConfig) -> Iterator[str]:
    """Yield a note if the next read may return the rows in another order, which makes them a different source."""
    if source.order == "content":
        return
    if source.table and source.watermark:
        yield f"rows are ordered by {source.watermark!r}; the database chose the order of rows with equal values"
    elif "order by" not in source.query.lower():
        yield "the database chose the order of rows, which may differ the next time"


def _rebuild_notes(job: ReadJob) -> Iterator[str]:
    """Yield a note if a later read may return other rows, so that a recipe could no longer be rebuilt."""
    if job.rebuilt_from and not job.source.until:
        yield (
            "output.materialise is recipe, and no source.until limits the rows read from the database: once its rows "
            "change, train can no longer be rebuilt (set source.watermark and source.until, or keep the rows)"
        )


def _spool(result: QueryResult, spool: Spool, digest: _Digest, numeric: frozenset[str]) -> None:
    """Move all rows of a result to the spool and add them to the digest."""
    check_names(result.names)
    digest.add_names(result.names)
    for rows in result.interruptible(in_batches(_measured(result, digest), spool_rows(len(result.names)))):
        spool.add(_columns(result.names, rows, numeric))


def _measured(result: QueryResult, digest: _Digest) -> Iterator[tuple[tuple[Any, ...], int]]:
    """Yield each row with the length of its text, and add the text to the digest."""
    for number, row in enumerate(result.rows, 1):
        text = repr(row)
        digest.add_row(text)
        if len(text) > LONGEST_CELL // 4:  # a shorter row cannot hold an overlong cell in any encoding
            _check_cells(result.names, row, number)
        yield row, len(text)


def _check_cells(names: Sequence[str], row: Sequence[Any], number: int) -> None:
    for name, value in zip(names, row, strict=True):
        size = len(value.encode("utf-8", "surrogatepass")) if isinstance(value, str) else _size(value)
        if size > LONGEST_CELL:
            raise cell_too_long(name, number)


def _size(value: Any) -> int:
    return len(value) if isinstance(value, bytes) else len(repr(value)) if isinstance(value, list | dict) else 0


def _statement(connection: Connection, source: SourceConfig) -> tuple[Statement, frozenset[str]]:
    """Return the statement, and the columns that SQLite stores as floats but declares as exact numbers."""
    import sqlalchemy as sa

    if source.query:
        return Statement(source.query), frozenset()
    inspector = sa.inspect(connection)
    name, schema = source.table, None
    if not (inspector.has_table(name) or name in inspector.get_view_names()):
        schema, _, name = source.table.rpartition(".")
        if not schema or not (inspector.has_table(name, schema) or name in inspector.get_view_names(schema)):
            raise no_table(source.table, [*inspector.get_table_names(), *inspector.get_view_names()])
    table = sa.table(name, schema=schema)
    if connection.dialect.name == "mysql":
        return table_statement(connection, table, source), frozenset()
    sqlite = connection.dialect.name == "sqlite"
    known = inspector.get_columns(name, schema) if sqlite or source.watermark else []
    types = {column["name"]: column["type"] for column in known}
    numeric: frozenset[str] = frozenset()
    if sqlite:
        numeric = frozenset(
            column for column, kind in types.items() if isinstance(kind, sa.Numeric) and not isinstance(kind, sa.Float)
        )
    select: sa.Select[Any] = sa.select(sa.literal_column("*")).select_from(table)
    compiled: Any = bounded(select, source, types, casts=not sqlite).compile(dialect=connection.dialect)
    if not sqlite:
        return Statement(str(compiled), compiled.params), numeric
    return Statement(str(compiled), [compiled.params[name] for name in compiled.positiontup or ()]), numeric


def _columns(names: Sequence[str], rows: Sequence[Any], numeric: frozenset[str]) -> dict[str, Sequence[Any]]:
    columns = dict(zip(names, zip(*rows, strict=True), strict=True))
    return {
        name: [_exact(value) for value in values] if name in numeric else values for name, values in columns.items()
    }


def _exact(value: Any) -> Any:
    """Return a SQLite float as the decimal that was written: the shortest one that parses back to the same float."""
    return Decimal(repr(value)) if isinstance(value, float) else value


FORMAT = SourceFormat(
    name="sql",
    label="a database",
    suffixes=(),
    magic=b"",
    options=frozenset({"table", "query", "since", "until", "missing_values", "types"}),
    read=read_sql,
)
