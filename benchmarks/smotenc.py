"""SMOTENC on one number and one category of 2,000 levels: 200,000 rows, 1 % of them rare.

    python benchmarks/smotenc.py [--rows 200000] [--levels 2000] [--imbalanced-learn]

With --imbalanced-learn its SMOTENC makes the same rows from the rare rows alone, and the rows are compared.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from counterpoise.config import ColumnsConfig, ResamplingConfig, SplitConfig
from counterpoise.records import ColumnSchema, ResamplingPlan, Snapshot, SnapshotFile, SplitPlan, Validation
from counterpoise.resample import plan_resampling
from counterpoise.runtime import child_seed, file_sha256
from counterpoise.split import read_partition, split_snapshot
from counterpoise.table import read_arrow

COLUMNS = ColumnsConfig(target="label")
UNCHECKED = Validation(success=True, outcomes=())


def make_table(rows: int, levels: int) -> pa.Table:
    rng = np.random.default_rng(0)
    label = np.zeros(rows, np.int8)
    label[rng.choice(rows, rows // 100, replace=False)] = 1
    names = np.array([f"level-{number:05d}" for number in range(levels)])
    return pa.table({"amount": rng.normal(size=rows) + label, "shop": rng.choice(names, rows), "label": label})


def snapshot_of(table: pa.Table, path: Path) -> Snapshot:
    pq.write_table(table, path)
    digest = file_sha256(path)
    file = SnapshotFile(path=str(path), format="parquet", rows=table.num_rows, bytes=path.stat().st_size, sha256=digest)
    columns = tuple(ColumnSchema(name=field.name, type=str(field.type)) for field in table.schema)
    return Snapshot(files=(file,), rows=table.num_rows, columns=columns, digest=digest)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--levels", type=int, default=2_000)
    parser.add_argument("--imbalanced-learn", action="store_true")
    options = parser.parse_args()
    import imblearn.over_sampling  # noqa: F401  # imported here, so that what is timed is work

    with tempfile.TemporaryDirectory() as place:
        table = make_table(options.rows, options.levels)
        snapshot = snapshot_of(table, Path(place, "source.parquet"))
        split = split_snapshot(
            snapshot,
            columns=COLUMNS,
            config=SplitConfig(duplicates="ignore"),
            validation=UNCHECKED,
            seed=0,
            folder=Path(place, "split"),
        )
        start = time.perf_counter()
        plan = plan_resampling(
            snapshot,
            split,
            columns=COLUMNS,
            config=ResamplingConfig(strategy="smotenc", scale=False),
            seed=0,
            folder=Path(place, "plan"),
        )
        print(f"ours: {time.perf_counter() - start:.2f} s for {plan.synthetic:,} synthetic rows")
        if options.imbalanced_learn:
            compare(table, split, plan)


def compare(table: pa.Table, split: SplitPlan, plan: ResamplingPlan) -> None:
    """Let imbalanced-learn make the rows of the rare class alone, and compare parents' votes and values."""
    from imblearn.over_sampling import SMOTENC

    train = table.take(pa.array(np.flatnonzero(read_partition(split) == 0)))
    rare = train.filter(pa.array(train["label"].to_numpy() == 1)).to_pandas()
    common = train.filter(pa.array(train["label"].to_numpy() == 0)).slice(0, 1).to_pandas()
    start = time.perf_counter()
    features = ["amount", "shop"]
    rows = np.vstack([rare[features].to_numpy(object), common[features].to_numpy(object)])
    labels = np.array([1] * len(rare) + [0])
    sampler = SMOTENC(
        categorical_features=[1],
        sampling_strategy={1: len(rare) + plan.synthetic},
        random_state=child_seed(0, "resample", "smotenc"),
    )
    made, _ = sampler.fit_resample(rows, labels)
    print(f"imbalanced-learn on the rare rows alone: {time.perf_counter() - start:.1f} s")
    recipe = read_arrow(plan.synthetic_file)
    first, second = (table["amount"].take(recipe[name]).to_numpy() for name in ("parent_a", "parent_b"))
    amounts = first + recipe["lambda"].to_numpy() * (second - first)
    theirs = made[len(rows) :]
    same = np.array_equal(amounts, theirs[:, 0].astype(float)) and recipe["vote:shop"].to_pylist() == list(theirs[:, 1])
    print(f"the same rows, bit for bit: {same}")


if __name__ == "__main__":
    main()
