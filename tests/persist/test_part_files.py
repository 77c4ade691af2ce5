from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from counterpoise.persist._files.part_files import PartWriter, iter_part
from counterpoise.runtime import file_sha256
from tests.snapshots import mixed_table


@pytest.fixture
def disk() -> Iterator[Executor]:
    with ThreadPoolExecutor(1) as pool:
        yield pool


def test_digest_and_size_taken_while_writing_are_those_of_the_file(tmp_path: Path, disk: Executor) -> None:
    table, path = mixed_table(5000), tmp_path / "part.parquet"
    with PartWriter(path, table.schema, compression_level=1, disk=disk) as writer:
        writer.write(table.slice(0, 3000))
        writer.write(table.slice(3000))
        part = writer.finish()
    assert (part.rows, part.bytes, part.sha256) == (5000, path.stat().st_size, file_sha256(path))
    assert pa.concat_tables(iter_part(path)).equals(table)


def test_whole_numbers_that_hardly_repeat_get_no_dictionary(tmp_path: Path, disk: Executor) -> None:
    table, path = mixed_table(5000).select(["id", "big", "at", "small"]), tmp_path / "part.parquet"
    with PartWriter(path, table.schema, compression_level=1, disk=disk, distinct=["id", "big", "at"]) as writer:
        writer.write(table)
        writer.finish()
    group = pq.ParquetFile(path).metadata.row_group(0)
    encodings = {group.column(number).path_in_schema: group.column(number).encodings for number in range(4)}
    assert [name for name, used in encodings.items() if "DELTA_BINARY_PACKED" in used] == ["big", "at"]
    assert pa.concat_tables(iter_part(path)).equals(table)


def test_an_error_of_the_disk_in_the_background_is_raised(tmp_path: Path) -> None:
    """A file system tells of a lost write once: it must not be told to nobody."""

    class BrokenDisk(Executor):
        def submit(self, *_: Any, **__: Any) -> Future[Any]:
            future: Future[Any] = Future()
            future.set_exception(OSError(5, "Input/output error"))
            return future

    with pytest.raises(OSError, match="Input/output"):
        write_numbers(tmp_path / "part.parquet", BrokenDisk())


def write_numbers(path: Path, disk: Executor) -> None:
    table = pa.table({"x": np.arange(10.0)})
    with PartWriter(path, table.schema, compression_level=1, disk=disk) as writer:
        writer.write(table)
        writer.finish()
