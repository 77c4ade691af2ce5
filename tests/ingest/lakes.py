"""Tables with versions: written by pyiceberg through a catalog of its own, and copied to buckets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
from pyiceberg.table import StaticTable

from counterpoise.storage import store_at


def new_iceberg_table(path: Path, schema: pa.Schema, **options: Any) -> Any:
    """Create a table in a folder; its catalog is in memory and forgotten afterwards."""
    from pyiceberg.catalog.memory import InMemoryCatalog

    catalog = InMemoryCatalog("tests", warehouse=str(path.parent))
    catalog.create_namespace("shop")
    return catalog.create_table("shop.t", schema, location=str(path), **options)


def iceberg_table(path: Path) -> Any:
    """Open the newest metadata of a table as an independent reader."""
    return StaticTable.from_metadata(str(max((path / "metadata").glob("*.metadata.json"))))


def uploaded(path: Path, address: str) -> str:
    """Copy a folder to a bucket and return its address there."""
    store = store_at(address)
    for file in (each for each in path.rglob("*") if each.is_file()):
        store.put(file.relative_to(path).as_posix(), file)
    return address
