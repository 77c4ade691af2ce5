"""A database that is read stays as it is, and nothing appears beside it, whatever query and URL say."""

from __future__ import annotations

import hashlib
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from counterpoise.config import SourceConfig
from counterpoise.errors import CounterpoiseError
from counterpoise.ingest._sql import sqlite_file
from counterpoise.ingest._sql import statements as sql_connection
from counterpoise.ingest._stage import ingest_source
from tests.ingest.test_sqlite import database, read

ROWS = "CREATE TABLE t (a INTEGER, label TEXT)", "INSERT INTO t VALUES (1, 'x'), (2, 'y')"


def fingerprints(folder: Path) -> dict[str, str]:
    """Return the digest of each file that is no work of ingest."""
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir()) if path.is_file()
    }


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[str]:
    """A database's URL; in the end the folder holds what it held, byte for byte."""
    url = database(tmp_path, *ROWS)
    before = fingerprints(tmp_path)
    yield url
    assert fingerprints(tmp_path) == before


@pytest.mark.parametrize(
    ("query", "action"),
    [
        ("DELETE FROM t RETURNING a, label", "DELETE t"),
        ("UPDATE t SET a = 5 RETURNING a, label", "UPDATE t"),
        ("INSERT INTO t VALUES (3, 'z') RETURNING a, label", "INSERT t"),
        ("REPLACE INTO t VALUES (3, 'z') RETURNING a, label", "INSERT t"),
        ("CREATE TABLE u AS SELECT * FROM t", "would (INSERT|UPDATE|DELETE) sqlite_"),
        ("CREATE TEMP TABLE u AS SELECT * FROM t", "would (INSERT|UPDATE|DELETE) sqlite_"),
        ("CREATE VIEW v AS SELECT 1", "would (INSERT|UPDATE|DELETE) sqlite_"),
        ("CREATE VIRTUAL TABLE v USING fts5(x)", "would (INSERT|UPDATE|DELETE) sqlite_"),
        ("DROP TABLE t", "would (INSERT|UPDATE|DELETE) sqlite_"),
        ("ALTER TABLE t RENAME TO u", "ALTER TABLE"),
        ("ATTACH '{folder}/other.db' AS other", "ATTACH"),
        ("ATTACH 'file:{folder}/other.db?mode=rwc' AS other", "ATTACH"),
        ("DETACH main", "DETACH"),
        ("VACUUM", "ATTACH|not_read_only"),
        ("VACUUM INTO '{folder}/copy.db'", "ATTACH"),
        ("PRAGMA journal_mode = WAL", "PRAGMA journal_mode"),
        ("PRAGMA journal_mode", "PRAGMA journal_mode"),
        ("PRAGMA user_version = 7", "PRAGMA user_version"),
        ("PRAGMA query_only = OFF", "PRAGMA query_only"),
        ("PRAGMA writable_schema = ON", "PRAGMA writable_schema"),
        ("PRAGMA wal_checkpoint(TRUNCATE)", "PRAGMA wal_checkpoint"),
        ("PRAGMA temp_store_directory = '{folder}'", "PRAGMA temp_store_directory"),
        ("ANALYZE", "not_read_only"),
        ("REINDEX", "REINDEX|not_read_only|no_rows|database_refused"),
        ("BEGIN EXCLUSIVE", "TRANSACTION BEGIN"),
        ("SAVEPOINT s", "SAVEPOINT BEGIN"),
        ("SELECT load_extension('{folder}/evil.so') AS a, 1 AS label", "FUNCTION load_extension|no such function"),
        ("SELECT writefile('{folder}/x', 'y') AS a, 1 AS label", "FUNCTION writefile|no such function"),
        ("SELECT 1 AS a, 2 AS label; DROP TABLE t", "one statement"),
        ("WITH d AS (SELECT 1) DELETE FROM t RETURNING a, label", "DELETE t"),
    ],
)
def test_a_query_does_nothing_but_read(shop: str, tmp_path: Path, query: str, action: str) -> None:
    with pytest.raises(CounterpoiseError, match=action):
        read(shop, tmp_path, query=query.format(folder=tmp_path))


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM t ORDER BY label DESC",
        "WITH RECURSIVE n(a) AS (SELECT 1 UNION ALL SELECT a + 1 FROM n WHERE a < 2) SELECT a, 'x' AS label FROM n",
        "SELECT upper(label) AS label, sum(a) OVER () AS a FROM t",
        "VALUES (1, 'x'), (2, 'y')",
    ],
)
def test_what_reads_is_read(shop: str, tmp_path: Path, query: str) -> None:
    assert read(shop, tmp_path, query=query, target="1").snapshot.rows == 2


