from __future__ import annotations

import gzip
import os
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from counterpoise.config import SourceConfig
from counterpoise.errors import InputError
from counterpoise.ingest import _stage as stage
from counterpoise.ingest._formats.delimited import read_delimited
from counterpoise.ingest._snapshot_files import Content
from counterpoise.ingest._source_files import find_files
from counterpoise.ingest._source_format import ReadJob
from counterpoise.ingest._stage import identify_source, ingest_source
from tests.ingest.reading import ingest

CSV = "a,label\n1,x\n2,y\n"


def source(path: Path | str, **options: Any) -> SourceConfig:
    return SourceConfig(path=str(path), **options)


def test_a_folder_is_read_in_the_order_of_names(tmp_path: Path) -> None:
    folder = tmp_path / "parts"
    folder.mkdir()
    for number in (2, 0, 1):
        (folder / f"{number}.csv").write_text(f"a,label\n{number},x\n")
    (folder / ".hidden").write_text("no table")
    reading = ingest(source(folder), tmp_path / "work")
    assert reading.column("a") == [0, 1, 2]
    assert len(reading.snapshot.files) == 3


def test_types_are_decided_over_all_files(tmp_path: Path) -> None:
    (tmp_path / "0.csv").write_text("a,label\n1,x\n")
    (tmp_path / "1.csv").write_text("a,label\n0042,y\n")
    reading = ingest(source(tmp_path / "*.csv"), tmp_path / "work")
    assert reading.column("a") == ["1", "0042"]


def test_the_first_file_shows_how_the_others_are_written(tmp_path: Path) -> None:
    (tmp_path / "0.csv").write_text("1,red,x\n2,red,y\n")
    (tmp_path / "1.csv").write_text("3,blue,z\n")
    (tmp_path / "2.csv").write_text("NA,green,w\n5,green,v\n")
    reading = ingest(source(tmp_path / "*.csv", missing_values=("NA",)), tmp_path / "work", target="2")
    assert reading.column("column_0") == [1, 2, 3, None, 5]


def test_files_with_other_headers_are_refused(tmp_path: Path) -> None:
    (tmp_path / "0.csv").write_text("a,label\n1,x\n")
    (tmp_path / "1.csv").write_text("b,label\n1,x\n")
    with pytest.raises(InputError, match=r"different_schemas.*1\.csv lacks 'a' and has 'b' besides"):
        ingest(source(tmp_path / "*.csv"), tmp_path / "work")


def test_files_of_several_kinds_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "parts"
    folder.mkdir()
    (folder / "a.csv").write_text(CSV)
    (folder / "b.jsonl").write_text('{"a": 1}\n')
    with pytest.raises(InputError, match=r"mixed_kinds.*a\.csv \(delimited\), b\.jsonl \(jsonl\)"):
        identify_source(source(folder))


@pytest.mark.parametrize("path", ["absent.csv", "*.parquet", "nul\0.csv", "[", "empty"])
def test_a_path_to_nothing_is_refused(tmp_path: Path, path: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"source_not_found.*source\.path"):
        identify_source(source(f"{tmp_path}/{path}"))


def test_a_device_is_no_source() -> None:
    with pytest.raises(InputError, match="unreadable_source"):
        identify_source(source(os.devnull))


@pytest.mark.parametrize(
    ("content", "what"),
    [(b"PK\x03\x04rest", "a zip archive"), (b"SQLite format 3\0rest", "SQLite"), (b"BZh9", "bzip2")],
)
def test_foreign_formats_are_named(tmp_path: Path, content: bytes, what: str) -> None:
    (tmp_path / "t.csv").write_bytes(content)
    with pytest.raises(InputError, match=f"unsupported_format.*{what}"):
        identify_source(source(tmp_path / "t.csv"))


def test_a_duckdb_file_is_named_and_its_table_is_read_as_the_message_says(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "t.db")) as database:
        database.execute("CREATE TABLE t AS SELECT range AS x, range % 3 AS label FROM range(9)")
    with pytest.raises(InputError, match=r"a DuckDB database: set source\.url to duckdb:///FILE and source\.table"):
        identify_source(source(tmp_path / "t.db"))
    named = SourceConfig(url=f"duckdb:///{tmp_path / 't.db'}", table="t")
    assert ingest(named, tmp_path / "work").column("x") == [*range(9)]


