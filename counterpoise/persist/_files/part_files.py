"""Write and check the Parquet files of a version."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import Executor, Future, wait
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import pyarrow as pa
import pyarrow.parquet as pq

from counterpoise.errors import IntegrityError
from counterpoise.runtime import file_sha256, unreadable_for_the_system

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_BUFFER_BYTES = 1 << 20
_SPLIT = "BYTE_STREAM_SPLIT"


@dataclass(frozen=True)
class PartFile:
    """A written file: its rows, size in bytes and SHA-256."""

    path: Path
    rows: int
    bytes: int
    sha256: str


class _DigestedFile(io.FileIO):
    """A new file that computes its SHA-256 as it is written."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "xb")
        self.sha256 = hashlib.sha256()

    def write(self, content: ReadableBuffer, /) -> int:
        written = super().write(content)
        self.sha256.update(memoryview(content)[:written])
        return written


class PartWriter:
    """Write a Parquet file durably, with page checksums and one row group per `write` call.

    Finished data is synced in the background while more is produced, so little remains to sync at the end.

    Args:
        path: The file; it must not exist yet.
        schema: The Arrow schema, stored unchanged.
        compression_level: The zstd level.
        disk: Executor that runs the syncs.
        distinct: Integer columns with few repeated values; they are written without a dictionary.
    """

    def __init__(
        self, path: Path, schema: pa.Schema, *, compression_level: int, disk: Executor, distinct: Collection[str] = ()
    ) -> None:
        self._path = path
        self._rows = 0
        self._disk = disk
        self._syncs: list[Future[None]] = []
        self._raw = _DigestedFile(path)
        self._file = io.BufferedWriter(self._raw, _BUFFER_BYTES)
        encodings = _encodings(schema, distinct)
        self._writer = pq.ParquetWriter(
            self._file,
            schema,
            compression="zstd",
            compression_level=compression_level,
            use_dictionary=[field.name for field in schema if field.name not in encodings],
            column_encoding=encodings or None,
            write_statistics=[field.name for field in schema if encodings.get(field.name) != _SPLIT],
            write_page_checksum=True,
        )

    def write(self, table: pa.Table) -> None:
        """Append the rows as one row group."""
        if table.num_rows:
            self._writer.write_table(table, row_group_size=table.num_rows)
            self._rows += table.num_rows
            self._sync()

    def _sync(self) -> None:
        """Start a sync in the background, unless one of this file is still running."""
        if not self._syncs or self._syncs[-1].done():
            self._syncs.append(self._disk.submit(os.fdatasync, self._raw.fileno()))

    def finish(self) -> PartFile:
        """Close the Parquet file and return its digest; the file is durable once the `with` block ends."""
        self._writer.close()
        self._file.flush()
        self._syncs.append(self._disk.submit(os.fsync, self._raw.fileno()))
        return PartFile(self._path, self._rows, self._raw.tell(), self._raw.sha256.hexdigest())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        wait(self._syncs)
        try:
            self._writer.close()
        finally:
            self._file.close()
        if kind is None:
            for sync in self._syncs:
                sync.result()


def _encodings(schema: pa.Schema, distinct: Collection[str]) -> dict[str, str]:
    """Return the encodings of columns for which a dictionary does not pay off."""
    # BYTE_STREAM_SPLIT is not for half floats: other readers refuse it.
    wide = [field for field in schema if pa.types.is_floating(field.type) and not pa.types.is_float16(field.type)]
    floats = {field.name: _SPLIT for field in wide}
    whole = {field.name for field in schema if pa.types.is_integer(field.type) or pa.types.is_temporal(field.type)}
    return floats | dict.fromkeys(sorted(whole.intersection(distinct)), "DELTA_BINARY_PACKED")


def finished_part(path: Path, *, rows: int = 0) -> PartFile:
    """Sync a written file to disk and compute its digest."""
    with open(path, "rb") as file:
        os.fsync(file.fileno())
    return PartFile(path, rows, path.stat().st_size, file_sha256(path))


def check_digest(part: PartFile) -> None:
    """Read a written file again and compare its digest.

    Raises:
        IntegrityError: The bytes differ.
    """
    found = file_sha256(part.path)
    if found != part.sha256:
        raise _unreadable(part.path, f"SHA-256 {found[:16]}… instead of {part.sha256[:16]}…")


def iter_part(
    path: Path, columns: Sequence[str] | None = None, *, use_threads: bool = True, **options: Any
) -> Iterator[pa.Table]:
    """Yield a part file's row groups and verify every page checksum.

    Args:
        path: The file.
        columns: The columns to read; all by default.
        use_threads: Whether to decode columns in parallel; useful for a single reader.
        options: Further options of `pyarrow.parquet.ParquetFile`.

    Raises:
        IntegrityError: The file cannot be read back.
    """
    try:
        with pq.ParquetFile(path, page_checksum_verification=True, **options) as file:
            for group in range(file.num_row_groups):
                yield file.read_row_group(
                    group, columns=None if columns is None else list(columns), use_threads=use_threads
                )
    except (OSError, pa.ArrowException) as error:
        raise unreadable_for_the_system(error, place=str(path)) or _unreadable(path, str(error)) from error


def _unreadable(path: Path, found: str) -> IntegrityError:
    return IntegrityError(
        "unreadable_file",
        expected=f"{path.parent.name}/{path.name} to read back exactly as written",
        found=found,
        remedy="check the disk; publish the dataset again",
        values={"file": path.name},
    )
