"""What a user finds in the published Parquet files, value by value, for files as other programs write them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq
import pytest

from counterpoise.config import build_config
from counterpoise.flows.balance import balance
from counterpoise.flows.local_run import run_flow
from tests.ingest.layouts import CASES, Case

PARTITIONS = ("train", "validation", "test")
COUNT = 60
LABEL = ["yes" if number % 4 == 0 else "no" for number in range(COUNT)]
TEXT_CASES = [case for number, case in enumerate(CASES) if number % 2 == 0]


def published(path: Path, folder: Path, target: str, **source: Any) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Publish a version and return its columns and rows in the order of the source, as DuckDB reads the files."""
    config = build_config(
        {
            "name": "tested",
            "source": {"path": str(path), **source},
            "columns": {"target": target},
            "resampling": {"strategy": "none"},
            "evaluation": {"enabled": False},
            "output": {"root": str(folder)},
        }
    )
    run_flow(balance.fn, config)
    data = next((folder / "tested" / "data").iterdir())
    names: list[str] = []
    rows: dict[int, tuple[Any, ...]] = {}
    for partition in PARTITIONS:
        found = duckdb.sql(f"SELECT * FROM '{data}/{partition}/*.parquet'")
        numbers = duckdb.sql(f"SELECT source_row FROM '{data}/keys/{partition}/*.parquet'").fetchall()
        names = list(found.columns)
        rows |= {number: row for (number,), row in zip(numbers, found.fetchall(), strict=True)}
    return names, [rows[number] for number in sorted(rows)]


@pytest.mark.slow
@pytest.mark.parametrize("case", TEXT_CASES, ids=[case.name for case in TEXT_CASES])
def test_the_published_rows_of_a_text_are_those_that_were_written(case: Case, tmp_path: Path) -> None:
    names, rows = published(case.write(tmp_path), tmp_path / "out", case.target, **case.options)
    assert names == list(case.names)
    assert rows == list(case.table)


def half_floats(folder: Path) -> list[tuple[Any, ...]]:
    values = np.linspace(-3, 3, COUNT).astype("float16")
    pq.write_table(pa.table({"x": values, "label": LABEL}), folder / "t.parquet")
    return list(zip(values.tolist(), LABEL, strict=True))


def null_entries(folder: Path) -> list[tuple[Any, ...]]:
    codes = pa.array([number % 3 for number in range(COUNT)], pa.int8())
    kinds = pa.DictionaryArray.from_arrays(codes, pa.array(["a", None, "b"]))
    pyarrow.feather.write_feather(pa.table({"n": range(COUNT), "kind": kinds, "label": LABEL}), folder / "t.arrow")
    return list(zip(range(COUNT), kinds.to_pylist(), LABEL, strict=True))


def stored_index(folder: Path) -> list[tuple[Any, ...]]:
    frame = pd.DataFrame({"x": np.arange(COUNT) / 8, "label": LABEL}, index=np.arange(COUNT)[::-1] * 3)
    frame.to_parquet(folder / "t.parquet")
    return list(frame.itertuples(index=False, name=None))


def stored_index_in_text(folder: Path) -> list[tuple[Any, ...]]:
    frame = pd.DataFrame({"x": np.arange(COUNT) / 8, "label": LABEL})
    frame.to_csv(folder / "t.csv")
    return list(frame.itertuples(index=False, name=None))


def hive_folders(folder: Path) -> list[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = []
    for region, year in (("__HIVE_DEFAULT_PARTITION__", 2023), ("eu", 2024), ("us%20east", 2023)):
        place = folder / f"region={region}" / f"year={year}"
        place.mkdir(parents=True)
        part = pa.table({"x": [len(rows) / 4 + row for row in range(20)], "label": LABEL[:20]})
        pq.write_table(part, place / "p.parquet")
        name = None if region.startswith("__") else region.replace("%20", " ")
        rows += [(x, label, name, year) for x, label in zip(part["x"].to_pylist(), LABEL[:20], strict=True)]
    return rows


def schemas_in_other_forms(folder: Path) -> list[tuple[Any, ...]]:
    first = pa.table({"n": range(30), "word": [f"w{number % 7}" for number in range(30)], "label": LABEL[:30]})
    other = pa.table({"label": LABEL[:30], "word": pa.nulls(30), "n": range(30, 60)})
    pq.write_table(first, folder / "0.parquet")
    pq.write_table(other, folder / "1.parquet")
    return [
        tuple(row[name] for name in ("n", "word", "label")) for table in (first, other) for row in table.to_pylist()
    ]  # fmt: skip


def texts_in_another_order(folder: Path) -> list[tuple[Any, ...]]:
    (folder / "0.csv").write_text("n,word,label\n" + "".join(f"{n},w{n},{LABEL[n]}\n" for n in range(30)))
    (folder / "1.csv").write_text("label,n,word\n" + "".join(f"{LABEL[n]},{n},w{n}\n" for n in range(30, 60)))
    return [(n, f"w{n}", LABEL[n]) for n in range(COUNT)]


FILE_CASES: list[tuple[Callable[[Path], list[tuple[Any, ...]]], str]] = [
    (half_floats, "t.parquet"),
    (null_entries, "t.arrow"),
    (stored_index, "t.parquet"),
    (stored_index_in_text, "t.csv"),
    (hive_folders, ""),
    (hive_folders, "*/*/*.parquet"),
    (schemas_in_other_forms, ""),
    (texts_in_another_order, "*.csv"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("write", "path"), FILE_CASES, ids=[f"{write.__name__} {path}" for write, path in FILE_CASES])
def test_the_published_rows_of_files_are_those_that_were_written(
    write: Callable[[Path], list[tuple[Any, ...]]], path: str, tmp_path: Path
) -> None:
    folder = tmp_path / "source"
    folder.mkdir()
    expected = write(folder)
    _, rows = published(folder / path, tmp_path / "out", "label")
    assert rows == expected
