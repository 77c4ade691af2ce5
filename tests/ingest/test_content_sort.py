"""`source.order: content` numbers rows by their content: the same rows give the same files."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq
import pytest

from counterpoise.config import SourceConfig
from counterpoise.ingest import _content_sort, ingest_source
from counterpoise.records import Snapshot
from counterpoise.table import SnapshotReader
from tests.snapshots import mixed_table


def ingested(path: Path, folder: Path, **options: Any) -> Snapshot:
    config = SourceConfig(path=str(path), order="content", **options)
    return ingest_source(config, target="label", folder=folder)


def written(table: pa.Table, folder: Path, *, files: int = 1, group_rows: int = 1000) -> Path:
    folder.mkdir(parents=True)
    edges = np.linspace(0, table.num_rows, files + 1).astype(int)
    for number, (start, stop) in enumerate(pairwise(edges)):
        pq.write_table(table.slice(start, stop - start), folder / f"{number}.parquet", row_group_size=group_rows)
    return folder


def sha256(snapshot: Snapshot) -> list[str]:
    return [file.sha256 for file in snapshot.files]


@pytest.mark.parametrize("part_bytes", [2**28, 50_000], ids=["in memory", "in parts"])
def test_shuffled_rows_in_other_files_give_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part_bytes: int
) -> None:
    monkeypatch.setattr(_content_sort, "_PART_BYTES", part_bytes)
    table = mixed_table(2_000)
    shuffled = table.take(np.random.default_rng(1).permutation(2_000))
    first = ingested(written(table, tmp_path / "a"), tmp_path / "first")
    other = ingested(written(shuffled, tmp_path / "b", files=3, group_rows=77), tmp_path / "other")
    assert sha256(first) == sha256(other)
    assert first.columns == other.columns
    rows = SnapshotReader(first).read_columns(table.column_names)
    assert rows.schema.types == table.schema.types
    assert sorted(map(str, rows.to_pylist())) == sorted(map(str, table.to_pylist()))


def test_the_same_rows_as_csv_and_as_parquet_give_the_same_bytes(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    table = pa.table({"x": rng.normal(size=500), "word": rng.choice(["a", "b"], 500), "label": rng.integers(0, 2, 500)})
    pc.write_csv(table, tmp_path / "table.csv")
    text = ingested(tmp_path / "table.csv", tmp_path / "text")
    other = ingested(written(table.take(rng.permutation(500)), tmp_path / "b"), tmp_path / "other")
    assert sha256(text) == sha256(other)


def test_rows_that_differ_in_the_sign_of_a_zero_give_the_same_bytes(tmp_path: Path) -> None:
    table = pa.table({"x": [0.0, -0.0, 0.0, -0.0, np.nan], "label": [0, 0, 0, 0, 1]})
    first = ingested(written(table, tmp_path / "a"), tmp_path / "first")
    other = ingested(written(table.take([4, 3, 2, 1, 0]), tmp_path / "b"), tmp_path / "other")
    assert sha256(first) == sha256(other)


def test_by_default_the_source_is_referred_to_in_its_own_order(tmp_path: Path) -> None:
    place = written(mixed_table(100), tmp_path / "a")
    snapshot = ingest_source(SourceConfig(path=str(place)), target="label", folder=tmp_path / "s")
    assert [file.path for file in snapshot.files] == [str(place / "0.parquet")]


def stored(table: pa.Table, path: Path) -> SourceConfig:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE t (x REAL, word TEXT, label INTEGER)")
        connection.executemany("INSERT INTO t VALUES (?, ?, ?)", zip(*table.to_pydict().values(), strict=True))
        connection.commit()
    return SourceConfig(url=f"sqlite:///{path}", table="t")


@pytest.mark.parametrize("order", ["content", "source"])
def test_a_database_that_returns_its_rows_in_another_order_is_the_same_source(tmp_path: Path, order: str) -> None:
    rng = np.random.default_rng(0)
    table = pa.table({"x": rng.normal(size=90), "word": rng.choice(["a", "b"], 90), "label": rng.integers(0, 2, 90)})
    table = pa.concat_tables([table, table.slice(0, 20)])  # equal rows count as often as they occur
    tables = [table, table.take(rng.permutation(110)), table.slice(0, 109)]
    found = []
    for number, one in enumerate(tables):
        source = stored(one, tmp_path / f"{number}.db").model_copy(update={"order": order})
        found.append(ingest_source(source, target="label", folder=tmp_path / str(number)))
    first, shuffled, shorter = found
    assert (first.digest == shuffled.digest) == (order == "content")
    assert (sha256(first) == sha256(shuffled)) == (order == "content")
    assert any("order of rows" in note for note in first.notes) == (order == "source")
    assert first.digest != shorter.digest
