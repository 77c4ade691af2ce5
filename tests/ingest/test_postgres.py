from __future__ import annotations

import datetime as dt
import tracemalloc
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from counterpoise.config import SourceConfig
from counterpoise.errors import ConfigError, CounterpoiseError, InputError
from counterpoise.ingest._formats import sql as sql_source
from counterpoise.ingest._stage import ingest_source
from tests.ingest.postgres import Cluster
from tests.ingest.reading import Reading, ingest


def read(postgres: Cluster, folder: Path, *, target: str = "label", **options: Any) -> Reading:
    return ingest(SourceConfig(url=postgres.url(), **options), folder / "work", target=target)


def test_every_type_survives_exactly(postgres: Cluster, tmp_path: Path) -> None:
    postgres.run("""
        DROP TABLE IF EXISTS kinds;
        CREATE TABLE kinds (big bigint, price numeric, money numeric(12, 2), ratio double precision, flag boolean,
            word text, day date, at timestamp, moment timestamptz, id uuid, raw bytea, doc jsonb, label integer);
        INSERT INTO kinds VALUES
            (9007199254740993, 12345678901234567890.123456789, 0.10, 0.1, true, 'a"b''c', '2024-02-29',
             '2024-01-01 10:00:00.123456', '2024-01-01 10:00:00+05:30', '00000000-0000-0000-0000-000000000001',
             '\\xdeadbeef', '{"k": [1]}', 1),
            (NULL, -5, NULL, 'infinity', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0);
    """)
    reading = read(postgres, tmp_path, table="kinds")
    first = reading.table.to_pylist()[0]
    assert first["big"] == 9007199254740993
    assert first["price"] == Decimal("12345678901234567890.123456789")
    assert first["money"] == Decimal("0.10")
    assert first["word"] == "a\"b'c"
    assert first["day"] == dt.date(2024, 2, 29)
    assert first["at"].isoformat() == "2024-01-01T10:00:00.123456"
    assert first["moment"] == dt.datetime(2024, 1, 1, 4, 30, tzinfo=dt.UTC)
    assert first["raw"] == b"\xde\xad\xbe\xef"
    assert (first["id"], first["doc"]) == ("00000000-0000-0000-0000-000000000001", '{"k": [1]}')
    assert reading.types["big"] == "int64"
    assert reading.types["price"] == "decimal128(29, 9)"
    assert reading.types["moment"] == "timestamp[us, tz=UTC]"
    assert reading.column("ratio") == [0.1, float("inf")]
    assert reading.column("flag") == [True, None]


def test_a_hostile_table_name_is_only_a_name(postgres: Cluster, tmp_path: Path) -> None:
    """Fault 30."""
    postgres.run("""
        DROP TABLE IF EXISTS precious, "x""; DROP TABLE precious; --";
        CREATE TABLE precious (a integer);
        CREATE TABLE "x""; DROP TABLE precious; --" (a integer, label text);
        INSERT INTO "x""; DROP TABLE precious; --" VALUES (1, 'yes'), (2, 'no');
    """)
    assert read(postgres, tmp_path, table='x"; DROP TABLE precious; --').column("a") == [1, 2]
    postgres.run("SELECT * FROM precious")


def test_a_schema_is_named_with_a_dot(postgres: Cluster, tmp_path: Path) -> None:
    postgres.run("""
        CREATE SCHEMA IF NOT EXISTS "My Schema";
        DROP TABLE IF EXISTS "My Schema"."T";
        CREATE TABLE "My Schema"."T" (a integer, label text);
        INSERT INTO "My Schema"."T" VALUES (1, 'yes');
    """)
    assert read(postgres, tmp_path, table="My Schema.T").column("label") == ["yes"]


def test_a_query_cannot_write(postgres: Cluster, tmp_path: Path) -> None:
    postgres.run("CREATE SEQUENCE IF NOT EXISTS counter")
    with pytest.raises(InputError, match="read-only transaction"):
        read(postgres, tmp_path, query="SELECT nextval('counter') AS a, 1 AS label")


def test_a_query_may_use_casts_and_percent_signs(postgres: Cluster, tmp_path: Path) -> None:
    query = "SELECT n::text AS a, n % 2 AS label FROM generate_series(1, 4) AS n WHERE 'a:b' LIKE '%:%' ORDER BY n"
    reading = read(postgres, tmp_path, query=query)
    assert (reading.column("a"), reading.column("label")) == (["1", "2", "3", "4"], [1, 0, 1, 0])
    (note,) = reading.snapshot.notes
    assert "declare source.notations: a=1234.56, or a=text" in note


