"""Tables and queries of DuckDB files: exact, read-only, and without access to anything else."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from counterpoise.config import SourceConfig
from counterpoise.errors import ColumnNotFoundError, ConfigError, InputError
from tests.ingest.reading import Reading, ingest


def database(folder: Path, *statements: str) -> Path:
    """Write a DuckDB file as another program does."""
    path = folder / "shop.duckdb"
    with duckdb.connect(path) as connection:
        for statement in statements:
            connection.execute(statement)
    return path


def read(path: Path, *, target: str = "label", **options: Any) -> Reading:
    return ingest(SourceConfig(url=f"duckdb:///{path}", **options), path.parent / "work", target=target)


def rows_of(path: Path, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(path, read_only=True) as connection:
        return list(connection.execute(sql).fetchall())


EXACT = """
    CREATE TABLE kinds AS SELECT * FROM (VALUES
        ((-128)::TINYINT, 18446744073709551615::UBIGINT, 9007199254740993, 0.1::DOUBLE, 0.1::FLOAT, true,
         12345678901234567890123456789012345.678::DECIMAL(38, 3), 'a"b''c é', '\\xDE\\xAD'::BLOB,
         '2024-02-29'::DATE, '10:00:00.123456'::TIME, '2024-01-01 10:00:00.123456'::TIMESTAMP,
         '2024-01-01 10:00:00.123456789'::TIMESTAMP_NS, '2024-01-01 10:00:00+05:30'::TIMESTAMPTZ,
         '00000000-0000-0000-0000-000000000001'::UUID, 'low'::ENUM('low', 'high'), [1, NULL, 3], {'a': 1, 'b': 'x'},
         170141183460469231::HUGEINT, 1),
        (NULL, NULL, NULL, 'infinity', 'nan', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
         NULL, NULL, 0)
    ) AS t(tiny, big, whole, ratio, single, flag, price, word, raw, day, clock, stamp, nanos, moment, id, level, items,
           parts, huge, label)
