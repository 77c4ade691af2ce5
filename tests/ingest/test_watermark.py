from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pydantic import ValidationError

from counterpoise.config import BalanceConfig, SourceConfig
from counterpoise.errors import ColumnNotFoundError, CounterpoiseError, InputError
from tests.ingest.postgres import Cluster
from tests.ingest.reading import Reading, ingest


def append(folder: Path, *rows: tuple[int, str, str]) -> SourceConfig:
    """Append rows of a serial number, a time of loading and a label to the table of an SQLite database."""
    connection = sqlite3.connect(folder / "data.db")
    connection.execute("CREATE TABLE IF NOT EXISTS events (serial INTEGER, loaded TEXT, label TEXT)")
    connection.executemany("INSERT INTO events VALUES (?, ?, ?)", rows)
    connection.commit()
    connection.close()
    return SourceConfig(url=f"sqlite:///{folder / 'data.db'}", table="events")


def read(source: SourceConfig, folder: Path, **bounds: str) -> Reading:
    return ingest(SourceConfig.model_validate({**dict(source), **bounds}), folder / "work")


ROWS = [(9, "2026-01-02", "a"), (10, "2026-01-03", "b"), (2, "2026-01-01", "a"), (11, "2026-01-04", "b")]


def test_rows_are_read_in_the_order_of_the_watermark_and_how_far_is_told(tmp_path: Path) -> None:
    reading = read(append(tmp_path, *ROWS), tmp_path, watermark="serial")
    assert reading.column("serial") == [2, 9, 10, 11]
    assert reading.snapshot.watermark == "11"
    assert "read up to serial 11" in reading.snapshot.notes
    assert any("rows are ordered by 'serial'" in note for note in reading.snapshot.notes)


@pytest.mark.parametrize(("column", "since", "until"), [("serial", "9", "11"), ("loaded", "2026-01-02", "2026-01-04")])
def test_stretches_have_the_lower_bound_and_not_the_upper_one(
    tmp_path: Path, column: str, since: str, until: str
) -> None:
    source = append(tmp_path, *ROWS)
    parts = [
        read(source, tmp_path / name, watermark=column, **bounds).column("serial")
        for name, bounds in (("a", {"until": since}), ("b", {"since": since, "until": until}), ("c", {"since": until}))
    ]
    assert parts == [[2], [9, 10], [11]]


def test_rows_up_to_a_bound_are_the_same_source_whatever_is_appended_beyond_it(tmp_path: Path) -> None:
    source = append(tmp_path, *ROWS)
    before = read(source, tmp_path / "a", watermark="serial", until="11")
    append(tmp_path, (12, "2026-01-05", "a"))
    after = read(source, tmp_path / "b", watermark="serial", until="11")
    assert after.snapshot.digest == before.snapshot.digest
    append(tmp_path, (3, "2026-01-05", "late"))
    late = read(source, tmp_path / "c", watermark="serial", until="11")
    assert late.snapshot.digest != before.snapshot.digest
    assert late.column("serial") == [2, 3, 9, 10]


def test_bounds_without_rows_between_them_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"source.since and until for 'serial'"):
        read(append(tmp_path, *ROWS), tmp_path, watermark="serial", since="100")


def test_a_bound_is_only_a_value(tmp_path: Path) -> None:
    """Fault 30."""
    source = append(tmp_path, *ROWS)
    reading = read(source, tmp_path, watermark="loaded", since="2026-01-03' OR '1'='1")
    assert reading.column("serial") == [11]


@pytest.mark.parametrize("place", ["table", "file"])
def test_a_watermark_that_is_no_column_is_refused_with_those_there_are(tmp_path: Path, place: str) -> None:
    source = append(tmp_path, *ROWS)
    if place == "file":
        (tmp_path / "t.csv").write_text("serial,label\n1,a\n2,b\n")
        source = SourceConfig(path=str(tmp_path / "t.csv"))
    with pytest.raises(ColumnNotFoundError, match=r"source.watermark: 'seral'.*perhaps 'serial'"):
        read(source, tmp_path, watermark="seral")


