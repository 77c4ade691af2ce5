"""Reading a snapshot: narrow columns whole, wide rows a batch at a time.

A batch is the unit of reading: a slice of one row group (or of one record batch of an Arrow file). Batches are
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

__all__ = [
    "BATCH_ROWS",
    "RowGroup",
    "SnapshotReader",
    "absolute_paths",
    "batch_rows",
    "check_unchanged",
    "row_bytes",
    "settled_stamp",
]

BATCH_ROWS = 131_072
"""The most rows of a batch."""

_BATCH_BYTES = 32 * 2**20
_FEWEST_ROWS = 4_096

_SETTLED_NS = 2_000_000_000
"""Coarse clocks of file systems count in two seconds."""


def row_bytes(schema: pa.Schema) -> int:
    """Return about how many bytes a row takes in memory: texts are taken for 32 bytes."""
    widths = [field.type.bit_width // 8 or 1 if pa.types.is_primitive(field.type) else 32 for field in schema]
    return max(1, sum(widths))


def batch_rows(width: float) -> int:
    """Return how many rows of a width in bytes are handled at a time: fewer where they are wide.

    >>> batch_rows(8), batch_rows(3200)
    (131072, 10485)
    """
    return min(BATCH_ROWS, max(_FEWEST_ROWS, int(_BATCH_BYTES // max(1, width))))


@contextmanager
def _damage_named(path: Path, group: int | None = None) -> Iterator[None]:
    """Raise what cannot be decoded as an error that names the file: it was whole when it was ingested.

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
            expected=f"{path.name} to be as whole as when the run began",
            found=f"{at}, cannot be read ({(str(error).splitlines() or ['damaged'])[0]})",
            remedy="copy or write the file again, and look after the disk; nothing was published",
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
        while True:  # whoever reads batches has several readers at work: more threads only get in their way
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
    """Where a row group lies: file and group index, its first snapshot row and its number of rows."""

    file: int
    group: int
    first_row: int
    rows: int


class SnapshotReader:
    """Reads the rows of a snapshot; each thread needs a reader of its own, because Parquet files are not shared.

    Args:
        snapshot: What to read. Its files are opened on first use.
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
        """All row groups in row order, empty ones left out."""
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
        """Yield a row group's rows in order, at most as many at a time as `batch_rows` says."""
        rows = batch_rows(row_bytes(self.subschema(columns)))
        for table in self._sources[group.file].iter_group(group.group, columns, rows):
            yield self._conform(table, columns)

    def _conform(self, table: pa.Table, columns: Sequence[str] | None) -> pa.Table:
        """Return the table with the snapshot's schema: files may differ in metadata and dictionaries."""
        wanted = self.subschema(columns)
        table = table.select(wanted.names)
        return table if table.schema.equals(wanted, check_metadata=True) else table.cast(wanted)

    def subschema(self, columns: Sequence[str] | None) -> pa.Schema:
        """Return the schema of some columns, without the file's metadata."""
        return pa.schema([self.schema.field(name) for name in (self.schema.names if columns is None else columns)])

    def read_columns(self, columns: Sequence[str]) -> pa.Table:
        """Return whole columns, one row a snapshot row, in row order."""
        schema = self.subschema(columns)
        tables = [self.read_group(group, columns) for group in self.row_groups]
        return pa.concat_tables(tables) if tables else schema.empty_table()

    def iter_groups(self, columns: Sequence[str] | None = None) -> Iterator[tuple[int, pa.Table]]:
        """Yield (first row, rows) for each row group in row order."""
        for group in self.row_groups:
            yield group.first_row, self.read_group(group, columns)

    def read_rows(self, rows: np.ndarray, columns: Sequence[str] | None = None) -> pa.Table:
        """Return the given rows in ascending order.

        Args:
            rows: Snapshot row numbers, int64, strictly ascending.
            columns: The columns to read; all by default.
        """
        schema = self.subschema(columns)
        parts = []
        for group in self.row_groups:
            low, high = np.searchsorted(rows, [group.first_row, group.first_row + group.rows])
            if low < high:
                parts.append(self.read_group(group, columns).take(pa.array(rows[low:high] - group.first_row)))
        return pa.concat_tables(parts) if parts else schema.empty_table()


def absolute_paths(snapshot: Snapshot) -> Snapshot:
    """Return a snapshot that can be read from another working directory."""
    files = (file.model_copy(update={"path": str(Path(file.path).absolute())}) for file in snapshot.files)
    return snapshot.model_copy(update={"files": tuple(files)})


def settled_stamp(path: Path) -> FileStamp | None:
    """Return a file's stamp, or None if it was changed a moment ago.

    A change right after another may leave all times as they are, so that a young file's stamp proves nothing: the same
    rule as that of Git's index for "racily clean" files.
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
    """Check that the files of a snapshot are still the bytes that were ingested.

    Raises:
        InputError: A file was changed, replaced or removed meanwhile.
    """
    for file in snapshot.files:
        path = Path(file.path)
        if not path.is_file() or not _is_unchanged(file, path):
            raise InputError(
                "source_changed",
                expected=f"{path.name} to stay as it was when the run began",
                found="other content" if path.is_file() else "no such file",
                remedy="run again when nobody writes to the source; nothing was published",
                values={"file": path.name},
            )


def _is_unchanged(file: SnapshotFile, path: Path) -> bool:
    """Return whether a file has kept its stamp or, where that does not tell, its size and digest."""
    if file.stamp is not None and settled_stamp(path) == file.stamp:
        return True
    return path.stat().st_size == file.bytes and file_sha256(path) == file.sha256
