"""Parquet and Arrow files: the snapshot refers to them in place after checking them.

They are copied only if a column needs a different type, see `_tables/types.py`.
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


@dataclass(frozen=True)
class TableFiles:
    """The functions that check and read files of one kind.

    Attributes:
        kind: Parquet, or Arrow IPC files (Feather version 2).
        check: Checks a file and returns its schema and number of rows.
        batches: Yields the rows of a file.
    """

    kind: Literal["parquet", "arrow"]
    check: Callable[[Path], tuple[pa.Schema, int]]
    batches: Callable[[Path], Iterator[pa.RecordBatch]]


def reference_tables(job: ReadJob, files: TableFiles) -> Content:
    """Return Parquet or Arrow files as content in place.

    If a column's type is not supported, the files are replaced by copies with another type that holds the same values,
    and the content carries a note.

    Raises:
        InputError: A file is damaged, its columns differ from the others', a row group does not fit in memory, or no
            supported type holds a column's values exactly.
    """
    checked = [_check(path, digest, files) for path, digest in zip(job.paths, job.digests, strict=True)]
    schemas = [schema for schema, _ in checked]
    check_names(schemas[0].names)
    resolve_column(schemas[0].names, job.target)
    check_equal(job.paths, [list(map(_description, schema)) for schema in schemas])
    carried = carried_schema(schemas[0])
    if carried.equals(schemas[0]):
        return Content(tuple(file for _, file in checked), schemas[0])
    copies = [
        write_retyped(files.batches(path), carried, name=path.name, out=job.folder / f"retyped-{number:04d}.parquet")
        for number, path in enumerate(job.paths)
    ]
    return Content(tuple(copies), carried, notes=(retyping_note(schemas[0], carried),))


def _check(path: Path, digest: str, files: TableFiles) -> tuple[pa.Schema, SnapshotFile]:
    try:
        schema, rows = files.check(path)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise damaged(path, files.kind, str(error)) from None
    return schema, SnapshotFile(path=str(path), format=files.kind, rows=rows, bytes=path.stat().st_size, sha256=digest)


def _description(field: pa.Field) -> str:
    return f"{field.name}: {field.type}{'' if field.nullable else ' not null'}"
