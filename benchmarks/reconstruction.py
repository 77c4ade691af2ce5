"""How many rows of the source an attack computes from synthetic rows alone, on tables whose parents are known.

    python benchmarks/reconstruction.py [--rows 100] [--seeds 3]

Positives are normal, 1:20 and 1:10, in 3 to 30 columns with all digits or rounded to six, four or two decimals. Told
are means over the seeds of precision (claims that are parents of synthetic rows) and recall (parents that are claimed).
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa

from counterpoise.config import BalanceConfig
from counterpoise.persist import publish_version
from counterpoise.records import Validation
from counterpoise.resample import plan_resampling
from counterpoise.split import split_snapshot
from counterpoise.synthetic._reconstruction import found_among, reconstruct
from counterpoise.table import write_snapshot
from counterpoise.typing import Matrix
from counterpoise.versions import open_version


def attacked(rows: int, columns: int, ratio: int, digits: int | None, seed: int) -> tuple[float, float, int]:
    """Return precision, recall and the number of claims on a table."""
    rng = np.random.default_rng(seed)
    label = np.repeat([1, 0], [rows, rows * ratio])
    points = rng.normal(size=(len(label), columns)) + (label == 0)[:, None]
    points = points if digits is None else np.round(points, digits)
    names = [f"x{number}" for number in range(columns)]
    table = pa.table({**dict(zip(names, points.T, strict=True)), "label": label})
    with tempfile.TemporaryDirectory() as place:
        made, real = _published(table, names, Path(place), seed)
    found = reconstruct(made)
    right, claimed = found_among(found, real)
    return float(right.mean()) if len(right) else np.nan, float(claimed.mean()), len(right)


def _published(table: pa.Table, names: list[str], folder: Path, seed: int) -> tuple[Matrix, Matrix]:
    """Return the synthetic rows of a version that has no others, and the parents that it was made from."""
    config = BalanceConfig(
        name="attacked", seed=seed, source={"path": str(folder)}, columns={"target": "label"},
        resampling={"strategy": "smote"}, output={"root": str(folder / "datasets"), "rows": "synthetic"},
    )  # fmt: skip
    snapshot, unchecked = write_snapshot(folder / "table.arrow", table), Validation(success=True, outcomes=())
    split = split_snapshot(
        snapshot, columns=config.columns, config=config.split, validation=unchecked, seed=seed, folder=folder / "split"
    )
    plan = plan_resampling(
        snapshot, split, columns=config.columns, config=config.resampling, seed=seed, folder=folder / "plan",
        synthetic_only=True,
    )  # fmt: skip
    record = publish_version(config, snapshot=snapshot, validation=unchecked, split=split, resampling=plan)
    version = open_version(f"{record.root}/{record.dataset}")
    keys, train = version.to_arrow("keys/train"), version.to_arrow("train")
    parents = np.unique(np.concatenate([keys[name].drop_null().to_numpy() for name in ("parent_a", "parent_b")]))
    values = np.column_stack([table[name].to_numpy() for name in names])
    return np.column_stack([train[name].to_numpy() for name in names]), values[parents]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100)
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    print("| decimals | columns | positives : others | claims | precision | recall |")
    print("|---|---:|---:|---:|---:|---:|")
    for digits in (None, 6, 4, 2):
        for columns in (3, 5, 10, 30):
            for ratio in (20, 10):
                found = [attacked(options.rows, columns, ratio, digits, seed) for seed in range(options.seeds)]
                precision = [one[0] for one in found if one[2]]
                claims, recall = np.mean([one[2] for one in found]), np.mean([one[1] for one in found])
                told = f"{np.mean(precision):.3f}" if precision else "–"
                cells = (
                    "all" if digits is None else digits,
                    columns,
                    f"1 : {ratio}",
                    round(claims),
                    told,
                    f"{recall:.3f}",
                )
                print(f"| {' | '.join(map(str, cells))} |", flush=True)


if __name__ == "__main__":
    main()
