"""Iceberg tables written by pyiceberg: one snapshot, exactly, from a folder, a copy of it or a bucket."""

from __future__ import annotations

import datetime as dt
import json
import shutil
import sys
import uuid
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from counterpoise.config import SourceConfig
from counterpoise.errors import ConfigError, InputError, MachineError
from tests.ingest.lakes import iceberg_table, new_iceberg_table, uploaded
from tests.ingest.reading import Reading, ingest
from tests.limits import file_size_limit

MOMENT = dt.datetime(2024, 1, 1, 4, 30, tzinfo=dt.UTC)
FIRST = pa.table(
    {
        "id": pa.array([1, 2, 3], pa.int32()),
        "price": pa.array([Decimal("0.10"), None, Decimal("12345678901234567890.99")], pa.decimal128(38, 2)),
        "at": pa.array([MOMENT, None, dt.datetime(1900, 1, 1, tzinfo=dt.UTC)], pa.timestamp("us", "UTC")),
        "local": pa.array([dt.datetime(2024, 1, 1, 10, 0, 0, 123456), None, None], pa.timestamp("us")),  # noqa: DTZ001
        "clock": pa.array([dt.time(10, 0, 0, 123456), None, dt.time(0)], pa.time64("us")),
        "day": [dt.date(2024, 2, 29), None, dt.date(9999, 12, 31)],
        "ratio": pa.array([0.1, float("inf"), None], pa.float64()),
        "single": pa.array([0.5, None, 1.5], pa.float32()),
        "big": [2**53 + 1, None, -(2**63)],
        "flag": [True, None, False],
        "raw": [b"\x00\xff", None, b""],
        "parts": [{"a": 1, "b": "x"}, None, {"a": None, "b": "y"}],
        "items": [[1, None], None, []],
        "word": ["naïve 😀", None, ""],
        "label": ["yes", "no", "yes"],
    }
)


def table(folder: Path) -> tuple[Path, list[str]]:
    """Write snapshots: two appends and a deletion; return the folder and the ids, oldest first."""
    path = folder / "lake" / "t"
    written = new_iceberg_table(path, FIRST.schema)
    written.append(FIRST)
    written.append(FIRST.set_column(0, "id", pa.array([4, 5, 6], pa.int32())))
    written.delete("id = 2")
    return path, [str(each.snapshot_id) for each in written.metadata.snapshots]


def read(path: Path | str, folder: Path, *, target: str = "label", **options: Any) -> Reading:
    return ingest(SourceConfig(path=str(path), **options), folder / "work", target=target)


def by_id(rows: pa.Table) -> list[dict[str, Any]]:
    return sorted(rows.to_pylist(), key=lambda row: row["id"])


def test_each_snapshot_is_read_exactly(tmp_path: Path) -> None:
    path, snapshots = table(tmp_path)
    first = read(path, tmp_path, version=snapshots[0])
    assert by_id(first.table) == by_id(FIRST)
    assert first.types == {field.name: str(field.type) for field in FIRST.schema} | {"items": first.types["items"]}
    assert [row["id"] for row in by_id(read(path, tmp_path, version=snapshots[1]).table)] == [1, 2, 3, 4, 5, 6]
    newest = read(path, tmp_path, version=snapshots[-1])
    assert [row["id"] for row in by_id(newest.table)] == [1, 3, 4, 5, 6]
    assert by_id(newest.table) == by_id(iceberg_table(path).scan().to_arrow())
    assert newest.snapshot.format == "iceberg"


def test_a_snapshot_keeps_its_digest_though_the_table_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "t"
    written = new_iceberg_table(path, FIRST.schema)
    written.append(FIRST)
    pinned = str(written.current_snapshot().snapshot_id)
    before = read(path, tmp_path, version=pinned).snapshot
    written.overwrite(FIRST.slice(1))
    with written.update_schema() as change:
        change.rename_column("word", "text")
    assert read(path, tmp_path, version=pinned).snapshot.digest == before.digest
    now = read(path, tmp_path, version=str(written.current_snapshot().snapshot_id))
    assert now.snapshot.digest != before.digest
    assert now.column("word") == [None, ""], "the name that the column had then"


def test_partitions_and_renamed_columns_are_read(tmp_path: Path) -> None:
    from pyiceberg.transforms import IdentityTransform

    path = tmp_path / "t"
    written = new_iceberg_table(path, FIRST.schema)
    with written.update_spec() as change:
        change.add_field("flag", IdentityTransform())
    written.append(FIRST)
    with written.update_schema() as rename:
        rename.rename_column("word", "text")
    written.append(FIRST.rename_columns(["text" if name == "word" else name for name in FIRST.schema.names]))
    reading = read(path, tmp_path, version=str(written.current_snapshot().snapshot_id))
    assert sorted(map(str, reading.column("text"))) == sorted(map(str, FIRST["word"].to_pylist() * 2))


