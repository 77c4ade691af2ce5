from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from counterpoise.config import SourceConfig
from counterpoise.ingest._stage import ingest_source


def notes(folder: Path, *, rebuilt_from: bool, **options: Any) -> str:
    connection = sqlite3.connect(folder / "data.db")
    connection.executescript("CREATE TABLE t (n INTEGER, label TEXT); INSERT INTO t VALUES (1, 'x'), (2, 'y')")
    connection.close()
    source = SourceConfig(url=f"sqlite:///{folder / 'data.db'}", **options)
    snapshot = ingest_source(source, target="label", folder=folder / "work", rebuilt_from=rebuilt_from)
    return "\n".join(snapshot.notes)


@pytest.mark.parametrize("options", [{"table": "t"}, {"query": "SELECT * FROM t"}, {"table": "t", "watermark": "n"}])
def test_a_database_without_an_upper_bound_is_no_source_to_rebuild_from_and_it_is_told(
    tmp_path: Path, options: dict[str, Any]
) -> None:
    assert "train can no longer be rebuilt" in notes(tmp_path, rebuilt_from=True, **options)


@pytest.mark.parametrize(
    ("rebuilt_from", "options"),
    [(False, {"table": "t"}), (True, {"table": "t", "watermark": "n", "until": "2"})],
)
def test_nothing_is_told_of_bounded_rows_or_where_the_rows_are_kept(
    tmp_path: Path, rebuilt_from: bool, options: dict[str, Any]
) -> None:
    assert "rebuilt" not in notes(tmp_path, rebuilt_from=rebuilt_from, **options)
