"""Databases in files, tables with versions and files on the web, from `init` to `rebuild`, value by value."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import write_deltalake

from tests.ingest.lakes import iceberg_table, new_iceberg_table
from tests.ingest.mariadb import Server, connected
from tests.ingest.published import TRUTH, check_published
from tests.ingest.web_server import web_server

pytestmark = pytest.mark.slow


def test_a_duckdb_file_is_published(tmp_path: Path) -> None:
    path = tmp_path / "shop.duckdb"
    with duckdb.connect(path) as connection:
        connection.register("truth", TRUTH)
        connection.execute("CREATE TABLE t AS SELECT * FROM truth")
    check_published([f"duckdb:///{path}", "--table", "t"], tmp_path)


def test_a_table_of_mariadb_is_published(mariadb: Server, tmp_path: Path) -> None:
    mariadb.run(
        "CREATE OR REPLACE TABLE truth (id VARCHAR(9), whole BIGINT, price DECIMAL(18, 2), ratio DOUBLE, "
        "moment TIMESTAMP(6) NULL, day DATE, word TEXT, label TEXT)"
    )
    with connected(mariadb.socket, mariadb.user, mariadb.password) as connection, connection.cursor() as cursor:
        cursor.execute("SET time_zone = '+00:00'")
        rows = [tuple(row.values()) for row in TRUTH.to_pylist()]
        cursor.executemany("INSERT INTO truth VALUES (%s, %s, %s, %s, %s, %s, %s, %s)", rows)
    check_published([mariadb.url(), "--query", "SELECT * FROM truth ORDER BY id"], tmp_path)


def test_a_version_of_a_delta_table_is_published_though_the_table_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "delta"
    write_deltalake(path, TRUTH.slice(0, 120))
    write_deltalake(path, TRUTH.slice(120), mode="append")
    source = check_published([str(path)], tmp_path)
    assert source["version"] == "1", "init has named the newest version"
    write_deltalake(path, TRUTH.slice(0, 10), mode="overwrite")
    older = check_published([str(path)], tmp_path_of(tmp_path, "older"), "source.version=1")
    assert older["version"] == "1"


def test_a_snapshot_of_an_iceberg_table_is_published(tmp_path: Path) -> None:
    path = tmp_path / "iceberg"
    written = new_iceberg_table(path, TRUTH.schema)
    written.append(TRUTH.slice(0, 120))
    written.append(pa.concat_tables([TRUTH.slice(120), TRUTH.slice(0, 1).set_column(0, "id", [["gone"]])]))
    written.delete("id = 'gone'")
    source = check_published([str(path)], tmp_path)
    assert source["version"] == str(iceberg_table(path).current_snapshot().snapshot_id)


def test_a_file_on_the_web_is_published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUNTERPOISE_PRIVATE_HOSTS", "127.0.0.1")
    pq.write_table(TRUTH, tmp_path / "t.parquet")
    with web_server() as web:
        digest = web.has("/raw/t.parquet", (tmp_path / "t.parquet").read_bytes())
        source = check_published([web.url("/raw/t.parquet")], tmp_path)
    assert source["sha256"] == digest, "init has named the digest"


def tmp_path_of(folder: Path, name: str) -> Path:
    inner = folder / name
    inner.mkdir()
    return inner
