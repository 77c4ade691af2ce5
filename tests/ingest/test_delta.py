"""Delta Lake tables written by deltalake: one version, exactly, from a folder or a bucket."""

from __future__ import annotations

import datetime as dt
import json
import shutil
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import DeltaTable, QueryBuilder, write_deltalake

from counterpoise.config import SourceConfig
from counterpoise.errors import ConfigError, InputError, MachineError
from tests.ingest.lakes import uploaded
from tests.ingest.reading import Reading, ingest
from tests.limits import file_size_limit

MOMENT = dt.datetime(2024, 1, 1, 4, 30, tzinfo=dt.UTC)
FIRST = pa.table(
    {
        "id": pa.array([1, 2, 3], pa.int32()),
        "price": pa.array([Decimal("0.10"), None, Decimal("12345678901234567890.99")], pa.decimal128(38, 2)),
        "at": pa.array([MOMENT, None, dt.datetime(1900, 1, 1, tzinfo=dt.UTC)], pa.timestamp("us", "UTC")),
        "local": pa.array([dt.datetime(2024, 1, 1, 10, 0, 0, 123456), None, None], pa.timestamp("us")),  # noqa: DTZ001
        "day": [dt.date(2024, 2, 29), None, dt.date(9999, 12, 31)],
        "ratio": pa.array([0.1, float("inf"), None], pa.float64()),
        "single": pa.array([0.5, None, 1.5], pa.float32()),
        "tiny": pa.array([-128, None, 127], pa.int8()),
        "big": [2**53 + 1, None, -(2**63)],
        "flag": [True, None, False],
        "raw": [b"\x00\xff", None, b""],
        "parts": [{"a": 1, "b": "x"}, None, {"a": None, "b": "y"}],
        "items": [[1, None], None, []],
        "region": ["eu", "us", None],
        "label": ["yes", "no", "yes"],
    }
)


def table(folder: Path) -> Path:
    """Write three versions: two appends, partitioned, and a deletion."""
    path = folder / "lake" / "t"
    write_deltalake(path, FIRST, partition_by=["region"])
    write_deltalake(path, FIRST.set_column(0, "id", pa.array([4, 5, 6], pa.int32())), mode="append")
    DeltaTable(path).delete("id = 2 OR id = 4")
    return path


def read(path: Path | str, folder: Path, *, target: str = "label", **options: Any) -> Reading:
    return ingest(SourceConfig(path=str(path), **options), folder / "work", target=target)


def by_id(rows: pa.Table) -> list[dict[str, Any]]:
    return sorted(rows.to_pylist(), key=lambda row: row["id"])


def test_each_version_is_read_exactly(tmp_path: Path) -> None:
    path = table(tmp_path)
    assert by_id(read(path, tmp_path, version="0").table) == by_id(FIRST)
    assert [row["id"] for row in by_id(read(path, tmp_path, version="1").table)] == [1, 2, 3, 4, 5, 6]
    newest = read(path, tmp_path, version="2")
    assert [row["id"] for row in by_id(newest.table)] == [1, 3, 5, 6]
    told = QueryBuilder().register("t", DeltaTable(path)).execute("SELECT * FROM t").read_all()
    assert by_id(pa.table(told).select(newest.table.column_names)) == by_id(newest.table), "as another engine reads it"
    assert newest.snapshot.format == "delta"
    assert newest.types == {field.name: str(field.type) for field in FIRST.schema} | {"items": newest.types["items"]}


def test_a_version_keeps_its_digest_though_the_table_goes_on(tmp_path: Path) -> None:
    path = table(tmp_path)
    before = read(path, tmp_path, version="1").snapshot
    write_deltalake(path, FIRST, mode="overwrite")
    DeltaTable(path).create_checkpoint()
    DeltaTable(path).optimize.compact()
    after = read(path, tmp_path, version="1").snapshot
    assert after.digest == before.digest != read(path, tmp_path, version="2").snapshot.digest


def test_a_table_without_a_version_is_refused_with_the_newest(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"version_not_pinned.*set source\.version to 2"):
        read(table(tmp_path), tmp_path)


def test_a_version_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no_such_version.*the version 9.*0, 1, 2"):
        read(table(tmp_path), tmp_path, version="9")


