"""Parquet and Arrow files as a snapshot: referenced where they lie, and checked.

They are copied only where a column's type has to be another one, see `table_types`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import pyarrow as pa
import pyarrow.parquet as pq

from counterpoise.core.config import SourceConfig
from counterpoise.core.errors import ConfigError, InputError
from counterpoise.core.ingest.names import check_names, resolve_column
from counterpoise.core.ingest.snapshot_files import Content
from counterpoise.core.ingest.table_types import carried_schema, retyping_note, write_retyped
from counterpoise.core.ingest.text_engine import quoted_path
from counterpoise.core.records import SnapshotFile

__all__ = ["reference_tables"]

_GROUP_BYTES = 2 << 30


def reference_tables(
    paths: Sequence[Path],
    digests: Sequence[str],
    source: SourceConfig,
    *,
    kind: Literal["parquet", "arrow"],
    target: str,
    folder: Path,
) -> Content:
    """Return the content of Parquet or Arrow files, which stay where they are.

    Where a column's type is not carried as it is, copies of the files with another type that holds the same values
    stand in for them, and a note says so.

    Args:
        paths: The files.
        digests: Their SHA-256.
        source: Missing values and types must be left as they are: the files have their own.
        kind: Parquet, or Arrow IPC files (Feather version 2).
        target: The label's column: its name or its position.
        folder: Where copies are written.

    Raises:
        InputError: A file is damaged, its columns differ from the others', a row group would not fit in memory, or
            values are of a type that cannot be carried exactly.
        ConfigError: Missing values or types are declared.
    """
    _check_options(source)
    look = _look_at_parquet if kind == "parquet" else _look_at_arrow
    files, schemas = [], []
    for path, digest in zip(paths, digests, strict=True):
        try:
            schema, rows = look(path)
        except (pa.ArrowException, OSError) as error:
            raise _damaged(path, kind, error) from None
        schemas.append(schema)
        files.append(SnapshotFile(path=str(path), format=kind, rows=rows, bytes=path.stat().st_size, sha256=digest))
    check_names(schemas[0].names)
    resolve_column(schemas[0].names, target)
    _check_equal_schemas(paths, schemas)
    carried = carried_schema(schemas[0])
    if carried.equals(schemas[0]):
        return Content(tuple(files), schemas[0])
    copies = [
        write_retyped(path, kind=kind, schema=carried, out=folder / f"retyped-{number:04d}.parquet")
        for number, path in enumerate(paths)
    ]
    return Content(tuple(copies), carried, notes=(retyping_note(schemas[0], carried),))


def _look_at_parquet(path: Path) -> tuple[pa.Schema, int]:
    with pq.ParquetFile(path) as file:
        _check_group_bytes(path, file)
        return file.schema_arrow, file.metadata.num_rows


def _look_at_arrow(path: Path) -> tuple[pa.Schema, int]:
    with pa.memory_map(str(path)) as memory, pa.ipc.open_file(memory) as reader:
        rows = sum(reader.get_batch(number).num_rows for number in range(reader.num_record_batches))
        return reader.schema, rows


def _check_options(source: SourceConfig) -> None:
    tokens = [token for token in source.missing_values if token.strip()]
    if tokens or source.types:
        field = "source.types" if source.types else "source.missing_values"
        raise ConfigError(
            "option_not_applicable",
            expected=f"no {field} with Parquet or Arrow files, which have their own types and nulls",
            found=f"{field}: {', '.join(source.types or tokens)}",
            remedy=f"remove {field}, or convert the files first",
            values={"field": field},
        )


def _check_group_bytes(path: Path, file: pq.ParquetFile) -> None:
    """Refuse a row group that decodes to more than two gigabytes: small files can hold huge repeated texts."""
    fixed = sum(_fixed_bytes(field.type) for field in file.schema_arrow)
    width = fixed + _text_bytes_a_row(path, file)
    for number in range(file.metadata.num_row_groups):
        group = file.metadata.row_group(number)
        decoded = max(group.total_byte_size, int(group.num_rows * width))
        if decoded > _GROUP_BYTES:
            raise InputError(
                "row_group_too_large",
                expected=f"row groups that decode to at most {_GROUP_BYTES >> 30} GiB",
                found=f"about {decoded / (1 << 30):.1f} GiB in row group {number} of {path.name}",
                remedy="write the file again with smaller row groups",
                values={"file": path.name, "row_group": number, "bytes": decoded},
            )


def _fixed_bytes(kind: pa.DataType) -> float:
    try:
        return float(kind.bit_width) / 8
    except ValueError:
        return 4.0


def _text_bytes_a_row(path: Path, file: pq.ParquetFile) -> float:
    """Return how many bytes the texts of a row have on average; DuckDB adds lengths up without decoding repeats."""
    import duckdb

    texts = [
        '"' + field.name.replace('"', '""') + '"'
        for field in file.schema_arrow
        if pa.types.is_string(field.type) or pa.types.is_large_string(field.type)
    ]
    if not texts or not file.metadata.num_rows:
        return 0.0
    lengths = " + ".join(f"coalesce(sum(strlen({text})), 0)" for text in texts)
    config = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false", "memory_limit": "1GB"}
    with duckdb.connect(":memory:", config=config) as connection:
        try:
            sql = f"SELECT {lengths} FROM read_parquet([{quoted_path(path)}])"  # noqa: S608  # all names are quoted
            row = connection.execute(sql).fetchone()
        except duckdb.Error as error:
            raise _damaged(path, "parquet", error) from None
    return float(row[0]) / file.metadata.num_rows if row else 0.0


def _check_equal_schemas(paths: Sequence[Path], schemas: Sequence[pa.Schema]) -> None:
    for path, schema in zip(paths, schemas, strict=True):
        if not schema.equals(schemas[0]):
            differing = [str(field) for field in set(schema) ^ set(schemas[0])] or ["the order of columns"]
            raise InputError(
                "different_schemas",
                expected=f"the columns and types of {paths[0].name} in every file",
                found=f"others in {path.name}: {', '.join(sorted(differing)[:10])}",
                remedy="read files with different columns as different sources",
                values={"files": [paths[0].name, path.name], "columns": sorted(differing)[:100]},
            )


def _damaged(path: Path, kind: str, error: Exception) -> InputError:
    return InputError(
        "unreadable_table",
        expected=f"a complete {kind} file",
        found=f"{path.name} cannot be opened ({str(error).splitlines()[0]})",
        remedy="copy or write the file again",
        values={"file": path.name},
    )
