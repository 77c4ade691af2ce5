"""Tables and queries of a real MariaDB: exact, read-only, streamed."""

from __future__ import annotations

import datetime as dt
import sys
import tracemalloc
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from counterpoise.config import SourceConfig
from counterpoise.errors import ColumnNotFoundError, ConfigError, CounterpoiseError, InputError
from counterpoise.ingest._formats import sql as sql_source
from counterpoise.ingest._stage import ingest_source
from tests.ingest.mariadb import Server, connected
from tests.ingest.reading import Reading, ingest


def read(server: Server, folder: Path, *, target: str = "label", scheme: str = "mysql", **options: Any) -> Reading:
    return ingest(SourceConfig(url=server.url(scheme), **options), folder / "work", target=target)


KINDS = """
    CREATE TABLE kinds (big BIGINT UNSIGNED, price DECIMAL(65, 30), single FLOAT, ratio DOUBLE, flag BOOLEAN,
        bits BIT(9), word TEXT, day DATE, at DATETIME(6), moment TIMESTAMP(6) NULL, span TIME(3), born YEAR,
        level ENUM('low', 'high'), doc JSON, raw VARBINARY(9), id UUID, label INT)
"""


@pytest.mark.parametrize("scheme", ["mysql", "mariadb", "mysql+pymysql"])
def test_every_type_survives_exactly(mariadb: Server, tmp_path: Path, scheme: str) -> None:
    mariadb.run(
        "DROP TABLE IF EXISTS kinds", KINDS, "SET time_zone = '+05:30'",
        """INSERT INTO kinds VALUES
            (18446744073709551615, 12345678901234567890.123456789, 16777217, 0.1, true, 257, 'a"b''c é😀', '2024-02-29',
             '2024-01-01 10:00:00.123456', '2024-01-01 10:00:00', '-100:00:00.5', 2024, 'high', '{"k": [1]}', x'dead',
             '00000000-0000-0000-0000-000000000001', 1),
            (NULL, NULL, 0.1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0)""",
    )  # fmt: skip
    reading = read(mariadb, tmp_path, scheme=scheme, table="kinds")
    first, second = reading.table.to_pylist()
    assert (first["big"], first["price"]) == (18446744073709551615, Decimal("12345678901234567890.123456789"))
    assert (first["single"], second["single"]) == (16777216.0, 0.10000000149011612), "all digits of a FLOAT"
    assert (first["ratio"], first["flag"], first["bits"]) == (0.1, 1, 257)
    assert (first["word"], first["raw"]) == ("a\"b'c é😀", b"\xde\xad")
    assert (first["day"], first["at"].isoformat()) == (dt.date(2024, 2, 29), "2024-01-01T10:00:00.123456")
    assert first["moment"] == dt.datetime(2024, 1, 1, 4, 30, tzinfo=dt.UTC)
    assert first["span"] == dt.timedelta(hours=-100, milliseconds=-500)
    assert (first["born"], first["level"], first["doc"]) == (2024, "high", '{"k": [1]}')
    assert first["id"] == "00000000-0000-0000-0000-000000000001"
    assert [name for name, value in second.items() if value is not None] == ["single", "label"]
    assert reading.types["moment"] == "timestamp[us, tz=UTC]"


