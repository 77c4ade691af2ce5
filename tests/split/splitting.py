"""Tables split whole, for the tests of this folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa

from counterpoise.config import ColumnsConfig, SplitConfig
from counterpoise.records import SplitPlan
from counterpoise.split import split_snapshot
from tests.snapshots import UNCHECKED, snapshot_of


def split(
    table: pa.Table, folder: Path, *, columns: dict[str, Any] | None = None, seed: int = 0, **config: Any
) -> SplitPlan:
    """Split a table by its column `label`, unless `columns` says otherwise."""
    roles = ColumnsConfig(**{"target": "label", **(columns or {})})
    return split_snapshot(
        snapshot_of(table, folder),
        columns=roles,
        config=SplitConfig(**config),
        validation=UNCHECKED,
        seed=seed,
        folder=folder / "split",
    )
