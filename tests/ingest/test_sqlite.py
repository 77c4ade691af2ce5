from __future__ import annotations

import sqlite3
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from counterpoise.config import SourceConfig
from counterpoise.errors import ColumnNotFoundError, ConfigError, InputError
from counterpoise.ingest._stage import identify_source
from tests.ingest.reading import Reading, ingest


def database(folder: Path, *statements: str) -> str:
    path = folder / "data.db"
    connection = sqlite3.connect(path)
    connection.executescript(";".join(statements))
    connection.close()
    return f"sqlite:///{path}"


def read(url: str, folder: Path, *, target: str = "label", **options: Any) -> Reading:
    return ingest(SourceConfig(url=url, **options), folder / "work", target=target)


def test_integers_are_exact_beside_null(tmp_path: Path) -> None:
    """Fault 10."""
    url = database(
        tmp_path, "CREATE TABLE t (a INTEGER, label TEXT)", "INSERT INTO t VALUES (9007199254740993, 'x'), (NULL, 'y')"
    )
    reading = read(url, tmp_path, table="t")
    assert reading.column("a") == [9007199254740993, None]
    assert reading.types == {"a": "int64", "label": "string"}


def test_numeric_columns_are_exact_decimals(tmp_path: Path) -> None:
    url = database(
        tmp_path,
        "CREATE TABLE t (price NUMERIC(10, 2), ratio REAL, label INTEGER)",
        "INSERT INTO t VALUES (0.1, 0.1, 1), (5, 5, 0), (NULL, NULL, 1), (1234567.89, 2.5, 0)",
    )
    reading = read(url, tmp_path, table="t")
    assert reading.column("price") == [Decimal("0.10"), Decimal("5.00"), None, Decimal("1234567.89")]
    assert reading.column("ratio") == [0.1, 5.0, None, 2.5]


def test_mixed_values_of_a_column_become_text_with_a_note(tmp_path: Path) -> None:
    url = database(
        tmp_path,
        "CREATE TABLE t (a, label INTEGER)",
        "INSERT INTO t VALUES (1, 1), ('one', 0), (1.5, 1), (x'ff', 0), (NULL, 1)",
    )
    reading = read(url, tmp_path, table="t")
    assert reading.column("a") == ["1", "one", "1.5", "ff", None]
    assert "column 'a' is kept as text: it holds bytes, float, integer, text values" in reading.snapshot.notes


def test_labels_of_mixed_types_are_refused(tmp_path: Path) -> None:
    """Fault 8."""
    url = database(tmp_path, "CREATE TABLE t (a INTEGER, label)", "INSERT INTO t VALUES (1, 1), (2, '1')")
    with pytest.raises(InputError, match=r"mixed_label_types.*integer '1' in row 1, text '1' in row 2"):
        read(url, tmp_path, table="t")


def test_a_hostile_table_name_is_only_a_name(tmp_path: Path) -> None:
    """Fault 30."""
    name = 'x"; DROP TABLE precious; --'
    quoted = name.replace('"', '""')
    url = database(
        tmp_path,
        "CREATE TABLE precious (a)",
        f'CREATE TABLE "{quoted}" ("a""b" INTEGER, label TEXT)',
        f"INSERT INTO \"{quoted}\" VALUES (1, 'x')",
    )
    assert read(url, tmp_path, table=name).column('a"b') == [1]
    assert sqlite3.connect(tmp_path / "data.db").execute("SELECT count(*) FROM precious").fetchone() == (0,)


def test_a_query_cannot_write(tmp_path: Path) -> None:
    url = database(tmp_path, "CREATE TABLE t (a INTEGER, label TEXT)", "INSERT INTO t VALUES (1, 'x')")
    with pytest.raises(InputError, match=r"not_read_only.*DELETE t"):
        read(url, tmp_path, query="DELETE FROM t RETURNING a, label")


def test_missing_values_apply_to_texts_but_not_to_the_label(tmp_path: Path) -> None:
    """Fault 9."""
    url = database(tmp_path, "CREATE TABLE t (a, label)", "INSERT INTO t VALUES (' NA ', 'NA'), (1, 'x'), (2, '')")
    reading = read(url, tmp_path, table="t", missing_values=("NA",))
    assert reading.column("a") == [None, 1, 2]
    assert reading.column("label") == ["NA", "x", None]


def test_declared_types_hold_or_the_row_is_named(tmp_path: Path) -> None:
    url = database(tmp_path, "CREATE TABLE t (a, label)", "INSERT INTO t VALUES ('7', 1), ('300', 0)")
    assert read(url, tmp_path / "ok", table="t", types=("a=int64",)).column("a") == [7, 300]
    assert read(url, tmp_path / "text", table="t", types=("label=string",)).column("label") == ["1", "0"]
    with pytest.raises(InputError, match=r"value_does_not_fit.*'300' in row 2"):
        read(url, tmp_path / "bad", table="t", types=("a=int8",))
    with pytest.raises(ColumnNotFoundError, match=r"source\.types: 'b'"):
        read(url, tmp_path / "none", table="t", types=("b=int8",))


def test_equal_column_names_of_a_query_are_refused(tmp_path: Path) -> None:
    """Fault 15."""
    url = database(tmp_path, "CREATE TABLE t (a, label)", "INSERT INTO t VALUES (1, 2)")
    with pytest.raises(InputError, match="duplicate_columns"):
        read(url, tmp_path, query="SELECT a, a, label FROM t")


def test_an_empty_table_is_refused(tmp_path: Path) -> None:
    url = database(tmp_path, "CREATE TABLE t (a, label)")
    with pytest.raises(InputError, match=r"no_rows.*table 't'"):
        read(url, tmp_path, table="t")
    with pytest.raises(InputError, match=r"no_rows.*source\.query"):
        read(url, tmp_path, query="SELECT * FROM t")


def test_a_missing_file_is_refused_and_not_made(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"source_not_found.*absent"):
        read(f"sqlite:///{tmp_path}/absent.db", tmp_path, table="t")
    assert not (tmp_path / "absent.db").exists()


def test_unset_variables_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_SUCH_VARIABLE", raising=False)
    with pytest.raises(ConfigError, match=r"unset_variable.*NO_SUCH_VARIABLE"):
        read("postgresql://ann:${NO_SUCH_VARIABLE}@host/db", tmp_path, table="t")


def test_a_variable_may_hold_the_whole_url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = database(tmp_path, "CREATE TABLE t (a INTEGER, label)", "INSERT INTO t VALUES (1, 2)")
    monkeypatch.setenv("DATABASE", url)
    assert read("${DATABASE}", tmp_path, table="t").column("a") == [1]


@pytest.mark.parametrize(
    ("url", "reason"),
    [("mssql://ann@host/db", "unsupported_database"), ("no url at all", "invalid_url"), ("${X}", "unset_variable")],
)
def test_other_urls_are_refused(url: str, reason: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=reason):
        read(url, tmp_path, table="t")


def test_a_missing_driver_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(ConfigError, match=r"driver_missing.*counterpoise\[postgres\]"):
        read("postgres://ann@localhost/db", tmp_path, table="t")


def test_a_database_is_identified_by_reading_only() -> None:
    assert identify_source(SourceConfig(url="sqlite:///data.db", table="t")) == ""