def test_a_version_whose_files_were_removed_is_refused(tmp_path: Path) -> None:
    path = table(tmp_path)
    DeltaTable(path).vacuum(retention_hours=0, enforce_retention_duration=False, dry_run=False)
    with pytest.raises(InputError, match=r"files_removed.*VACUUM"):
        read(path, tmp_path, version="1")
    assert [row["id"] for row in by_id(read(path, tmp_path, version="2").table)] == [1, 3, 5, 6]


def test_added_columns_are_missing_in_older_files(tmp_path: Path) -> None:
    path = tmp_path / "t"
    write_deltalake(path, pa.table({"a": [1], "label": ["x"]}))
    write_deltalake(path, pa.table({"a": [2], "b": ["new"], "label": ["y"]}), mode="append", schema_mode="merge")
    assert sorted(map(str, read(path, tmp_path, version="1").table.select(["a", "b"]).to_pylist())) == [
        "{'a': 1, 'b': None}",
        "{'a': 2, 'b': 'new'}",
    ]


@pytest.mark.parametrize("feature", ["deletionVectors", "columnMapping", "columnMapping as a setting"])
def test_a_table_that_renames_or_marks_rows_is_refused(feature: str, tmp_path: Path) -> None:
    """deltalake would read the names of the files, and rows that are deleted."""
    path = table(tmp_path)
    log = path / "_delta_log" / f"{0:020}.json"
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    for line in lines:
        if "protocol" in line and "setting" in feature:
            line["protocol"] = {"minReaderVersion": 2, "minWriterVersion": 5}
        elif "protocol" in line:
            line["protocol"] = {
                "minReaderVersion": 3, "minWriterVersion": 7,
                "readerFeatures": ["timestampNtz", feature], "writerFeatures": ["timestampNtz", feature],
            }  # fmt: skip
        if "metaData" in line and feature != "deletionVectors":
            line["metaData"]["configuration"] = {"delta.columnMapping.mode": "name"}
    log.write_text("\n".join(map(json.dumps, lines)))
    with pytest.raises(InputError, match=r"unsupported_table"):
        read(path, tmp_path, version="0")


@pytest.mark.parametrize("name", ["../../secret.parquet", "/etc/hostname", "file:///etc/hostname"])
def test_a_table_reads_no_file_elsewhere(name: str, tmp_path: Path) -> None:
    path = table(tmp_path)
    shutil.copy(next(path.rglob("*.parquet")), tmp_path / "secret.parquet")
    log = path / "_delta_log" / f"{0:020}.json"
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    next(line for line in lines if "add" in line)["add"]["path"] = name
    log.write_text("\n".join(map(json.dumps, lines)))
    with pytest.raises(InputError, match=r"outside_table|unsupported_table|files_removed"):
        read(path, tmp_path, version="0")


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    path = table(tmp_path)
    file = next(path.rglob("*.parquet"))
    file.write_bytes(file.read_bytes()[:-20])
    with pytest.raises(InputError, match=r"unreadable_table|unsupported_table"):
        read(path, tmp_path, version="1")


def test_a_missing_library_is_named_with_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = table(tmp_path)
    for name in [name for name in sys.modules if name.partition(".")[0] == "deltalake"]:
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ConfigError, match=r'format_not_installed.*pip install "counterpoise\[deltalake\]"'):
        read(path, tmp_path, version="1")


def test_a_table_in_a_bucket_is_read_as_in_a_folder(bucket: str, tmp_path: Path) -> None:
    path = table(tmp_path)
    address = uploaded(path, f"{bucket}/lake/t")
    here, there = read(path, tmp_path, version="1"), read(address, tmp_path, version="1")
    assert there.snapshot.digest == here.snapshot.digest
    assert there.table.equals(here.table)
    with pytest.raises(ConfigError, match=r"version_not_pinned.*set source\.version to 2"):
        read(address, tmp_path)


def test_a_full_disk_is_no_fault_of_the_table(tmp_path: Path) -> None:
    path = table(tmp_path)
    with file_size_limit(2_000), pytest.raises(MachineError, match="file_too_large"):
        read(path, tmp_path, version="2")
