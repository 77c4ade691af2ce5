"""Read a snapshot: narrow columns as a whole, wide rows in batches.

A batch, the unit of reading, is a slice of one row group (or of one record batch of an Arrow file). Batches are
numbered in row order over all files.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from counterpoise.errors import InputError
from counterpoise.records import FileStamp, Snapshot, SnapshotFile
from counterpoise.runtime import file_sha256

BATCH_ROWS = 131_072
"""The maximum number of rows in a batch."""

_BATCH_BYTES = 32 * 2**20
_FEWEST_ROWS = 4_096

_SETTLED_NS = 2_000_000_000
"""The coarsest file systems record times in steps of two seconds."""


def row_bytes(schema: pa.Schema) -> int:
    """Return the approximate size of a row in memory in bytes; texts count as 32 bytes."""
    widths = [field.type.bit_width // 8 or 1 if pa.types.is_primitive(field.type) else 32 for field in schema]
    return max(1, sum(widths))


def batch_rows(width: float) -> int:
    """Return the number of rows to process at a time, given their width in bytes; fewer if they are wide.

    >>> batch_rows(8), batch_rows(3200)
    (131072, 10485)
    """
    return min(BATCH_ROWS, max(_FEWEST_ROWS, int(_BATCH_BYTES // max(1, width))))


@contextmanager
def _damage_named(path: Path, group: int | None = None) -> Iterator[None]:
    """Turn a decoding failure into an error that names the file, which was intact when it was ingested.

    Raises:
        InputError: The bytes cannot be decoded.
    """
    try:
        yield
    except (pa.ArrowException, OSError) as error:
        if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno is not None):
            raise
        at = path.name if group is None else f"{path.name}, row group {group}"
        raise InputError(
            "unreadable_table",
            expected=f"{path.name} as intact as when the run started",
            found=f"{at}, cannot be read ({(str(error).splitlines() or ['damaged'])[0]})",
            remedy="copy or write the file again, and check the disk; nothing was published",
            values={"file": path.name, "row_group": group},
        ) from None


class _Source(Protocol):
    """One open data file."""

    schema: pa.Schema

    def group_rows(self) -> list[int]: ...

    def read_group(self, group: int, columns: Sequence[str] | None) -> pa.Table: ...

    def iter_group(self, group: int, columns: Sequence[str], rows: int) -> Iterator[pa.Table]: ...


class _ParquetSource:
    def __init__(self, file: SnapshotFile) -> None:
        self._path = Path(file.path)
        with _damage_named(self._path):
            self._file = pq.ParquetFile(file.path)
        self.schema = self._file.schema_arrow

    def group_rows(self) -> list[int]:
        metadata = self._file.metadata
        return [metadata.row_group(group).num_rows for group in range(metadata.num_row_groups)]

    def read_group(self, group: int, columns: Sequence[str] | None) -> pa.Table:
        with _damage_named(self._path, group):
            return self._file.read_row_group(group, columns=None if columns is None else list(columns))

    def iter_group(self, group: int, columns: Sequence[str], rows: int) -> Iterator[pa.Table]:
        batches = self._file.iter_batches(rows, row_groups=[group], columns=list(columns), use_threads=False)
        while True:  # callers run several readers in parallel, so more threads would only compete with them
            with _damage_named(self._path, group):
                batch = next(batches, None)
            if batch is None:
                return
            yield pa.Table.from_batches([batch])


class _ArrowSource:
    def __init__(self, file: SnapshotFile) -> None:
        self._path = Path(file.path)
        with _damage_named(self._path):
            self._reader = pa.ipc.open_file(pa.memory_map(file.path))
        self.schema = self._reader.schema

    def group_rows(self) -> list[int]:
        return [self._batch(group).num_rows for group in range(self._reader.num_record_batches)]

    def _batch(self, group: int) -> pa.RecordBatch:
        with _damage_named(self._path, group):
            return self._reader.get_batch(group)

    def read_group(self, group: int, columns: Sequence[str] | None) -> pa.Table:
        table = pa.Table.from_batches([self._batch(group)], schema=self.schema)
        return table if columns is None else table.select(list(columns))

    def iter_group(self, group: int, columns: Sequence[str], rows: int) -> Iterator[pa.Table]:
        table = self.read_group(group, columns)
        for start in range(0, table.num_rows, rows):
            yield table.slice(start, rows)


@dataclass(frozen=True)
class RowGroup:
    """The location of a row group: file and group index, first snapshot row and number of rows."""

    file: int
    group: int
    first_row: int
    rows: int


class SnapshotReader:
    """Reads the rows of a snapshot; each thread needs its own reader, because Parquet files cannot be shared.

    Args:
        snapshot: The snapshot to read. Its files are opened on first use.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot

    @cached_property
    def _sources(self) -> list[_Source]:
        return [
            _ParquetSource(file) if file.format == "parquet" else _ArrowSource(file) for file in self.snapshot.files
        ]

    @cached_property
    def schema(self) -> pa.Schema:
        """The Arrow schema of the first file; ingest has checked that the others agree."""
        if not self._sources:
            raise InputError(
                "no_files", expected="a snapshot with files", found="none", remedy="ingest the source again"
            )
        return self._sources[0].schema

    @cached_property
    def row_groups(self) -> list[RowGroup]:
        """All row groups in row order, without empty ones."""
        groups, first = [], 0
        for number, source in enumerate(self._sources):
            for group, rows in enumerate(source.group_rows()):
                if rows:
                    groups.append(RowGroup(number, group, first, rows))
                first += rows
        return groups

    def read_group(self, group: RowGroup, columns: Sequence[str] | None = None) -> pa.Table:
        """Return the rows of one row group, in order."""
        return self._conform(self._sources[group.file].read_group(group.group, columns), columns)

    def iter_batches(self, group: RowGroup, columns: Sequence[str]) -> Iterator[pa.Table]:
        """Yield a row group's rows in order, in batches of at most `batch_rows` rows."""
        rows = batch_rows(row_bytes(self.subschema(columns)))
        for table in self._sources[group.file].iter_group(group.group, columns, rows):
            yield self._conform(table, columns)

    def _conform(self, table: pa.Table, columns: Sequence[str] | None) -> pa.Table:
        """Cast the table to the snapshot's schema; files may differ in metadata and dictionaries."""
        wanted = self.subschema(columns)
        table = table.select(wanted.names)
        return table if table.schema.equals(wanted, check_metadata=True) else table.cast(wanted)

    def subschema(self, columns: Sequence[str] | None) -> pa.Schema:
        """Return the schema of some columns, without the file's metadata."""
        return pa.schema([self.schema.field(name) for name in (self.schema.names if columns is None else columns)])

    def read_columns(self, columns: Sequence[str]) -> pa.Table:
        """Return whole columns, with one row per snapshot row in row order."""
        schema = self.subschema(columns)
        tables = [self.read_group(group, columns) for group in self.row_groups]
        return pa.concat_tables(tables) if tables else schema.empty_table()

    def iter_groups(self, columns: Sequence[str] | None = None) -> Iterator[tuple[int, pa.Table]]:
        """Yield (first row, rows) for each row group in row order."""
        for group in self.row_groups:
            yield group.first_row, self.read_group(group, columns)

    def read_rows(self, rows: np.ndarray, columns: Sequence[str] | None = None) -> pa.Table:
        """Return the given rows in the given order.

        Args:
            rows: Snapshot row numbers, int64, each once; ascending ones need no copy.
            columns: The columns to read; all by default.
        """
        if (rows[1:] < rows[:-1]).any():
            order = np.argsort(rows)
            back = np.empty_like(order)
            back[order] = np.arange(len(order))
            return self.read_rows(rows[order], columns).take(pa.array(back))
        schema = self.subschema(columns)
        parts = []
        for group in self.row_groups:
            low, high = np.searchsorted(rows, [group.first_row, group.first_row + group.rows])
            if low < high:
                parts.append(self.read_group(group, columns).take(pa.array(rows[low:high] - group.first_row)))
        return pa.concat_tables(parts) if parts else schema.empty_table()


