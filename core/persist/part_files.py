"""Writing and checking the Parquet files of a version."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import pyarrow as pa
import pyarrow.parquet as pq

from counterpoise.core.digest import file_sha256
from counterpoise.core.errors import IntegrityError

__all__ = ["PartFile", "PartWriter", "finished_part", "iter_part", "sync_folder"]


@dataclass(frozen=True)
class PartFile:
    """A written file: rows, size in bytes and SHA-256 of what is on disk."""

    path: Path
    rows: int
    bytes: int
    sha256: str


class PartWriter:
    """Writes one Parquet file with page checksums, a row group a call, and syncs it to disk on close.

    Args:
        path: The file; it must not exist yet.
        schema: The Arrow schema, kept exactly.
        compression_level: zstd's level.
    """

    def __init__(self, path: Path, schema: pa.Schema, *, compression_level: int) -> None:
        self._path = path
        self._rows = 0
        floats = [field.name for field in schema if pa.types.is_floating(field.type)]
        self._writer = pq.ParquetWriter(
            path,
            schema,
            compression="zstd",
            compression_level=compression_level,
            use_dictionary=[field.name for field in schema if field.name not in floats],
            column_encoding=dict.fromkeys(floats, "BYTE_STREAM_SPLIT") or None,
            write_page_checksum=True,
        )

    def write(self, table: pa.Table) -> None:
        """Append the rows as one row group."""
        if table.num_rows:
            self._writer.write_table(table, row_group_size=table.num_rows)
            self._rows += table.num_rows

    def finish(self) -> PartFile:
        """Close the file, sync it and take the digest of the bytes that are on disk."""
        self._writer.close()
        return finished_part(self._path, rows=self._rows)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.close()


def finished_part(path: Path, *, rows: int = 0) -> PartFile:
    """Sync a written file to disk and take the digest of its bytes."""
    with open(path, "rb") as file:
        os.fsync(file.fileno())
    return PartFile(path, rows, path.stat().st_size, file_sha256(path))


def iter_part(path: Path, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
    """Yield a part file's row groups, every page checked against its checksum.

    Args:
        path: The file.
        columns: The columns to read; all by default.

    Raises:
        IntegrityError: The file cannot be read back.
    """
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            for group in range(file.num_row_groups):
                yield file.read_row_group(group, columns=None if columns is None else list(columns))
    except (OSError, pa.ArrowException) as error:
        raise IntegrityError(
            "unreadable_file",
            expected=f"{path.parent.name}/{path.name} to read back as it was written",
            found=str(error),
            remedy="check the disk; publish the dataset again",
            values={"file": path.name},
        ) from error


def sync_folder(path: Path) -> None:
    """Make the folder's entries durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