@pytest.mark.parametrize("mode", ["rwc", "rw", "memory", "RO"])
def test_another_mode_than_reading_is_refused(shop: str, tmp_path: Path, mode: str) -> None:
    for path in ("data.db", "new.db"):
        with pytest.raises(CounterpoiseError, match=r"not_read_only.*mode=ro"):
            read(f"sqlite:///file:{tmp_path}/{path}?mode={mode}&uri=true", tmp_path, table="t")
    with pytest.raises(CounterpoiseError, match=r"not_read_only|source_not_found"):
        read(f"sqlite:///file:{tmp_path}/new.db%3Fmode={mode}", tmp_path, table="t")


@pytest.mark.parametrize("option", ["vfs=unix-none", "isolation_level=EXCLUSIVE", "factory=x", "x%20y=1"])
def test_an_option_that_is_not_known_is_refused_by_name(shop: str, tmp_path: Path, option: str) -> None:
    with pytest.raises(CounterpoiseError, match=rf"unknown_url_option.*{option.partition('=')[0].replace('%20', ' ')}"):
        read(f"{shop}?{option}", tmp_path, table="t")


@pytest.mark.parametrize("name", [":memory:", "", "file::memory:", "absent.db", "file:absent.db"])
def test_no_database_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CounterpoiseError, match="source_not_found"):
        read(f"sqlite:///{name}", tmp_path, table="t")
    assert not fingerprints(tmp_path)


@pytest.mark.parametrize("name", ["it's 100% [a]?.db", "a#b.db", "ü.db"])
def test_odd_names_are_that_file(tmp_path: Path, name: str) -> None:
    database(tmp_path, *ROWS)
    (tmp_path / "data.db").rename(tmp_path / name)
    url = f"sqlite:///{tmp_path}/" + name.replace("%", "%25").replace("?", "%3F")
    assert read(url, tmp_path, table="t").column("a") == [1, 2]


def test_a_database_with_a_write_ahead_log_is_read_without_making_its_files(tmp_path: Path) -> None:
    url = database(tmp_path, *ROWS, "PRAGMA journal_mode = WAL", "INSERT INTO t VALUES (3, 'z')")
    before = fingerprints(tmp_path)
    assert list(before) == ["data.db"]
    assert read(url, tmp_path, table="t").column("a") == [1, 2, 3]
    assert fingerprints(tmp_path) == before


def test_a_log_that_is_in_use_is_read_with_what_it_holds(tmp_path: Path) -> None:
    url = database(tmp_path, *ROWS, "PRAGMA journal_mode = WAL")
    writer = sqlite3.connect(tmp_path / "data.db")
    writer.execute("INSERT INTO t VALUES (3, 'z')")
    writer.commit()
    before = set(fingerprints(tmp_path))
    assert read(url, tmp_path, table="t").column("a") == [1, 2, 3]
    assert set(fingerprints(tmp_path)) == before
    writer.close()


def test_the_log_of_a_writer_that_died_is_refused_by_name(tmp_path: Path) -> None:
    url = database(tmp_path, *ROWS, "PRAGMA journal_mode = WAL")
    (tmp_path / "data.db-wal").write_bytes(b"\0" * 4096)
    with pytest.raises(CounterpoiseError, match=r"unfinished_log.*wal_checkpoint"):
        read(url, tmp_path, table="t")
    assert set(fingerprints(tmp_path)) == {"data.db", "data.db-wal"}


