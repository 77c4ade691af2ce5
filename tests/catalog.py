"""The real tables that lie beside the repository, where they do."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

_FOLDER = Path(__file__).parents[2] / "shared" / "data"


@dataclass(frozen=True)
class RealTable:
    """A table of the catalog.

    Attributes:
        name: A short name, unique.
        path: The file.
        target: The label column, by name or by index from 0.
        rows: Rows, header excluded.
        classes: Rows by class, as the file spells the classes.
    """

    name: str
    path: Path
    target: str
    rows: int
    classes: dict[str, int]


def real_tables() -> list[RealTable]:
    """Return all tables of the catalog; none where it is missing."""
    catalog = _FOLDER / "catalog.json"
    if not catalog.exists():
        return []
    return [_table(entry) for entry in json.loads(catalog.read_text())]


def _table(entry: dict[str, object]) -> RealTable:
    target = str(entry["target"])
    if target.startswith("column index "):
        target = target.split()[2]
    path = _FOLDER / str(entry["file"])
    counts = entry["class_counts"]
    assert isinstance(counts, dict)
    return RealTable(path.name.split(".")[0].replace("-", "_"), path, target, int(str(entry["rows"])), counts)


def table_parameters() -> list[Any]:
    """Return one test parameter a table, or one that skips where the tables are missing."""
    found = real_tables()
    if not found:
        reason = "the real tables (../shared/data) are not here"
        return [pytest.param(None, marks=pytest.mark.skip(reason=reason), id="missing")]
    return [pytest.param(table, id=table.name) for table in found]