@pytest.mark.slow
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(
        st.tuples(
            st.none() | st.integers(-(2**63), 2**63 - 1),
            st.none() | st.floats(allow_nan=False, allow_infinity=False, allow_subnormal=False),
            st.none() | st.floats(width=32, allow_nan=False, allow_infinity=False, allow_subnormal=False),
            st.none() | st.decimals(-(10**30), 10**30, places=9),
            st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=40),
            st.none() | st.binary(max_size=40),
            st.none() | st.dates(dt.date(1000, 1, 1)),
            st.none() | st.datetimes(dt.datetime(1000, 1, 1)),  # noqa: DTZ001  # DATETIME has no zone
            st.none() | st.datetimes(dt.datetime(1971, 1, 1), dt.datetime(2037, 1, 1), timezones=st.just(dt.UTC)),  # noqa: DTZ001
        ),
        min_size=1, max_size=20,
    ),
)  # fmt: skip
def test_generated_values_come_back(mariadb: Server, tmp_path: Path, rows: list[tuple[Any, ...]]) -> None:
    mariadb.run(
        "CREATE OR REPLACE TABLE some (n INT, whole BIGINT, ratio DOUBLE, single FLOAT, price DECIMAL(50, 9), "
        "word TEXT, raw BLOB, day DATE, at DATETIME(6), moment TIMESTAMP(6) NULL, label INT)"
    )
    with connected(mariadb.socket, mariadb.user, mariadb.password) as connection, connection.cursor() as cursor:
        cursor.execute("SET time_zone = '+00:00'")
        cursor.executemany(
            f"INSERT INTO some VALUES (%s{', %s' * 10})",
            [(number, *row, number % 2) for number, row in enumerate(rows)],
        )
    whole = read(mariadb, tmp_path, table="some", missing_values=[], types=["word=string"])
    found = sorted(whole.table.to_pylist(), key=lambda row: row["n"])
    names = ("whole", "ratio", "single", "price", "word", "raw", "day", "at", "moment")
    assert [tuple(row[name] for name in names) for row in found] == rows


def test_zero_dates_are_kept_as_text_and_said(mariadb: Server, tmp_path: Path) -> None:
    mariadb.run(
        "CREATE OR REPLACE TABLE zero (day DATE, label INT)", "SET sql_mode = ''",
        "INSERT INTO zero VALUES ('0000-00-00', 1), ('2024-01-01', 0)",
    )  # fmt: skip
    reading = read(mariadb, tmp_path, table="zero")
    assert sorted(reading.column("day")) == ["0000-00-00", "2024-01-01"]
    assert any("'day' is kept as text" in note for note in reading.snapshot.notes)


def test_a_query_that_rounds_is_refused_and_its_remedy_works(mariadb: Server, tmp_path: Path) -> None:
    mariadb.run(
        "CREATE OR REPLACE TABLE singles (f FLOAT, label INT)", "INSERT INTO singles VALUES (16777217, 1)"
    )  # fmt: skip
    with pytest.raises(InputError, match="inexact_type") as caught:
        read(mariadb, tmp_path, query="SELECT f, label FROM singles")
    cell = caught.value.remedy.removeprefix("write ").partition(" in source.query")[0]
    assert read(mariadb, tmp_path, query=f"SELECT {cell}, label FROM singles").column("f") == [16777216.0]


def test_a_query_keeps_its_order_casts_and_percent_signs(mariadb: Server, tmp_path: Path) -> None:
    query = "SELECT seq AS n, seq % 2 AS label FROM seq_1_to_5000 WHERE 'a:b' LIKE '%:%' ORDER BY -seq -- all"
    reading = read(mariadb, tmp_path, query=query)
    assert reading.column("n") == list(range(5000, 0, -1))


@pytest.mark.parametrize(
    "query",
    [
        "DROP TABLE precious", "INSERT INTO precious VALUES (2)", "SET GLOBAL max_connections = 10", "COMMIT",
        "CALL writes()", "/*!50000 DROP TABLE precious */",
        "/*M!100100 DROP TABLE precious */ SELECT 1 AS label", "/* a */" * 40 + "DROP TABLE precious",
        "LOCK TABLES precious WRITE",
        "# SELECT\nDELETE FROM precious", "SELECT 1 AS label INTO OUTFILE '/tmp/counterpoise-out'",
        "SELECT 1 AS label; DROP TABLE precious",
        "SELECT 1) AS a INTO OUTFILE '/tmp/counterpoise-out' -- ", "SELECT written() AS label",
        "SELECT 1 AS label INTO @a", "WITH a AS (SELECT 1) DELETE FROM precious",
        "SELECT label FROM precious FOR UPDATE",
    ],
)  # fmt: skip
def test_a_query_only_reads(mariadb: Server, tmp_path: Path, query: str) -> None:
    mariadb.run(
        "CREATE OR REPLACE TABLE precious (label INT)", "INSERT INTO precious VALUES (1)",
        "CREATE OR REPLACE FUNCTION written() RETURNS INT MODIFIES SQL DATA "
        "BEGIN INSERT INTO precious VALUES (3); RETURN 1; END",
        "CREATE OR REPLACE PROCEDURE writes() BEGIN INSERT INTO precious VALUES (3); END",
    )  # fmt: skip
    with pytest.raises(CounterpoiseError, match=r"not_read_only|database_refused|invalid_config"):
        read(mariadb, tmp_path, query=query)
    assert read(mariadb, tmp_path, table="precious").column("label") == [1]
    assert not Path("/tmp/counterpoise-out").exists()  # noqa: S108  # where the query names it