def absolute_paths(snapshot: Snapshot) -> Snapshot:
    """Return a snapshot with absolute paths, which can be read from another working directory."""
    files = (file.model_copy(update={"path": str(Path(file.path).absolute())}) for file in snapshot.files)
    return snapshot.model_copy(update={"files": tuple(files)})


def settled_stamp(path: Path) -> FileStamp | None:
    """Return a file's stamp, or None if the file has just changed.

    Two changes in quick succession may leave the same times, so the stamp of a recently written file proves nothing.
    Git's index applies the same rule to "racily clean" files.
    """
    stat = path.stat()
    if time.time_ns() - max(stat.st_mtime_ns, stat.st_ctime_ns) < _SETTLED_NS:
        return None
    return FileStamp(
        device=stat.st_dev,
        inode=stat.st_ino,
        bytes=stat.st_size,
        modified=stat.st_mtime_ns,
        changed=stat.st_ctime_ns,
    )


def check_unchanged(snapshot: Snapshot) -> None:
    """Check that the files of a snapshot still have the bytes that were ingested.

    Raises:
        InputError: A file was changed, replaced or removed in the meantime.
    """
    for file in snapshot.files:
        path = Path(file.path)
        if not path.is_file() or not _is_unchanged(file, path):
            raise InputError(
                "source_changed",
                expected=f"{path.name} unchanged since the run started",
                found="different content" if path.is_file() else "no such file",
                remedy="run again when nothing writes to the source; nothing was published",
                values={"file": path.name},
            )


def _is_unchanged(file: SnapshotFile, path: Path) -> bool:
    """Return whether a file still has its stamp or, if that is inconclusive, its size and digest."""
    if file.stamp is not None and settled_stamp(path) == file.stamp:
        return True
    return path.stat().st_size == file.bytes and file_sha256(path) == file.sha256