def test_a_copy_of_the_folder_is_read(tmp_path: Path) -> None:
    """Iceberg's metadata have absolute addresses."""
    path, snapshots = table(tmp_path)
    here = read(path, tmp_path, version=snapshots[1]).snapshot
    moved = shutil.move(path, tmp_path / "moved")
    assert read(moved, tmp_path, version=snapshots[1]).snapshot.digest == here.digest


def test_a_table_without_a_snapshot_is_refused_with_the_newest(tmp_path: Path) -> None:
    path, snapshots = table(tmp_path)
    with pytest.raises(ConfigError, match=rf"version_not_pinned.*set source\.version to {snapshots[-1]}"):
        read(path, tmp_path)
    with pytest.raises(InputError, match=rf"no_such_version.*the snapshot 9,.*{snapshots[0]}"):
        read(path, tmp_path, version="9")


def test_a_table_reads_no_file_elsewhere(tmp_path: Path) -> None:
    path, snapshots = table(tmp_path)
    metadata = max((path / "metadata").glob("*.metadata.json"))
    content = json.loads(metadata.read_text())
    for snapshot in content["snapshots"]:
        snapshot["manifest-list"] = f"{path}/../../{snapshot['manifest-list'].rpartition('/')[2]}"
    metadata.write_text(json.dumps(content))
    with pytest.raises(InputError, match="outside_table"):
        read(path, tmp_path, version=snapshots[0])


def test_nothing_that_a_table_names_is_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """pyiceberg itself imports the class of the property `py-io-impl`."""
    path, snapshots = table(tmp_path)
    trace = tmp_path / "imported"
    (tmp_path / "hostile_io.py").write_text(f"open({str(trace)!r}, 'w').close()\n")
    monkeypatch.syspath_prepend(tmp_path)
    metadata = max((path / "metadata").glob("*.metadata.json"))
    content = json.loads(metadata.read_text())
    content["properties"] |= {"py-io-impl": "hostile_io.IO"}
    metadata.write_text(json.dumps(content))
    read(path, tmp_path, version=snapshots[0])
    assert not trace.exists()


def test_rows_that_are_marked_as_deleted_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pyiceberg.table import DataScan

    path, snapshots = table(tmp_path)
    plan = DataScan.plan_files

    def marked(scan: Any) -> Any:
        tasks = list(plan(scan))
        tasks[0].delete_files.add(tasks[0].file)
        return tasks

    monkeypatch.setattr(DataScan, "plan_files", marked)
    with pytest.raises(InputError, match=r"unsupported_table.*marked as deleted"):
        read(path, tmp_path, version=snapshots[0])


def test_a_file_that_was_removed_is_named(tmp_path: Path) -> None:
    path, snapshots = table(tmp_path)
    shutil.rmtree(path / "data")
    with pytest.raises(InputError, match="files_removed"):
        read(path, tmp_path, version=snapshots[1])


def test_uuids_are_read_as_text(tmp_path: Path) -> None:
    from pyiceberg.schema import Schema
    from pyiceberg.types import NestedField, StringType, UUIDType

    schema = Schema(NestedField(1, "id", UUIDType()), NestedField(2, "label", StringType()))
    path, value = tmp_path / "t", uuid.UUID(int=7)
    written = new_iceberg_table(path, schema)
    written.append(pa.table({"id": pa.array([value.bytes], pa.uuid()), "label": ["x"]}))
    reading = read(path, tmp_path, version=str(written.current_snapshot().snapshot_id))
    assert reading.column("id") == [str(value)]


def test_a_missing_library_is_named_with_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, snapshots = table(tmp_path)
    for name in [name for name in sys.modules if name.partition(".")[0] == "pyiceberg"]:
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ConfigError, match=r'format_not_installed.*pip install "counterpoise\[pyiceberg\]"'):
        read(path, tmp_path, version=snapshots[0])


def test_a_table_in_a_bucket_is_read_as_in_a_folder(bucket: str, tmp_path: Path) -> None:
    path, snapshots = table(tmp_path)
    address = uploaded(path, f"{bucket}/lake/t")
    here, there = read(path, tmp_path, version=snapshots[1]), read(address, tmp_path, version=snapshots[1])
    assert there.snapshot.digest == here.snapshot.digest
    assert there.table.equals(here.table)


def test_a_full_disk_is_no_fault_of_the_table(tmp_path: Path) -> None:
    path, snapshots = table(tmp_path)
    with file_size_limit(2_000), pytest.raises(MachineError, match="file_too_large"):
        read(path, tmp_path, version=snapshots[0])
