"""Sources in a bucket: found, read exactly, and known again without a download."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from counterpoise.config import SourceConfig
from counterpoise.errors import InputError
from counterpoise.ingest._remote_files import SourceObjects, fetch_objects, find_objects
from counterpoise.ingest._stage import identify_source, ingest_source
from counterpoise.records import Snapshot
from counterpoise.storage import Store, store_at
from counterpoise.storage._objects import ObjectStore
from counterpoise.table import SnapshotReader
from counterpoise.versions import known_digest, remember_source
from tests.snapshots import engine_config

LINES = "a,label\n1,x\n2,y\n"


@pytest.fixture
def raw(bucket: str) -> Store:
    return store_at(f"{bucket}/raw")


def read(raw: Store, folder: Path, path: str = "", **options: Any) -> Snapshot:
    source = SourceConfig(path=f"{raw.address}/{path}", **options)
    return ingest_source(source, target="label", folder=folder / "work")


def column(snapshot: Snapshot, name: str) -> list[Any]:
    return list(SnapshotReader(snapshot).read_columns([name])[name].to_pylist())


def test_one_object_is_read_like_the_file(raw: Store, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(LINES)
    raw.put("t.csv", tmp_path / "t.csv")
    there = read(raw, tmp_path, "t.csv")
    here = ingest_source(SourceConfig(path=str(tmp_path / "t.csv")), target="label", folder=tmp_path / "here")
    assert there.digest == here.digest == identify_source(SourceConfig(path=str(tmp_path / "t.csv")))
    assert column(there, "a") == [1, 2]
    assert not (tmp_path / "work" / "objects").exists(), "what was read as text is in the snapshot"


@pytest.mark.parametrize("kind", ["jsonl", "csv.gz", "parquet"])
def test_every_format_is_read(raw: Store, tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"t.{kind}"
    if kind == "parquet":
        pq.write_table(pa.table({"a": [1, 2], "label": ["x", "y"]}), path)
    elif kind == "jsonl":
        path.write_text('{"a": 1, "label": "x"}\n{"a": 2, "label": "y"}\n')
    else:
        path.write_bytes(gzip.compress(LINES.encode()))
    raw.put(path.name, path)
    assert column(read(raw, tmp_path, path.name), "a") == [1, 2]


def test_copies_that_the_snapshot_does_not_refer_to_are_removed(raw: Store, tmp_path: Path) -> None:
    tables = {"kept": pa.table({"a": [1, 2], "label": ["x", "y"]})}
    tables["retyped"] = tables["kept"].set_column(0, "a", pa.array([1, 2], pa.time32("s")))
    for name, table in tables.items():
        with pa.ipc.new_file(tmp_path / "t.arrow", table.schema) as writer:
            writer.write_table(table)
        raw.put(f"{name}.arrow", tmp_path / "t.arrow")
        snapshot = read(raw, tmp_path / name, f"{name}.arrow")
        assert snapshot.rows == 2
        assert (tmp_path / name / "work" / "objects").exists() == (name == "kept")


def test_a_prefix_is_a_folder_and_a_glob_is_a_glob(raw: Store, tmp_path: Path) -> None:
    for name in ("b.csv", "a.csv", "_SUCCESS", ".hidden.csv", "deep/c.csv", "deep/er/d.csv", "deep/er/e.txt"):
        raw.replace(name, LINES.replace("1,", f"{ord(name[-5])},").encode())
    assert column(read(raw, tmp_path / "1"), "a") == [ord("a"), 2, ord("b"), 2]
    found = {
        path: [file.name for file in find_objects(f"{raw.address}/{path}").files]
        for path in ("*.csv", "**/*.csv", "deep/*", "*/er/[a-d].csv", "deep")
    }
    assert found == {
        "*.csv": ["a.csv", "b.csv"],
        "**/*.csv": ["a.csv", "b.csv", "deep/c.csv", "deep/er/d.csv"],
        "deep/*": ["c.csv"],
        "*/er/[a-d].csv": ["deep/er/d.csv"],
        "deep": ["deep/c.csv"],
    }


def test_a_prefix_that_has_only_deeper_objects_is_read_with_all_of_them(raw: Store, tmp_path: Path) -> None:
    for name in ("region=eu/day=1/a.csv", "region=us/day=2/a.csv", "_logs/x.csv", "region=us/.tmp/y.csv"):
        raw.replace(f"sales/{name}", LINES.encode())
        (tmp_path / "sales" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "sales" / name).write_text(LINES)
    raw.replace("sales/region=eu", b"")
    there = read(raw, tmp_path / "1", "sales")
    here = ingest_source(SourceConfig(path=str(tmp_path / "sales")), target="label", folder=tmp_path / "here")
    assert there.digest == here.digest
    assert there.columns == here.columns
    assert [part.name for part in there.parts] == [part.name for part in here.parts]
    assert column(there, "region") == column(here, "region") == ["eu", "eu", "us", "us"]
    assert column(there, "day") == [1, 1, 2, 2]
    one = read(raw, tmp_path / "2", "sales/region=eu")
    assert [each.name for each in one.columns] == ["a", "label", "day"]


def test_folders_beside_the_objects_of_a_prefix_are_not_read_and_said(raw: Store, tmp_path: Path) -> None:
    for name in ("a.csv", "old/b.csv", "_logs/c.csv"):
        raw.replace(f"sales/{name}", LINES.encode())
    snapshot = read(raw, tmp_path, "sales")
    assert snapshot.rows == 2
    assert [note for note in snapshot.notes if "not read: old; name files in them with a glob" in note]


def test_empty_objects_that_stand_for_folders_are_left_out_and_others_are_told(raw: Store, tmp_path: Path) -> None:
    raw.replace("a.csv", LINES.encode())
    raw.replace("deep", b"")
    raw.replace("deep/b.csv", LINES.encode())
    assert [file.name for file in find_objects(raw.address).files] == ["raw/a.csv"]
    assert [file.name for file in find_objects(f"{raw.address}/*").files] == ["a.csv"]
    raw.replace("empty.csv", b"")
    with pytest.raises(InputError, match=r"empty\.csv"):
        read(raw, tmp_path)


@pytest.mark.parametrize("name", ["a b.csv", "50%.csv", "%20.csv", "a+b&c=d.csv", "ü~(1)'.csv", "#1.csv", "x@y;z,.csv"])
def test_objects_may_have_any_name(raw: Store, tmp_path: Path, name: str) -> None:
    (tmp_path / "t.csv").write_text(LINES)
    raw.put(name, tmp_path / "t.csv")
    assert [file.name for file in raw.files("")] == [name]
    assert column(read(raw, tmp_path, name), "a") == [1, 2]


def test_nothing_there_is_told(raw: Store, tmp_path: Path) -> None:
    for path in ("none.csv", "none/", "*.csv"):
        with pytest.raises(InputError, match=r"source_not_found.*raw"):
            read(raw, tmp_path, path)


@pytest.mark.parametrize("prefix", ["day-", "day="])
def test_the_rows_of_many_objects_are_bounded_in_memory_by_none_of_them(
    raw: Store, tmp_path: Path, prefix: str
) -> None:
    table = pa.table({"a": list(range(1_000)), "label": ["x", "y"] * 500})
    for number in range(9):
        pq.write_table(table, tmp_path / "part")
        raw.put(f"{prefix}{number}/part.parquet", tmp_path / "part")
    snapshot = read(raw, tmp_path, "*/part.parquet")
    assert [file.rows for file in snapshot.files] == [1_000] * 9, "each object is a file of its own"
    assert column(snapshot, "a") == list(range(1_000)) * 9
    if prefix == "day=":  # a column of the folders' names, so that the files are written anew
        assert column(snapshot, "day") == [number for number in range(9) for _ in range(1_000)]
    else:
        assert [each.name for each in snapshot.columns] == ["a", "label"]
        assert [Path(file.path).parent.name for file in snapshot.files] == [f"day-{number}" for number in range(9)]


def test_an_object_that_changes_while_it_is_fetched_is_told(raw: Store, tmp_path: Path) -> None:
    """Fault 34 in a bucket."""
    raw.replace("t.csv", LINES.encode())
    objects: SourceObjects = find_objects(f"{raw.address}/t.csv")
    raw.replace("t.csv", LINES.replace("1", "3").encode())
    with pytest.raises(InputError, match="source_changed"):
        fetch_objects(objects, tmp_path)


def test_an_unchanged_source_is_known_without_a_download(
    raw: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw.replace("t.csv", LINES.encode())
    config = engine_config(tmp_path, source={"path": f"{raw.address}/t.csv"})
    assert known_digest(config) == ""
    snapshot = read(raw, tmp_path, "t.csv")
    remember_source(config, snapshot)
    remember_source(config, snapshot)

    def download(*_: Any) -> str:
        raise AssertionError("the source was read again")

    with monkeypatch.context() as patch:
        patch.setattr(ObjectStore, "get", download)
        assert known_digest(config) == snapshot.digest
    other = config.model_copy(update={"source": config.source.model_copy(update={"missing_values": ("?",)})})
    assert known_digest(other) == "", "read with other options it is another source"
    raw.replace("t.csv", LINES.replace("1", "3").encode())
    assert known_digest(config) == ""


def test_a_local_source_is_known_by_its_content(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(LINES)
    config = engine_config(tmp_path, source={"path": str(tmp_path / "t.csv")})
    assert known_digest(config) == identify_source(config.source) != ""
    remember_source(config, ingest_source(config.source, target="label", folder=tmp_path / "work"))
    assert not Path(config.output.root).exists(), "there is nothing to remember"
