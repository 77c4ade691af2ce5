"""Parquet and Arrow files as a snapshot: referenced where they lie, and checked.

They are copied only where a column's type has to be another one, see `_tables/types.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pyarrow as pa

from counterpoise.ingest._names import check_equal, check_names, resolve_column
from counterpoise.ingest._snapshot_files import Content
from counterpoise.ingest._source_format import ReadJob
from counterpoise.ingest._tables.budget import damaged
from counterpoise.ingest._tables.types import carried_schema, retyping_note, write_retyped
from counterpoise.records import SnapshotFile

__all__ = ["TableFiles", "reference_tables"]


@dataclass(frozen=True)
class TableFiles:
    """How files of one kind are looked at and read.

    Attributes:
        kind: Parquet, or Arrow IPC files (Feather version 2).
        look: Checks a file, and returns its schema and its number of rows.
        batches: Yields the rows of a file.
    """

    kind: Literal["parquet", "arrow"]
    look: Callable[[Path], tuple[pa.Schema, int]]
    batches: Callable[[Path], Iterator[pa.RecordBatch]]


def reference_tables(job: ReadJob, files: TableFiles) -> Content:
    """Return the content of Parquet or Arrow files, which stay where they are.

    Where a column's type is not carried as it is, copies of the files with another type that holds the same values
    stand in for them, and a note says so.

    Raises:
        InputError: A file is damaged, its columns differ from the others', a row group would not fit in memory, or
            values are of a type that cannot be carried exactly.
    """
    looked = [_look(path, digest, files) for path, digest in zip(job.paths, job.digests, strict=True)]
    schemas = [schema for schema, _ in looked]
    check_names(schemas[0].names)
    resolve_column(schemas[0].names, job.target)
    check_equal(job.paths, [list(map(_description, schema)) for schema in schemas])
    carried = carried_schema(schemas[0])
    if carried.equals(schemas[0]):
        return Content(tuple(file for _, file in looked), schemas[0])
    copies = [
        write_retyped(files.batches(path), carried, name=path.name, out=job.folder / f"retyped-{number:04d}.parquet")
        for number, path in enumerate(job.paths)
    ]
    return Content(tuple(copies), carried, notes=(retyping_note(schemas[0], carried),))


def _look(path: Path, digest: str, files: TableFiles) -> tuple[pa.Schema, SnapshotFile]:
    try:
        schema, rows = files.look(path)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise damaged(path, files.kind, str(error)) from None
    return schema, SnapshotFile(path=str(path), format=files.kind, rows=rows, bytes=path.stat().st_size, sha256=digest)


def _description(field: pa.Field) -> str:
    return f"{field.name}: {field.type}{'' if field.nullable else ' not null'}"