def test_an_sqlite_file_is_named_and_read_as_the_message_says(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "t.db")) as database, database:
        database.execute("CREATE TABLE t (x, label)")
        database.executemany("INSERT INTO t VALUES (?, ?)", [(row, row % 3) for row in range(9)])
    with pytest.raises(InputError, match=r"an SQLite database: set source\.url to sqlite:///FILE and source\.table"):
        identify_source(source(tmp_path / "t.db"))
    table = SourceConfig.model_validate({"url": f"sqlite:///{tmp_path}/t.db", "table": "t"})
    assert ingest(table, tmp_path / "work").column("x") == [*range(9)]


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("t", b"a,b\n", "delimited"),
        ("t", b'{"a": 1}\n', "jsonl"),
        ("t.csv", b"PAR1....", "parquet"),
        ("t.csv", b"ARROW1..", "arrow"),
        ("t.json.gz", gzip.compress(b'{"a": 1}\n', mtime=0), "jsonl"),
        ("t.data_10_percent.gz", gzip.compress(b"1,2\n", mtime=0), "delimited"),
        ("t.zst", pa.compress(b'{"a": 1}\n', "zstd", asbytes=True), "jsonl"),
        ("t.TSV", b"a\tb\n", "delimited"),
    ],
)
def test_the_kind_follows_the_first_bytes_and_the_name(tmp_path: Path, name: str, content: bytes, kind: str) -> None:
    (tmp_path / name).write_bytes(content)
    assert find_files(source(tmp_path / name)).format.name == kind


def test_a_declared_format_wins_over_the_name(tmp_path: Path) -> None:
    (tmp_path / "t.txt").write_text('{"a": 1, "label": 2}\n')
    assert ingest(source(tmp_path / "t.txt", format="jsonl"), tmp_path / "work").column("a") == [1]


def test_a_name_with_glob_characters_is_that_file(tmp_path: Path) -> None:
    """Fault 27."""
    path = tmp_path / "<script>'[ab]*?.csv"
    path.write_text(CSV)
    (tmp_path / "<script>'a12.csv").write_text("a,label\n9,x\n")
    assert ingest(source(path), tmp_path / "wo'rk [1]").column("a") == [1, 2]


def test_the_same_bytes_elsewhere_are_the_same_source(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(CSV)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "b.csv").write_text(CSV)
    assert identify_source(source(tmp_path / "a.csv")) == identify_source(source(tmp_path / "other" / "b.csv"))


def test_the_digest_follows_bytes_and_options(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(CSV)
    plain = identify_source(source(tmp_path / "a.csv"))
    assert plain != identify_source(source(tmp_path / "a.csv", missing_values=("?",)))
    (tmp_path / "a.csv").write_text(CSV + "3,x\n")
    assert plain != identify_source(source(tmp_path / "a.csv"))


def test_the_snapshot_has_the_digest_of_its_source(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(CSV)
    reading = ingest(source(tmp_path / "a.csv"), tmp_path / "work")
    assert reading.snapshot.digest == identify_source(source(tmp_path / "a.csv"))


@pytest.mark.parametrize("same_time", [True, False])
def test_a_source_that_changes_while_it_is_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, same_time: bool
) -> None:
    """Fault 34."""
    path = tmp_path / "a.csv"
    path.write_text(CSV)
    stat = path.stat()

    def meddle(job: ReadJob) -> Content:
        content = read_delimited(job)
        path.write_text(CSV.replace("1", "9"))
        if same_time:
            os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
        return content

    found = find_files(source(path))
    meddling = replace(found, format=replace(found.format, read=meddle))
    monkeypatch.setattr(stage, "find_files", lambda _: meddling)
    with pytest.raises(InputError, match=r"source_changed.*a\.csv"):
        ingest(source(path), tmp_path / "work")


def test_reading_leaves_only_the_snapshot_behind(tmp_path: Path) -> None:
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(b"a,label\n1,x\n2\n3,y\n"))
    ingest(source(tmp_path / "a.csv.gz"), tmp_path / "work")
    names = {path.name for path in (tmp_path / "work").iterdir()}
    assert names == {"snapshot-00000.parquet", "rejected-lines.parquet"}


def test_progress_is_told_up_to_the_end(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(CSV)
    told: list[tuple[int, int]] = []
    ingest_source(
        source(tmp_path / "a.csv"),
        target="label",
        folder=tmp_path,
        progress=lambda done, total: told.append((done, total)),
    )
    assert told[-1] == (2, 2)
