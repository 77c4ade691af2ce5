"""A row whose group is NaN stands alone, as one whose group is null does, however the rows are split."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from counterpoise.table import read_arrow
from tests.split.splitting import split

ROWS = 400


def table(missing: float | None) -> pa.Table:
    """Return rows of which every second has no group; a group holds minus zero and zero."""
    rng = np.random.default_rng(5)
    groups = [missing if row % 2 else float(rng.integers(0, 40)) for row in range(ROWS)]
    groups[:4] = [0.0, missing, -0.0, missing]
    return pa.table(
        {
            "x": rng.normal(size=ROWS),
            "customer": pa.array(groups, pa.float64(), from_pandas=False),
            "at": pa.array(np.arange(ROWS)),
            "label": (rng.random(ROWS) < 0.2).astype(int),
        }
    )


@pytest.mark.parametrize(
    "method",
    [{}, {"method": "grouped"}, {"method": "stable"}, {"method": "time"}],
    ids=["random", "grouped", "stable", "time"],
)
def test_nan_and_null_groups_are_split_alike(method: dict[str, Any], tmp_path: Path) -> None:
    columns = {"group": "customer"} | ({"time": "at"} if method.get("method") == "time" else {})
    plans = [
        split(table(missing), tmp_path / str(missing), columns=columns, **method) for missing in (None, float("nan"))
    ]
    partitions = [read_arrow(plan.file)["partition"].to_numpy() for plan in plans]
    assert partitions[0].tolist() == partitions[1].tolist()
    assert {0, 1, 2} <= set(partitions[0].tolist())
