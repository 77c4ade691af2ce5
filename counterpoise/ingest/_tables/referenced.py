"""Parquet and Arrow files: the snapshot refers to them in place after checking them.

They are copied only if a column needs a different type, see `_tables/types.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pyarrow as pa

from counterpoise.ingest._names import check_names, resolve_column
from counterpoise.ingest._snapshot_files import Content
from counterpoise.ingest._source_format import ReadJob
from counterpoise.ingest._stored_index import named_index_notes, separation_note, without_index
from counterpoise.ingest._tables.budget import damaged
from counterpoise.ingest._tables.common_schema import common_schema
from counterpoise.ingest._tables.types import carried_schema, has_null_entry, retyping_note, write_retyped
from counterpoise.records import SnapshotFile


@dataclass(frozen=True)
class TableFiles:
    """The functions that check and read files of one kind.

    Attributes:
        kind: Parquet, or Arrow IPC files (Feather version 2).
        check: Checks a file and returns its schema and number of rows.
        batches: Yields the rows of a file, with all its columns or those of the second argument.
    """

    kind: Literal["parquet", "arrow"]
    check: Callable[[Path], tuple[pa.Schema, int]]
    batches: Callable[..., Iterator[pa.RecordBatch]]


def reference_tables(job: ReadJob, files: TableFiles) -> Content:
    """Return Parquet or Arrow files as content in place.

    If the files differ in form, a column's type is not supported, or pandas stored an index that the configuration does
    not name, the files are replaced by copies that hold the same values, and the content carries notes.

    Raises:
        InputError: A file is damaged, its columns differ from the others', a row group does not fit in memory, or no
            supported type holds a column's values exactly.
    """
    checked = [_check(path, digest, files) for path, digest in zip(job.paths, job.digests, strict=True)]
    schemas = [schema for schema, _ in checked]
    for schema in schemas:
        check_names(schema.names)
    common = common_schema(job.paths, schemas, lambda number, name: _is_empty(files.batches(job.paths[number], [name])))
    found = set().union(*(_null_entries(path, schema, files) for path, schema in zip(job.paths, schemas, strict=True)))
    carried = carried_schema(common, decoded=found)
    kept, notes = without_index(carried, job)
    notes += named_index_notes(kept, job)
    target = resolve_column([*kept.names, *job.elsewhere], job.target)
    if all(kept.equals(schema) for schema in schemas) and not found:
        return Content(tuple(file for _, file in checked), schemas[0], notes=notes)
    copies = [
        write_retyped(files.batches(path), kept, name=path.name, out=job.folder / f"retyped-{number:04d}.parquet")
        for number, path in enumerate(job.paths)
    ]
    notes += (retyping_note(common, carried),) if not carried.equals(common) else ()
    return Content(tuple(copies), kept, notes=(*notes, *_separation(kept, carried, target, job, files)))


def _is_empty(column: Iterator[pa.RecordBatch]) -> bool:
    return all(batch.column(0).null_count == batch.num_rows for batch in column)


def _null_entries(path: Path, schema: pa.Schema, files: TableFiles) -> set[str]:
    """Return the columns whose dictionaries have a null entry: in Arrow files only, as Parquet cannot hold one."""
    names = [field.name for field in schema if "dictionary" in str(field.type)] if files.kind == "arrow" else []
    found: set[str] = set()
    for batch in files.batches(path, names) if names else ():
        found |= {name for name in names if name not in found and has_null_entry(batch.column(name))}
        if len(found) == len(names):
            break
    return found


def _separation(kept: pa.Schema, carried: pa.Schema, target: str, job: ReadJob, files: TableFiles) -> Iterator[str]:
    """Yield a note for each index that is not read although its order alone separates the classes."""
    for name in carried.names if target in kept.names else ():
        if name not in kept.names:
            columns = [
                (batch.column(0), batch.column(1))
                for path in job.paths
                for batch in files.batches(path, [name, target])
            ]
            yield from separation_note(name, columns)


def _check(path: Path, digest: str, files: TableFiles) -> tuple[pa.Schema, SnapshotFile]:
    try:
        schema, rows = files.check(path)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise damaged(path, files.kind, str(error)) from None
    return schema, SnapshotFile(path=str(path), format=files.kind, rows=rows, bytes=path.stat().st_size, sha256=digest)
