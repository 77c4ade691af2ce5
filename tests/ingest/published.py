"""A source from `init` to `rebuild`, with the published values compared with the true ones."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from counterpoise.config import load_config
from counterpoise.flows.command_line import run_command

ROWS = 200
TRUTH = pa.table(
    {
        "id": [f"row-{row:04}" for row in range(ROWS)],
        "whole": [None if row % 11 == 0 else 2**53 + row for row in range(ROWS)],
        "price": pa.array([Decimal(row * 12_345) / 100 for row in range(ROWS)], pa.decimal128(18, 2)),
        "ratio": [None if row % 13 == 0 else row / 7 for row in range(ROWS)],
        "moment": pa.array(
            [dt.datetime(2024, 1, 1, tzinfo=dt.UTC) + dt.timedelta(hours=row) for row in range(ROWS)],
            pa.timestamp("us", "UTC"),
        ),
        "day": [dt.date(2024, 1, 1) + dt.timedelta(days=row) for row in range(ROWS)],
        "word": [None if row % 17 == 0 else f"é{row % 5}" for row in range(ROWS)],
        "label": ["yes" if row % 4 == 0 else "no" for row in range(ROWS)],
    }
)


def check_published(place: list[str], folder: Path, *settings: str) -> dict[str, Any]:
    """Propose settings for a source, publish it, verify and rebuild it; return the source's settings.

    Args:
        place: The source as `counterpoise init` takes it.
        folder: An empty folder for everything.
        settings: Further settings of `init`.
    """
    file, root = folder / "t.yaml", folder / "datasets"
    given = ["resampling.strategy=random_over", "columns.ids=[id]", f"output.root={root}", "columns.drop=[]", *settings]
    said = [word for setting in given for word in ("--set", setting)]
    assert run_command(["init", *place, "--target", "label", "--name", "t", "--out", str(folder), *said]) == 0
    quick = ["evaluation.learners=[logistic_regression]", "evaluation.bootstrap=50"]
    assert run_command(["run", str(file), *(word for each in quick for word in ("--set", each))]) == 0
    assert _published(root) == {row["id"]: row for row in TRUTH.to_pylist()}
    for command in ("verify", "rebuild"):
        assert run_command([command, f"{root}/t", "--source", place[0], "--trust-manifest"]) == 0
    return load_config(file).source.model_dump(mode="json")


def _published(root: Path) -> dict[str, dict[str, Any]]:
    """Return the original rows of a version by their id."""
    found: dict[str, dict[str, Any]] = {}
    (data,) = (root / "t" / "data").iterdir()
    for part in ("train", "validation", "test"):
        for path in sorted((data / part).glob("*.parquet")):
            keys = pq.read_table(data / "keys" / part / path.name)
            own = keys.select([name for name in TRUTH.column_names if name in keys.column_names]).to_pylist()
            for key, row in zip(own, pq.read_table(path).to_pylist(), strict=True):
                whole = {name: (key | row)[name] for name in TRUTH.column_names}
                assert found.setdefault(whole["id"], whole) == whole, "copies are equal"
    return found