"""


def test_every_type_survives_exactly(tmp_path: Path) -> None:
    reading = read(database(tmp_path, EXACT), table="kinds")
    first, second = (
        dict(zip(reading.types, row, strict=True)) for row in zip(*map(reading.column, reading.types), strict=True)
    )
    assert (first["tiny"], first["big"], first["whole"]) == (-128, 18446744073709551615, 9007199254740993)
    assert (first["ratio"], first["single"], first["flag"]) == (0.1, 0.10000000149011612, True)
    assert first["price"] == Decimal("12345678901234567890123456789012345.678")
    assert (first["word"], first["raw"]) == ("a\"b'c é", b"\xde\xad")
    assert (first["day"], first["clock"]) == (dt.date(2024, 2, 29), dt.time(10, 0, 0, 123456))
    assert first["stamp"] == dt.datetime(2024, 1, 1, 10, 0, 0, 123456)  # noqa: DTZ001  # without a zone
    assert first["nanos"].nanosecond == 789
    assert first["moment"] == dt.datetime(2024, 1, 1, 4, 30, tzinfo=dt.UTC)
    assert first["id"] == "00000000-0000-0000-0000-000000000001"
    assert (first["level"], first["items"], first["parts"]) == ("low", [1, None, 3], {"a": 1, "b": "x"})
    assert first["huge"] == 170141183460469231
    assert {name for name, value in second.items() if value is None} == set(first) - {"ratio", "single", "label"}
    assert second["ratio"] == float("inf")
    assert reading.types["tiny"] == "int8"
    assert reading.types["nanos"] == "timestamp[ns]"
    assert reading.types["moment"] == "timestamp[us, tz=UTC]"


def test_types_that_arrow_would_change_are_kept_as_text_and_said(tmp_path: Path) -> None:
    """Arrow drops the offset of a time, turns large integers negative and has no bit strings."""
    path = database(
        tmp_path,
        "CREATE TABLE odd AS SELECT '10:00:00+02'::TIMETZ AS clock, '10101'::BIT AS bits, [INTERVAL 1 MONTH] AS spans, "
        "123456789012345678901234567890::BIGNUM AS large, 1 AS label",
    )
    reading = read(path, table="odd")
    assert reading.table.to_pylist() == [
        {
            "clock": "10:00:00+02",
            "bits": "10101",
            "spans": "[1 month]",
            "large": "123456789012345678901234567890",
            "label": 1,
        }
    ]
    assert any(
        "kept as text" in note and "'clock' (TIME WITH TIME ZONE)" in note and "'bits' (BIT)" in note
        for note in reading.snapshot.notes
    )


def test_an_integer_beyond_38_digits_is_refused(tmp_path: Path) -> None:
    path = database(
        tmp_path, "CREATE TABLE t AS SELECT '170141183460469231731687303715884105728'::UHUGEINT AS n, 1 AS label"
    )
    with pytest.raises(InputError, match=r"database_refused.*DECIMAL\(38,0\)"):
        read(path, table="t")


@pytest.mark.parametrize(
    "value",
    ["DATE 'infinity'", "TIMESTAMP '-infinity'", "'infinity'::TIMESTAMPTZ", "TIME '24:00:00'", "[DATE '-infinity']"],
)
def test_an_infinite_time_is_refused(value: str, tmp_path: Path) -> None:
    path = database(tmp_path, f"CREATE TABLE t AS SELECT {value} AS day, 1 AS label")
    with pytest.raises(InputError, match=r"infinite_time.*'day'"):
        read(path, table="t")


def test_the_remedy_for_an_infinite_time_works(tmp_path: Path) -> None:
    path = database(tmp_path, "CREATE TABLE t AS SELECT DATE 'infinity' AS day, 1 AS label")
    assert read(path, query="SELECT CASE WHEN isfinite(day) THEN day END AS day, label FROM t").column("day") == [None]


def test_a_query_is_read_in_its_order(tmp_path: Path) -> None:
    path = database(tmp_path, "CREATE TABLE t AS SELECT i, i % 3 AS label FROM range(300000) AS t(i)")
    query = "SELECT i, sum(i) OVER (ORDER BY i DESC) AS total, label FROM t ORDER BY hash(i)"
    reading = read(path, query=query)
    expected = rows_of(path, query)
    assert list(zip(*(reading.column(name) for name in ("i", "total", "label")), strict=True)) == expected
    assert not [note for note in reading.snapshot.notes if "order of rows" in note]


@pytest.mark.parametrize(
    "query",
    [
        "COPY t TO 'out.csv'", "ATTACH 'other.duckdb'", "INSTALL httpfs", "LOAD httpfs", "SET threads = 1",
        "INSERT INTO t VALUES (1)", "DROP TABLE t", "CREATE TEMP TABLE u AS SELECT 1 AS label",
        "SELECT 1 AS label; SELECT 2 AS label", "CALL pragma_version()", "-- nothing", "EXPORT DATABASE 'out'",
        "CHECKPOINT", "EXPLAIN SELECT 1",
    ],
)  # fmt: skip
def test_a_query_is_one_select(query: str, tmp_path: Path) -> None:
    path = database(tmp_path, "CREATE TABLE t AS SELECT 1 AS label")
    with pytest.raises(InputError, match="not_read_only"):
        read(path, query=query)
    assert {each.name for each in tmp_path.iterdir()} <= {"shop.duckdb", "work"}


@pytest.mark.parametrize(
    "query",
    [
        "SELECT 1 AS label, * FROM read_csv('{other}')", "SELECT 1 AS label, * FROM '{other}'",
        "SELECT 1 AS label, * FROM read_text('{other}')", "SELECT 1 AS label, * FROM glob('/etc/*')",
        "SELECT 1 AS label, * FROM read_parquet('https://example.com/x.parquet')",
    ],
)  # fmt: skip
def test_a_query_reads_no_other_file(query: str, tmp_path: Path) -> None:
    other = tmp_path / "other.csv"
    other.write_text("a\nprivate\n")
    path = database(tmp_path, "CREATE TABLE t AS SELECT 1 AS label")
    with pytest.raises(InputError, match="database_refused") as caught:
        read(path, query=query.format(other=other))
    assert "private" not in str(caught.value.as_dict())


def test_a_view_of_the_file_reads_no_other_file(tmp_path: Path) -> None:
    """Whoever wrote the file may not read ours."""
    (tmp_path / "other.csv").write_text("label\n1\n")
    path = database(tmp_path, f"CREATE VIEW v AS SELECT * FROM read_csv('{tmp_path}/other.csv')")
    with pytest.raises(InputError, match="database_refused"):
        read(path, table="v")


def test_reading_leaves_the_file_as_it_is(tmp_path: Path) -> None:
    path = database(tmp_path, "CREATE TABLE t AS SELECT 1 AS label")
    before = path.read_bytes()
    read(path, table="t")
    assert path.read_bytes() == before
    assert {each.name for each in tmp_path.iterdir()} == {"shop.duckdb", "work"}


def test_tables_of_other_schemas_and_hostile_names_are_read(tmp_path: Path) -> None:
    path = database(
        tmp_path,
        "CREATE SCHEMA s",
        'CREATE TABLE s."a.b" AS SELECT 7 AS label',
        'CREATE TABLE "x""; DROP" AS SELECT 8 AS label',
    )
    assert read(path, table="s.a.b").column("label") == [7]
    assert read(path, table='x"; DROP').column("label") == [8]
    with pytest.raises(InputError, match=r"table_not_found.*'absent'.*'s\.a\.b'"):
        read(path, table="absent")


def test_a_watermark_bounds_the_rows(tmp_path: Path) -> None:
    path = database(
        tmp_path,
        "CREATE TABLE t AS SELECT DATE '2024-01-01' + CAST(i AS INTEGER) AS day, i % 2 AS label "
        "FROM range(9, -1, -1) AS t(i)",
    )
    reading = read(path, table="t", watermark="day", since="2024-01-03", until="2024-01-05")
    assert reading.column("day") == [dt.date(2024, 1, 3), dt.date(2024, 1, 4)]
    assert reading.snapshot.watermark == "2024-01-04"
    with pytest.raises(ColumnNotFoundError, match=r"source\.watermark.*'dai'"):
        read(path, table="t", watermark="dai")
    with pytest.raises(InputError, match="database_refused"):
        read(path, table="t", watermark="day", since="soon")


def test_the_digest_follows_the_rows(tmp_path: Path) -> None:
    path = database(tmp_path, "CREATE TABLE t AS SELECT i, i % 2 AS label FROM range(9) AS t(i)")

    def digest(end: str, **options: Any) -> str:
        return read(path, query=f"SELECT * FROM t ORDER BY i {end}", **options).snapshot.digest

    assert digest("ASC") == digest("ASC") != digest("DESC")
    assert digest("ASC", order="content") == digest("DESC", order="content") != digest("LIMIT 8", order="content")


def test_declared_types_and_notations_and_missing_texts_apply(tmp_path: Path) -> None:
    path = database(tmp_path, "CREATE TABLE t AS SELECT '1.234,5' AS price, 7 AS code, '?' AS word, 1 AS label")
    reading = read(path, table="t", notations=["price=1.234,56"], types=["code=string"], missing_values=["", "?"])
    assert reading.table.to_pylist() == [{"price": 1234.5, "code": "7", "word": None, "label": 1}]
    with pytest.raises(InputError, match=r"value_does_not_fit.*'word'"):
        read(path, table="t", types=["word=int64"])


def test_equal_column_names_are_refused(tmp_path: Path) -> None:
    path = database(tmp_path, "CREATE TABLE t AS SELECT 1 AS label")
    with pytest.raises(InputError, match="duplicate_columns"):
        read(path, query="SELECT 1 AS a, 2 AS a, 1 AS label")


def test_a_value_that_memory_should_not_hold_is_refused(tmp_path: Path) -> None:
    path = database(
        tmp_path, "CREATE TABLE t AS SELECT repeat('x', i * 17000000) AS long, i AS label FROM range(2) AS t(i)"
    )
    with pytest.raises(InputError, match=r"cell_too_long.*row 2 of column 'long'"):
        read(path, table="t")


@pytest.mark.parametrize("content", [None, b"", b"no database at all" * 1000])
def test_what_is_no_database_is_named(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "shop.duckdb"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=r"source_not_found|database_refused|table_not_found"):
        read(path, table="t")


def test_an_option_of_the_url_is_refused(tmp_path: Path) -> None:
    path = database(tmp_path, "CREATE TABLE t AS SELECT 1 AS label")
    with pytest.raises(ConfigError, match=r"unknown_url_option.*access_mode"):
        ingest(SourceConfig(url=f"duckdb:///{path}?access_mode=read_write", table="t"), tmp_path / "work")


def test_an_error_shows_nothing_of_a_secret_that_stands_in_the_query(tmp_path: Path) -> None:
    path = database(tmp_path, "CREATE TABLE t AS SELECT 1 AS label")
    for query in ("SELECT 'hunter2-hunter2'::INTEGER AS label", "SELECT crypted('hunter2-hunter2') AS label"):
        with pytest.raises(InputError, match="database_refused") as caught:
            read(path, query=query)
        assert "hunter2" not in str(caught.value.as_dict())


def test_a_file_that_another_program_writes_is_refused(tmp_path: Path) -> None:
    path = database(tmp_path, "CREATE TABLE t AS SELECT 1 AS label")
    script = f"import duckdb, sys; c = duckdb.connect({str(path)!r}); print('open', flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"open\n"
        with pytest.raises(InputError, match=r"database_refused.*lock"):
            read(path, table="t")
        writer.communicate()
    assert read(path, table="t").column("label") == [1]
