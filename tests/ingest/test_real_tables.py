from __future__ import annotations

import csv
import gzip
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from counterpoise.config import SourceConfig
from counterpoise.ingest._names import resolve_column
from tests.catalog import RealTable, table_parameters
from tests.ingest.reading import ingest

pytestmark = pytest.mark.slow

# What Python's own reader needs to be told of the files.
_OWN_DIALECT: dict[str, dict[str, Any]] = {
    "adult": {"skipinitialspace": True},
    "adult_test": {"skipinitialspace": True},
    "bank_full": {"delimiter": ";"},
    "online_shoppers_intention": {"delimiter": ";"},
    "Skin_NonSkin": {"delimiter": "\t"},
}


def catalog_entry(table: RealTable) -> dict[str, Any]:
    entries = json.loads((table.path.parents[1] / "catalog.json").read_text())
    return next(entry for entry in entries if table.path.match(entry["file"]))


def own_rows(table: RealTable, *, header: bool) -> list[list[str]]:
    opened = gzip.open if table.path.suffix == ".gz" else open
    with opened(table.path, "rt", encoding="utf-8-sig", newline="") as file:
        rows = [row for row in csv.reader(file, **_OWN_DIALECT.get(table.name, {})) if row]
    return rows[1:] if header else rows


@pytest.mark.parametrize("table", table_parameters())
def test_a_real_table_is_read_as_the_catalog_and_python_read_it(table: RealTable, tmp_path: Path) -> None:
    entry = catalog_entry(table)
    source = SourceConfig(path=str(table.path), missing_values=("", *entry["missing_tokens"]))
    reading = ingest(source, tmp_path, target=table.target)
    assert (reading.snapshot.rows, len(reading.types), reading.snapshot.rejected_lines) == (
        table.rows,
        entry["cols"],
        0,
    )
    target = resolve_column(list(reading.types), table.target)
    labels = Counter("" if label is None else str(label) for label in reading.column(target))
    assert labels.pop("", 0) == entry["missing_target"]
    assert labels == table.classes
    rows = own_rows(table, header=entry["header"])
    step = max(1, len(rows) // 500)
    read = reading.table.take(list(range(0, len(rows), step)))
    for column, name in enumerate(reading.types):
        for row, value in zip(rows[::step], read[name].to_pylist(), strict=True):
            assert same(row[column], value, source.missing_values if name != target else ("",)), (name, row)


def same(text: str, value: Any, missing: tuple[str, ...]) -> bool:
    if value is None:
        return text.strip() in missing
    if isinstance(value, bool):
        return text.lower() == str(value).lower()
    return text == value if isinstance(value, str) else float(text) == value