def test_a_hostile_table_name_is_only_a_name(mariadb: Server, tmp_path: Path) -> None:
    mariadb.run(
        "CREATE DATABASE IF NOT EXISTS `My shop`",
        "CREATE OR REPLACE TABLE `My shop`.`x``; %s DROP` (`a``%b` FLOAT, label INT)",
        "INSERT INTO `My shop`.`x``; %s DROP` VALUES (1.5, 1)",
    )
    reading = read(mariadb, tmp_path, table="My shop.x`; %s DROP")
    assert reading.table.to_pylist() == [{"a`%b": 1.5, "label": 1}]


@pytest.mark.parametrize(
    ("kind", "values", "bounds"),
    [
        ("BIGINT", "9007199254740992, 9007199254740993, 9007199254740994", ("9007199254740993", "9007199254740994")),
        ("DECIMAL(30, 20)", "0.1, 0.10000000000000000001, 0.2", ("0.10000000000000000001", "0.2")),
        ("DATE", "'2024-01-01', '2024-01-02', '2024-01-03'", ("2024-01-02", "2024-01-03")),
        ("DATETIME", "'2024-01-01 09:00', '2024-01-01 10:00', '2024-01-02'", ("2024-01-01 10:00", "2024-01-02")),
        ("VARCHAR(9)", "'a', 'b', 'c'", ("b", "c")),
    ],
)  # fmt: skip
def test_a_watermark_bounds_the_rows_exactly(
    mariadb: Server, tmp_path: Path, kind: str, values: str, bounds: tuple[str, str]
) -> None:
    mariadb.run(
        f"CREATE OR REPLACE TABLE marked (mark {kind}, label INT)",
        f"INSERT INTO marked VALUES ({values.replace(', ', ', 1), (')}, 1)",
    )
    source = {"table": "marked", "watermark": "mark"}
    since, until = bounds
    assert len(read(mariadb, tmp_path, since=since, until=until, **source).column("mark")) == 1
    assert len(read(mariadb, tmp_path, since=since, **source).column("mark")) == 2
    if kind != "VARCHAR(9)":
        with pytest.raises(ConfigError, match=r"invalid_bound.*source\.until"):
            read(mariadb, tmp_path, until="soon", **source)


def test_a_moment_bounds_the_rows_in_utc(mariadb: Server, tmp_path: Path) -> None:
    mariadb.run(
        "SET time_zone = '+00:00'", "CREATE OR REPLACE TABLE moments (at TIMESTAMP NULL, label INT)",
        "INSERT INTO moments VALUES ('2024-01-01 04:00', 1), ('2024-01-01 04:30', 0)",
    )  # fmt: skip
    reading = read(mariadb, tmp_path, table="moments", watermark="at", since="2024-01-01T10:00:00+05:30")
    assert reading.column("label") == [0]
    with pytest.raises(ColumnNotFoundError, match=r"source\.watermark.*'att'"):
        read(mariadb, tmp_path, table="moments", watermark="att")


