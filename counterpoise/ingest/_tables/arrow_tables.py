"""Parquet and Arrow files as a snapshot: referenced where they lie, and checked.

They are copied only where a column's type has to be another one, see `table_types`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import pyarrow as pa

from counterpoise.config import SourceConfig
from counterpoise.errors import ConfigError, InputError
from counterpoise.ingest._names import check_names, resolve_column
from counterpoise.ingest._snapshot_files import Content
from counterpoise.ingest._tables.budget import check_arrow, check_parquet, damaged
from counterpoise.ingest._tables.types import carried_schema, retyping_note, write_retyped
from counterpoise.records import SnapshotFile

__all__ = ["reference_tables"]


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
    look = check_parquet if kind == "parquet" else check_arrow
    files, schemas = [], []
    for path, digest in zip(paths, digests, strict=True):
        try:
            schema, rows = look(path)
        except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise
            raise damaged(path, kind, str(error)) from None
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


def _check_equal_schemas(paths: Sequence[Path], schemas: Sequence[pa.Schema]) -> None:
    for path, schema in zip(paths, schemas, strict=True):
        if not schema.equals(schemas[0]):
            fields = sorted(f"{field.name}: {field.type}" for field in set(schema) ^ set(schemas[0]))
            differing = fields or ["the order of columns"]
            raise InputError(
                "different_schemas",
                expected=f"the columns and types of {paths[0].name} in every file",
                found=f"others in {path.name}: {', '.join(differing[:10])}",
                remedy="read files with different columns as different sources",
                values={"files": [paths[0].name, path.name], "columns": differing[:100]},
            )
