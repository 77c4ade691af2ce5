"""What the order of rows by content and value grids cost of split + resample + persist, in processor time.

    python benchmarks/grid_cost.py [--rows 100000] [--rounds 7]

A table of 28 columns in cents, 1 % of them positive, is split, resampled with SMOTE to balance and published: with
both, without grids (`grid: false`), and without grids and with rows in the order of the source. They run in turns in
one process, in another order each round. Prints the least processor seconds of each stage over the rounds, which other
programs on the machine disturb least, and the ratio of their sums to that of neither.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pyarrow as pa

from counterpoise.config import BalanceConfig
from counterpoise.persist import publish_version
from counterpoise.records import Snapshot, Validation
from counterpoise.resample import plan_resampling
from counterpoise.split import _stage, split_snapshot
from counterpoise.table import write_snapshot

COLUMNS = 28
STAGES = ("split", "resample", "persist")
KINDS = ("order and grids", "order", "neither")


def make_table(rows: int) -> pa.Table:
    """Return columns in cents and a label with 1 % of positives."""
    rng = np.random.default_rng(0)
    label = (np.arange(rows) % 100 == 0).astype(np.int8)
    columns = {f"c{i}": np.round(rng.lognormal(3 + 0.2 * label, 0.7), 2) for i in range(COLUMNS)}
    return pa.table({**columns, "id": np.arange(rows), "label": label})


def seconds(snapshot: Snapshot, kind: str, folder: Path) -> dict[str, float]:
    """Return the processor seconds of each stage.

    Args:
        snapshot: The table.
        kind: One of `KINDS`.
        folder: Where to write.
    """
    config = BalanceConfig(
        name="cost",
        source={"path": "cost.parquet"},
        columns={"target": "label", "ids": ["id"]},
        resampling={"strategy": "smote", "grid": kind == KINDS[0]},
        output={"root": str(folder / "datasets")},
    )
    unchecked = Validation(success=True, outcomes=())
    marks = [time.process_time()]

    def source_order(snapshot: Snapshot, *given: Any, **named: Any) -> np.ndarray[Any, Any]:
        del given, named
        return np.arange(snapshot.rows)

    patched = mock.patch.object(_stage, "content_order", source_order) if kind == KINDS[2] else mock.MagicMock()
    with patched:
        split = split_snapshot(
            snapshot, columns=config.columns, config=config.split, validation=unchecked, seed=0, folder=folder / "split"
        )
    marks.append(time.process_time())
    plan = plan_resampling(
        snapshot, split, columns=config.columns, config=config.resampling, seed=0, folder=folder / "plan"
    )
    marks.append(time.process_time())
    publish_version(config, snapshot=snapshot, validation=unchecked, split=split, resampling=plan)
    marks.append(time.process_time())
    return dict(zip(STAGES, np.diff(marks).tolist(), strict=True))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=7)
    given = parser.parse_args()
    found: dict[str, list[dict[str, float]]] = {kind: [] for kind in KINDS}
    with tempfile.TemporaryDirectory() as place:
        snapshot = write_snapshot(Path(place) / "table.arrow", make_table(given.rows))
        for number in range(given.rounds + 1):
            for kind in np.roll(KINDS, number).tolist():
                used = seconds(snapshot, kind, Path(place) / f"{number}-{kind}")
                if number:  # the first round imports and touches memory
                    found[kind].append(used)
    least = {kind: {stage: min(one[stage] for one in rounds) for stage in STAGES} for kind, rounds in found.items()}
    for kind, stages in least.items():
        ratio = sum(stages.values()) / sum(least["neither"].values())
        print(f"{kind:16} {ratio:.3f}  " + "  ".join(f"{stage} {value:.3f} s" for stage, value in stages.items()))


if __name__ == "__main__":
    main()