def test_rows_are_streamed_in_batches(mariadb: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sql_source, "spool_rows", lambda _: 1_000)
    query = "SELECT seq, CONCAT(REPEAT('x', 500), seq) AS word, seq % 10 AS label FROM seq_1_to_40000"
    read(mariadb, tmp_path / "imports", query="SELECT 1 AS a, 0 AS label")  # modules are no rows: load them first
    tracemalloc.start()
    snapshot = ingest_source(SourceConfig(url=mariadb.url(), query=query), target="label", folder=tmp_path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert snapshot.rows == 40_000
    assert peak < 12_000_000, "40,000 rows of more than 500 bytes were in memory at once"


def test_an_error_on_the_first_row_does_not_read_the_others(mariadb: Server, tmp_path: Path) -> None:
    """A hundred billion rows would never end."""
    query = "SELECT REPEAT('x', 17000000) AS wide, 1 AS label FROM seq_1_to_100000 a, seq_1_to_1000000 b"
    mariadb.run("SET GLOBAL max_allowed_packet = 67108864")
    with pytest.raises(InputError, match=r"cell_too_long.*row 1 of column 'wide'"):
        read(mariadb, tmp_path, query=query)


def test_a_wrong_password_is_told_without_the_password(
    mariadb: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MYSQL_PASSWORD", "Wr0ng/pass")
    with pytest.raises(InputError, match="Access denied") as caught:
        read(mariadb, tmp_path, table="kinds")
    assert "Wr0ng" not in str(caught.value.as_dict())
    assert caught.value.__cause__ is None


def test_an_error_shows_nothing_of_a_secret_that_stands_in_the_query(mariadb: Server, tmp_path: Path) -> None:
    long = "x" * 200
    for query in (
        f"SELECT '{long}' AS a, crypted('hunter2-hunter2', {long}) AS label",
        f"SELECT '{long}' AS a 'hunter2-hunter2' FROM WHERE",
        "SELECT 1 AS label FROM absent WHERE a = 'hunter2-hunter2'",
    ):
        with pytest.raises(InputError, match="database_refused") as caught:
            read(mariadb, tmp_path, query=query)
        assert "unter2" not in str(caught.value.as_dict())


@pytest.mark.parametrize(
    "option", ["init_command=DROP", "local_infile=1", "read_default_file=/etc/my.cnf", "charset=latin1"]
)
def test_an_option_that_could_write_or_read_files_is_refused(mariadb: Server, tmp_path: Path, option: str) -> None:
    with pytest.raises(ConfigError, match=rf"unknown_url_option.*{option.partition('=')[0]}"):
        ingest(SourceConfig(url=mariadb.url(options=f"&{option}"), table="kinds"), tmp_path / "work")


def test_a_literal_password_is_refused() -> None:
    with pytest.raises(ConfigError, match="literal_secret"):
        SourceConfig(url="mysql://ann:pa55word@db.example/shop", table="t")


def test_a_missing_table_is_named_with_those_that_are_there(mariadb: Server, tmp_path: Path) -> None:
    mariadb.run("CREATE TABLE IF NOT EXISTS present (label INT)")
    with pytest.raises(InputError, match=r"'absent'.*'present'"):
        read(mariadb, tmp_path, table="absent")
    with pytest.raises(InputError, match=r"no_rows.*'present'"):
        read(mariadb, tmp_path, table="present")


def test_a_missing_driver_is_named_with_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pymysql", None)
    for name in [name for name in sys.modules if name.startswith("pymysql.")]:
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ConfigError, match=r'driver_missing.*pip install "counterpoise\[mysql\]"'):
        ingest(SourceConfig(url="mysql://ann@db.example/shop", table="t"), tmp_path / "work")


@pytest.mark.parametrize("scheme", ["mssql+pyodbc", "oracle", "snowflake", "mysql+mysqldb"])
def test_another_database_is_refused_by_name(tmp_path: Path, scheme: str) -> None:
    with pytest.raises(ConfigError, match=rf"unsupported_database.*{scheme.replace('+', '.')}"):
        ingest(SourceConfig(url=f"{scheme}://db.example/shop", table="t"), tmp_path / "work")
