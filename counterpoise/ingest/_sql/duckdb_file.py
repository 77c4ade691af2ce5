"""DuckDB files: opened read-only, without access to other files or the network, with the types that they have."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from counterpoise.config import SourceConfig
from counterpoise.errors import ColumnNotFoundError, InputError
from counterpoise.ingest._snapshot_files import Content
from counterpoise.ingest._source_format import ReadJob
from counterpoise.ingest._sql.connection import database_refused
from counterpoise.ingest._sql.database_url import DatabaseUrl
from counterpoise.ingest._sql.statements import LONGEST_CELL, cell_too_long, no_rows, no_table, not_read_only
from counterpoise.ingest._tables.streamed import as_text_note, with_note, write_rows

if TYPE_CHECKING:
    import duckdb

_MEMORY = "1GB"
_BATCH_ROWS = 8_192
_EXACT = frozenset(
    {"boolean", "tinyint", "smallint", "integer", "bigint", "utinyint", "usmallint", "uinteger", "ubigint", "float",
     "double", "decimal", "varchar", "json", "uuid", "enum", "blob", "date", "time", "timestamp", "timestamp_s",
     "timestamp_ms", "timestamp_ns", "timestamp with time zone"}
)  # fmt: skip
"""Types whose values Arrow holds exactly; of a time with an offset, for example, it would lose the offset."""
_HUGE = frozenset({"hugeint", "uhugeint"})
_NESTED = frozenset({"list", "array", "struct", "map"})
_INFINITE = {32: (-(2**31) + 1, 2**31 - 1), 64: (-(2**63) + 1, 2**63 - 1)}
_DAY = 86_400_000_000


def read_duckdb(job: ReadJob, address: DatabaseUrl) -> Content:
    """Read a table or query of a DuckDB file into one Parquet file.

    Raises:
        InputError: There is no such file or table, the query would do something else than read, or a value is infinite
            or too long.
    """
    import duckdb

    source = job.source
    path = _existing(address.url.database or "")
    try:
        with _opened(path, job.folder) as connection:
            relation = _relation(connection, source)
            columns = _columns(relation)
            texts = {name: str(kind) for name, kind in columns if kind.id not in _HUGE and not _is_exact(kind)}
            reader = relation.project(", ".join(_cells(relation, texts))).to_arrow_reader(_BATCH_ROWS)
            content = write_rows(job, reader.schema, _checked(reader), name=path.name)
    except duckdb.Error as error:
        raise database_refused(error, address, source) from None
    if not content.files[0].rows:
        raise no_rows(source.table, bounded_by=source.watermark if source.since or source.until else "")
    return with_note(content, as_text_note(texts) if texts else "")


def _existing(name: str) -> Path:
    path = Path(name)
    if not name or name == ":memory:" or "\0" in name or not path.is_file():
        raise InputError(
            "source_not_found",
            expected="a DuckDB file",
            found=f"nothing at {name!r}",
            remedy="correct source.url; duckdb:////absolute/path has four slashes",
            values={"path": name},
        )
    return path


@contextmanager
def _opened(path: Path, folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a database that can only be read, with settings that a query cannot change."""
    import duckdb

    config = {
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "enable_external_access": "false",
        "memory_limit": _MEMORY,
        "temp_directory": str(folder / "spill"),
    }
    with duckdb.connect(path, read_only=True, config=config) as connection:
        for setting in ("TimeZone = 'UTC'", "enable_progress_bar = false", "lock_configuration = true"):
            connection.execute(f"SET {setting}")
        yield connection


def _relation(connection: duckdb.DuckDBPyConnection, source: SourceConfig) -> duckdb.DuckDBPyRelation:
    """Return what is read, without reading it."""
    import duckdb

    if not source.query:
        return _table(connection, source)
    statements = connection.extract_statements(source.query)
    kinds = [each.type for each in statements]
    if kinds != [duckdb.StatementType.SELECT]:
        raise not_read_only(f"execute {', '.join(kind.name for kind in kinds) or 'nothing'}, not one SELECT")
    return connection.sql(source.query)