def test_rows_are_streamed_in_batches(postgres: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sql_source, "spool_rows", lambda _: 1_000)
    query = "SELECT n, repeat('x', 500) || n AS word, n % 10 AS label FROM generate_series(1, 40000) AS n ORDER BY n"
    read(
        postgres, tmp_path / "imports", query="VALUES (1, 0), (2, 1)", target="1"
    )  # modules are no rows: load them first
    tracemalloc.start()
    snapshot = ingest_source(SourceConfig(url=postgres.url(), query=query), target="label", folder=tmp_path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert snapshot.rows == 40_000
    assert peak < 12_000_000, "40,000 rows of more than 500 bytes were in memory at once"


def test_a_type_that_no_column_holds_is_refused(postgres: Cluster, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"unsupported_type.*row 2 of column 'column1'"):
        read(postgres, tmp_path, query="VALUES (NULL, 1), (int4range(1, 5), 0)", target="1")


def test_a_wrong_password_is_told_without_the_password(
    postgres: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fault 32."""
    monkeypatch.setenv("PG_PASSWORD", "Wr0ng/pass")
    with pytest.raises(InputError, match="password authentication failed") as caught:
        read(postgres, tmp_path, table="kinds")
    assert "Wr0ng" not in str(caught.value.as_dict())
    assert caught.value.__cause__ is None


def test_a_secret_in_a_database_error_is_hidden(postgres: Cluster, tmp_path: Path) -> None:
    """Fault 32."""
    with pytest.raises(CounterpoiseError, match=r"\*\*\*") as caught:
        read(postgres, tmp_path, query=f"SELECT 1 AS label, '{postgres.password}'::integer AS a")
    assert postgres.password not in str(caught.value.as_dict())


def test_a_missing_table_is_named_with_those_that_are_there(postgres: Cluster, tmp_path: Path) -> None:
    postgres.run("CREATE TABLE IF NOT EXISTS present (label integer)")
    with pytest.raises(InputError, match=r"'absent'.*'present'"):
        read(postgres, tmp_path, table="absent")


def test_the_digest_follows_the_rows(postgres: Cluster, tmp_path: Path) -> None:
    digests = {
        read(postgres, tmp_path / str(number), query=f"SELECT 1 AS label, {value} AS a").snapshot.digest
        for number, value in enumerate((1, 1, 2))
    }
    assert len(digests) == 2


def test_the_options_of_the_driver_itself_are_refused(postgres: Cluster, tmp_path: Path) -> None:
    for option in ("autocommit=true", "row_factory=x", "sslmod=require"):
        with pytest.raises(ConfigError, match=rf"unknown_url_option.*{option.partition('=')[0]}"):
            ingest(SourceConfig(url=f"{postgres.url()}&{option}", table="kinds"), tmp_path / "work")


def test_a_value_that_memory_should_not_hold_is_refused_before_it_is_sent(postgres: Cluster, tmp_path: Path) -> None:
    query = "SELECT n AS a, repeat('x', n * 17000000)%s AS long, n % 2 AS label FROM generate_series(0, 1) AS n"
    for cast in ("", "::bytea", "::text::varchar"):
        with pytest.raises(InputError, match=r"cell_too_long.*16 MiB.*row 2 of column 'long'"):
            read(postgres, tmp_path, query=query.replace("%s", cast))
    with pytest.raises(InputError, match=r"cell_too_long.*row 1 of column 'long'"):
        read(postgres, tmp_path, query="SELECT json_build_array(repeat('x', 17000000)) AS long, 1 AS label")


def test_equal_column_names_are_refused(postgres: Cluster, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="duplicate_columns"):
        read(postgres, tmp_path, query="SELECT 'x' AS a, 'y' AS a, 1 AS label")


def test_a_query_may_end_in_a_semicolon_or_a_comment(postgres: Cluster, tmp_path: Path) -> None:
    for number, query in enumerate(("SELECT 'x' AS a, 1 AS label;", "SELECT 'x' AS a, 1 AS label -- all")):
        assert read(postgres, tmp_path / str(number), query=query).column("a") == ["x"]


def test_an_error_shows_nothing_of_a_secret_that_stands_in_the_query(postgres: Cluster, tmp_path: Path) -> None:
    long = "x" * 200
    for query in (
        f"SELECT '{long}' AS a, 'hunter2-hunter2'::integer AS label",
        f"SELECT '{long}' AS a, crypted('hunter2-hunter2', {long}) AS label",
        f"SELECT concat('hunter2-hunter2', '{long}')::date AS a, 1 AS label",
    ):
        with pytest.raises(InputError, match="database_refused") as caught:
            read(postgres, tmp_path, query=query)
        assert "hunter2" not in str(caught.value.as_dict())
    with pytest.raises(InputError, match=r"syntax error.*at character 13 of the query"):
        read(postgres, tmp_path, query="SELECT FROM WHERE")