def test_a_database_that_is_written_while_it_is_read_as_immutable_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = database(tmp_path, *ROWS, "PRAGMA journal_mode = WAL")
    connect = sqlite_file.SqliteFile.connect

    def meddle(self: sqlite_file.SqliteFile) -> sqlite3.Connection:
        connection = connect(self)
        with sqlite3.connect(self.path) as writer:
            writer.execute("INSERT INTO t VALUES (4, 'w')")
        writer.close()
        return connection

    monkeypatch.setattr(sqlite_file.SqliteFile, "connect", meddle)
    with pytest.raises(CounterpoiseError, match=r"source_changed.*data\.db"):
        read(url, tmp_path, table="t")


@pytest.mark.parametrize("damage", [b"no database at all, but long enough to be one" * 50, b""])
def test_what_is_no_database_is_refused_by_name(tmp_path: Path, damage: bytes) -> None:
    (tmp_path / "data.db").write_bytes(damage)
    with pytest.raises(CounterpoiseError, match=r"database_refused|table_not_found"):
        read(f"sqlite:///{tmp_path}/data.db", tmp_path, table="t")


def test_texts_that_are_not_utf8_are_refused_by_name(shop: str, tmp_path: Path) -> None:
    with pytest.raises(CounterpoiseError, match=r"database_refused.*UTF-8"):
        read(shop, tmp_path, query="SELECT CAST(x'ff' AS TEXT) AS a, 1 AS label")


@pytest.mark.parametrize("size", ["2e9", "999999999", "100000000"])
def test_a_value_that_memory_should_not_hold_is_refused_by_name(shop: str, tmp_path: Path, size: str) -> None:
    with pytest.raises(CounterpoiseError, match=r"cell_too_long.*substr"):
        read(shop, tmp_path, query=f"SELECT zeroblob({size}) AS a, label FROM t")


def test_a_long_value_is_refused_with_its_row_and_column(
    shop: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(CounterpoiseError, match=r"cell_too_long.*16 MiB.*row 2 of column 'a'") as caught:
        read(shop, tmp_path, query="SELECT CASE a WHEN 2 THEN zeroblob(17000000) END AS a, label FROM t ORDER BY a")
    assert caught.value.values["limit"] == sql_connection.LONGEST_CELL


def test_a_secret_in_an_error_of_the_database_is_hidden(shop: str, tmp_path: Path) -> None:
    for query in ("SELECT 'hunter2-hunter2 FROM t", "SELECT json('hunter2-hunter2') AS a, nothing FROM t"):
        with pytest.raises(CounterpoiseError, match="database_refused") as caught:
            read(shop, tmp_path, query=query)
        assert "hunter2" not in str(caught.value.as_dict())


class TooLateError(Exception):
    """What a signal's handler raises, as a time limit does."""


@pytest.mark.parametrize(
    "query",
    [
        "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT max(n) FROM r",
        "SELECT a FROM t WHERE a IN (WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT n FROM r)",
    ],
)
def test_a_query_that_never_ends_is_left_when_a_signal_comes(tmp_path: Path, query: str) -> None:
    place = tmp_path / "x.db"
    with closing(sqlite3.connect(place)) as connection:
        connection.execute("CREATE TABLE t (a INTEGER)")
        connection.execute("INSERT INTO t VALUES (0)")
        connection.commit()

    def too_late(*_: object) -> None:
        raise TooLateError

    before = signal.signal(signal.SIGALRM, too_late)
    signal.setitimer(signal.ITIMER_REAL, 0.5)
    try:
        with pytest.raises(TooLateError):
            ingest_source(
                SourceConfig.model_validate({"url": f"sqlite:///{place}", "query": query}),
                target="a",
                folder=tmp_path / "work",
            )
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