def _table(connection: duckdb.DuckDBPyConnection, source: SourceConfig) -> duckdb.DuckDBPyRelation:
    known = connection.execute(
        "SELECT table_schema, table_name FROM information_schema.tables WHERE table_catalog = current_database() "
        "ORDER BY ALL"
    ).fetchall()
    names = {f"{schema}.{name}": (schema, name) for schema, name in known}
    names |= {name: ("main", name) for schema, name in known if schema == "main"}
    if source.table not in names:
        shown = [name if schema == "main" else f"{schema}.{name}" for schema, name in known]
        raise no_table(source.table, shown)
    everything = f"FROM {'.'.join(map(_quoted, names[source.table]))}"
    if not source.watermark:
        return connection.sql(everything)
    kinds = dict(_columns(connection.sql(everything)))
    if source.watermark not in kinds:
        raise ColumnNotFoundError.from_names([source.watermark], list(kinds), field="source.watermark")
    mark, kind = _quoted(source.watermark), kinds[source.watermark]
    bounds = [(f"{mark} {sign} CAST(? AS {kind})", text) for sign, text in ((">=", source.since), ("<", source.until))]
    given = [(condition, text) for condition, text in bounds if text]
    where = f" WHERE {' AND '.join(condition for condition, _ in given)}" if given else ""
    return connection.sql(f"{everything}{where} ORDER BY {mark}", params=[text for _, text in given])


def _columns(relation: duckdb.DuckDBPyRelation) -> list[tuple[str, Any]]:
    return list(zip(relation.columns, relation.types, strict=True))


def _cells(relation: duckdb.DuckDBPyRelation, texts: dict[str, str]) -> Iterator[str]:
    """Yield the expression of each column: as it is, as text, or as an exact number where Arrow's would not be."""
    for name, kind in _columns(relation):
        if name in texts:
            yield f"CAST({_quoted(name)} AS VARCHAR) AS {_quoted(name)}"
        elif kind.id in _HUGE:
            yield f"CAST({_quoted(name)} AS DECIMAL(38, 0)) AS {_quoted(name)}"
        else:
            yield _quoted(name)


def _is_exact(kind: Any) -> bool:
    """Return whether Arrow holds all values of a type exactly."""
    if kind.id in _NESTED:
        return all(_is_exact(inner) for _, inner in kind.children if not isinstance(inner, int))
    return kind.id in _EXACT


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _checked(reader: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
    """Yield batches without values that Arrow cannot hold: DuckDB passes infinite dates on as very large ones."""
    first_row = 0
    for batch in reader:
        for name, column in zip(batch.schema.names, batch.columns, strict=True):
            for leaf in _leaves(column):
                _check(leaf, name, first_row)
        yield batch
        first_row += batch.num_rows


def _leaves(column: pa.Array) -> Iterator[pa.Array]:
    kind = column.type
    if pa.types.is_struct(kind):
        for inner in column.flatten():
            yield from _leaves(inner)
    elif pa.types.is_map(kind):
        yield from _leaves(column.keys)
        yield from _leaves(column.items)
    elif pa.types.is_nested(kind):
        yield from _leaves(column.flatten())
    else:
        yield column


def _check(values: pa.Array, name: str, first_row: int) -> None:
    kind = values.type
    if pa.types.is_string(kind) or pa.types.is_binary(kind):
        long = pc.greater(pc.binary_length(values), LONGEST_CELL)
        if pc.any(long).as_py():
            raise cell_too_long(name, first_row + pc.index(long, True).as_py() + 1)
    elif pa.types.is_temporal(kind):
        least, most = (-1, _DAY) if pa.types.is_time(kind) else _INFINITE[kind.bit_width]
        numbers = values.view(pa.int32() if kind.bit_width == 32 else pa.int64())
        outside = pc.or_(pc.less_equal(numbers, least), pc.greater_equal(numbers, most))
        if pc.any(outside).as_py():
            raise InputError(
                "infinite_time",
                expected=f"dates and times that are finite, and times of day before 24:00, in column {name!r}",
                found="infinity, -infinity or 24:00:00",
                remedy="write a missing value for them in source.query, such as CASE WHEN isfinite(day) THEN day END",
                values={"column": name},
            )