def test_a_query_says_how_far_it_went_but_keeps_its_own_bounds(tmp_path: Path) -> None:
    source = append(tmp_path, *ROWS)
    query = {"table": "", "query": "SELECT * FROM events WHERE serial < 11 ORDER BY label"}
    assert read(source, tmp_path, watermark="serial", **query).snapshot.watermark == "10"
    with pytest.raises(ValidationError, match="since and until need a table"):
        read(source, tmp_path, watermark="serial", until="11", **query)


@pytest.mark.parametrize(
    ("values", "mark"),
    [
        (pa.array([3, None, 7]), "7"),
        (pa.array([1, 2, 3]).cast(pa.timestamp("s", "UTC")), "1970-01-01 00:00:03.000Z"),
        (pa.array(["2026-01", "2026-03", "2026-02"]), "2026-03"),
    ],
)
def test_files_have_a_watermark_too(tmp_path: Path, values: pa.Array, mark: str) -> None:
    pq.write_table(pa.table({"mark": values, "label": [0, 1, 0]}), tmp_path / "t.parquet")
    assert read(SourceConfig(path=str(tmp_path / "t.parquet")), tmp_path, watermark="mark").snapshot.watermark == mark


@pytest.mark.parametrize("values", [pa.array([None, None], pa.int64()), pa.array([[1], [2]])])
def test_a_watermark_without_an_order_is_refused(tmp_path: Path, values: pa.Array) -> None:
    pq.write_table(pa.table({"mark": values, "label": [0, 1]}), tmp_path / "t.parquet")
    with pytest.raises(InputError, match=r"values with an order in source.watermark, 'mark'"):
        read(SourceConfig(path=str(tmp_path / "t.parquet")), tmp_path, watermark="mark")


@pytest.mark.parametrize("columns", [{"ids": ["mark"]}, {"time": "mark"}, {"drop": ["mark"]}])
def test_a_watermark_must_not_be_a_feature(columns: dict[str, Any]) -> None:
    settings = {"name": "x", "source": {"path": "x", "watermark": "mark"}}
    with pytest.raises(ValidationError, match="'mark' would be a feature"):
        BalanceConfig(**settings, columns={"target": "y"})
    assert BalanceConfig(**settings, columns={"target": "y", **columns}).source.watermark == "mark"


@pytest.mark.parametrize(
    ("column", "bounds", "mark"),
    [
        ("serial", ("2", "4"), "3"),
        ("loaded", ("2026-01-02 00:00+00", "2026-01-04T00:00:00Z"), "2026-01-03 00:00:00.000000Z"),
    ],
)
def test_postgres_reads_bounds_in_the_type_of_the_column(
    postgres: Cluster, tmp_path: Path, column: str, bounds: tuple[str, str], mark: str
) -> None:
    postgres.run("""
        DROP TABLE IF EXISTS growing;
        CREATE TABLE growing (serial bigint, loaded timestamptz, label text);
        INSERT INTO growing SELECT n, timestamptz '2025-12-31 00:00+00' + n * interval '1 day', 'x'
            FROM generate_series(10, 1, -1) n;
    """)
    source = SourceConfig(url=postgres.url(), table="growing", watermark=column, since=bounds[0], until=bounds[1])
    reading = ingest(source, tmp_path)
    assert reading.column("serial") == [2, 3]
    assert reading.snapshot.watermark == mark


def test_a_bound_that_is_no_value_of_the_column_is_refused_by_the_database(postgres: Cluster, tmp_path: Path) -> None:
    postgres.run("DROP TABLE IF EXISTS growing; CREATE TABLE growing (serial bigint, label text);")
    source = SourceConfig(url=postgres.url(), table="growing", watermark="serial", since="soon")
    with pytest.raises(CounterpoiseError, match='invalid input syntax for type bigint: "soon"'):
        ingest(source, tmp_path)
