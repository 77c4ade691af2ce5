from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from counterpoise.errors import InputError
from counterpoise.persist._rows.gather import SlabReader, read_pool
from counterpoise.records import ColumnSchema, Snapshot, SnapshotFile
from counterpoise.runtime import file_sha256
from counterpoise.table import _snapshot as snapshot_module
from counterpoise.table._arrow_files import write_arrow
from counterpoise.table._snapshot import SnapshotReader, check_unchanged, settled_stamp
from tests.snapshots import mixed_table


@pytest.fixture(params=["parquet", "arrow"])
def table_and_snapshot(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[pa.Table, Snapshot]:
    """A table as a snapshot of three files, one of them empty."""
    table = mixed_table(1000).drop_columns(["kind"])
    files = []
    for number, part in enumerate([table.slice(0, 450), table.slice(450, 0), table.slice(450)]):
        path = tmp_path / f"part-{number}"
        if request.param == "parquet":
            pq.write_table(part, path, row_group_size=170)
        else:
            write_arrow(path, pa.Table.from_batches(part.to_batches(max_chunksize=170), schema=part.schema))
        files.append(
            SnapshotFile(
                path=str(path),
                format=request.param,
                rows=part.num_rows,
                bytes=path.stat().st_size,
                sha256=file_sha256(path),
            )
        )
    columns = tuple(ColumnSchema(name=field.name, type=str(field.type)) for field in table.schema)
    return table, Snapshot(files=tuple(files), rows=1000, columns=columns, digest="d")


def test_rows_are_numbered_on_over_files_and_row_groups(table_and_snapshot: tuple[pa.Table, Snapshot]) -> None:
    table, snapshot = table_and_snapshot
    reader = SnapshotReader(snapshot)
    assert [group.first_row for group in reader.row_groups] == [0, 170, 340, 450, 620, 790, 960]
    assert reader.read_columns(["x", "label"]).equals(table.select(["x", "label"]))
    assert pa.concat_tables(part for _, part in reader.iter_groups()).equals(table)


def test_chosen_rows_come_in_order(table_and_snapshot: tuple[pa.Table, Snapshot]) -> None:
    table, snapshot = table_and_snapshot
    rows = np.array([0, 169, 170, 449, 450, 999])
    assert SnapshotReader(snapshot).read_rows(rows).equals(table.take(pa.array(rows)))
    assert SnapshotReader(snapshot).read_rows(rows[:0], ["x"]).num_rows == 0


def test_stretches_read_forwards_backwards_and_overlapping(
    table_and_snapshot: tuple[pa.Table, Snapshot], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot_module, "BATCH_ROWS", 50)
    table, snapshot = table_and_snapshot
    reader = SlabReader(snapshot, ["big", "word", "label"])
    wanted = table.select(["big", "word", "label"])
    for start, stop in [(0, 10), (10, 300), (290, 310), (5, 8), (700, 1000), (999, 1000), (500, 500), (440, 460)]:
        assert reader.slab(start, stop).equals(wanted.slice(start, stop - start)), (start, stop)


def test_scattered_rows_are_gathered(table_and_snapshot: tuple[pa.Table, Snapshot]) -> None:
    table, snapshot = table_and_snapshot
    rng = np.random.default_rng(0)
    reader = SlabReader(snapshot, ["x", "word"])
    for _ in range(20):
        rows = np.sort(rng.choice(1000, int(rng.integers(0, 40)), replace=False))
        expected = table.select(["x", "word"]).take(pa.array(rows, pa.int64()))
        assert reader.rows(rows).equals(expected)
        assert read_pool(snapshot, rows, ["x", "word"]).equals(expected)


def test_a_snapshot_without_files_is_refused() -> None:
    with pytest.raises(InputError, match="a snapshot with files"):
        _ = SnapshotReader(Snapshot(files=(), rows=0, columns=(), digest="")).schema


def stamped(snapshot: Snapshot) -> Snapshot:
    """Return the snapshot with the stamps that its files have now."""
    files = [file.model_copy(update={"stamp": settled_stamp(Path(file.path))}) for file in snapshot.files]
    return snapshot.model_copy(update={"files": tuple(files)})


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take files for settled at once, as if the clock had gone on."""
    monkeypatch.setattr(snapshot_module, "_SETTLED_NS", 0)


def test_a_file_that_was_changed_a_moment_ago_has_no_stamp(tmp_path: Path) -> None:
    path = tmp_path / "young"
    path.write_bytes(b"x")
    assert settled_stamp(path) is None


@pytest.mark.usefixtures("settled")
def test_a_file_that_kept_its_stamp_is_not_read_again(
    table_and_snapshot: tuple[pa.Table, Snapshot], monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshot = stamped(table_and_snapshot[1])
    monkeypatch.setattr(snapshot_module, "file_sha256", lambda _: pytest.fail("read again"))
    check_unchanged(snapshot)


@pytest.mark.usefixtures("settled")
def test_a_file_with_another_stamp_and_the_same_bytes_is_unchanged(
    table_and_snapshot: tuple[pa.Table, Snapshot],
) -> None:
    snapshot = stamped(table_and_snapshot[1])
    Path(snapshot.files[0].path).touch()
    check_unchanged(snapshot)


@pytest.mark.usefixtures("settled")
def test_other_bytes_are_found_though_size_and_time_of_modification_are_put_back(
    table_and_snapshot: tuple[pa.Table, Snapshot],
) -> None:
    snapshot = stamped(table_and_snapshot[1])
    path = Path(snapshot.files[0].path)
    content, times = bytearray(path.read_bytes()), path.stat()
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    with pytest.raises(InputError, match="unchanged since the run started"):
        check_unchanged(snapshot)
