from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from counterpoise.config import build_config
from counterpoise.errors import InputError
from counterpoise.table import SnapshotReader
from counterpoise.tasks.ingest import ingest


def test_the_source_becomes_a_snapshot_in_the_working_area(tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_text("a,label\n1,x\n2,y\n3,x\n")
    config = build_config({"name": "t", "source": {"path": str(table)}, "columns": {"target": "label"}})
    snapshot = ingest.fn(config, folder=tmp_path / "run")
    assert snapshot.rows == 3
    assert [column.name for column in snapshot.columns] == ["a", "label"]
    assert SnapshotReader(snapshot).read_columns(["label"])["label"].to_pylist() == ["x", "y", "x"]
    assert all(Path(file.path).is_relative_to(tmp_path / "run") for file in snapshot.files)


def test_a_missing_source_is_refused(tmp_path: Path) -> None:
    source = {"path": str(tmp_path / "nothing.csv")}
    config = build_config({"name": "t", "source": source, "columns": {"target": "label"}})
    with pytest.raises(InputError, match=r"nothing\.csv"):
        ingest.fn(config, folder=tmp_path / "run")


def test_a_database_table_that_a_recipe_would_be_rebuilt_from_is_told_about(tmp_path: Path) -> None:
    database = tmp_path / "shop.db"
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("CREATE TABLE orders (amount REAL, label INTEGER)")
        connection.executemany("INSERT INTO orders VALUES (?, ?)", [(float(i), i % 2) for i in range(20)])
        connection.commit()
    source = {"url": f"sqlite:///{database}", "table": "orders"}
    kept = build_config({"name": "d", "source": source, "columns": {"target": "label"}})
    put_away = kept.model_copy(update={"output": kept.output.model_copy(update={"materialise": "recipe"})})
    notes = [len(ingest.fn(config, folder=tmp_path / str(n)).notes) for n, config in enumerate((kept, put_away))]
    assert notes[1] == notes[0] + 1
