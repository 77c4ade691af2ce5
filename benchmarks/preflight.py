"""What the preflight estimates beside what resampling takes, for every strategy at a few sizes.

    python benchmarks/preflight.py [--strategies smote …] [--cases fat tall …] [--scale 1.0]

Every stage runs in a process of its own, which reports its peak memory above what its imports take, and its seconds.
A ratio below 1.00 is an estimate that was too low. Seconds are of this machine; they are coarse by intent.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

GROUP_ROWS = 131_072


@dataclass(frozen=True)
class Case:
    """A table: its rows, the share of its smaller class, and its features by kind."""

    rows: int
    share: float
    numeric: int
    voted: int = 0
    levels: int = 0


CASES = {
    "fat": Case(60_000, 0.1, 400),
    "one-hot": Case(30_000, 0.1, 20, 4, 95),
    "categories": Case(60_000, 0.1, 0, 6, 60),
    "tall": Case(2_000_000, 0.02, 20),
    "texts": Case(1_000_000, 0.05, 6, 6, 50),
}
TALL = ("none", "weights", "random_over", "random_under", "smote")
"""What is tried on the tables of a million rows; all else would take hours."""
SLOW = {"condensed_nearest_neighbour": 0.1, "instance_hardness_threshold": 0.2, "svm_smote": 0.3}
"""Strategies that get only this share of the rows."""


def make_table(path: Path, case: Case) -> None:
    """Write normal numbers that shift with the class, texts, a text id and an int8 label."""
    rng = np.random.default_rng(0)
    label = rng.random(case.rows) < case.share
    columns: dict[str, Any] = {"id": [f"row-{number:09d}" for number in range(case.rows)]}
    columns |= {f"n{i}": rng.normal(size=case.rows) + 0.7 * label for i in range(case.numeric)}
    for i in range(case.voted):
        words = np.array([f"level-{number:04d}" for number in range(case.levels)])
        columns[f"c{i}"] = words[rng.integers(0, case.levels, case.rows)]
    table = pa.table({**columns, "label": label.astype("i1")})
    pq.write_table(table, path, row_group_size=GROUP_ROWS, compression="zstd")


def config_of(folder: Path, strategy: str) -> Any:
    from counterpoise.config import BalanceConfig

    return BalanceConfig(
        name="bench",
        source={"path": str(folder / "source.parquet")},
        columns={"target": "label", "ids": ["id"]},
        split={"duplicates": "ignore"},
        resampling={"strategy": strategy, "memory_limit": "1000 GB"},
        output={"root": str(folder / "datasets")},
    )


def prepare(folder: Path, case: Case) -> None:
    """Write a table, and the snapshot and the split that all strategies work on."""
    make_table(folder / "source.parquet", case)
    from counterpoise.ingest import ingest_source
    from counterpoise.records import Validation
    from counterpoise.split import split_snapshot

    config = config_of(folder, "none")
    snapshot = ingest_source(config.source, target="label", folder=folder / "ingest")
    split = split_snapshot(
        snapshot, columns=config.columns, config=config.split, seed=0, folder=folder / "split",
        validation=Validation(success=True, outcomes=()),
    )  # fmt: skip
    (folder / "snapshot.json").write_text(snapshot.model_dump_json())
    (folder / "split.json").write_text(split.model_dump_json())


def work(stage: str, folder: Path, strategy: str) -> None:
    """Run one stage and report its seconds and the peak above what was there before."""
    import imblearn.combine  # noqa: F401  # imported before, so that what is measured is work
    import pandas as pd  # noqa: F401
    import sklearn.neighbors  # noqa: F401

    from counterpoise.persist import publish_version
    from counterpoise.records import ResamplingPlan, Snapshot, SplitPlan, Validation
    from counterpoise.resample import plan_resampling

    config = config_of(folder, strategy)
    snapshot = Snapshot.model_validate_json((folder / "snapshot.json").read_text())
    split = SplitPlan.model_validate_json((folder / "split.json").read_text())
    plan_file = folder / f"{strategy}.json"
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter()
    if stage == "plan":
        plan = plan_resampling(
            snapshot, split, columns=config.columns, config=config.resampling, seed=0, folder=folder / strategy
        )
        plan_file.write_text(plan.model_dump_json())
    else:
        publish_version(
            config, snapshot=snapshot, split=split, validation=Validation(success=True, outcomes=()),
            resampling=ResamplingPlan.model_validate_json(plan_file.read_text()),
        )  # fmt: skip
    seconds = time.perf_counter() - start
    peak = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    print(json.dumps({"bytes": peak, "seconds": seconds}))


def expect(folder: Path, strategy: str) -> None:
    """Report what the preflight estimates."""
    from counterpoise.records import Snapshot, SplitPlan
    from counterpoise.resample import open_job, read_facts
    from counterpoise.resample._costs.preflight import estimate

    config = config_of(folder, strategy)
    snapshot = Snapshot.model_validate_json((folder / "snapshot.json").read_text())
    split = SplitPlan.model_validate_json((folder / "split.json").read_text())
    job = open_job(snapshot, split, columns=config.columns, config=config.resampling, seed=0)
    needed = estimate(read_facts(job), config.resampling)
    print(json.dumps({"bytes": needed.bytes, "seconds": needed.seconds}))


def call(*arguments: str) -> dict[str, float]:
    """Run a stage in a process of its own; what it says, or nothing where the strategy refuses the table.

    This process must stay small: a child's peak begins with what its parent holds.
    """
    done = subprocess.run(
        [sys.executable, __file__, "--stage", *arguments], capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.stderr.write(done.stderr.strip().splitlines()[-1][:200] + "\n")
        return {}
    return dict(json.loads(done.stdout)) if done.stdout.strip() else {}


def compare(name: str, case: Case, strategies: list[str]) -> None:
    """Print a line a strategy: estimated and measured memory, their ratio, and seconds."""
    with tempfile.TemporaryDirectory() as made:
        call("prepare", made, json.dumps(asdict(case)))
        for strategy in strategies:
            expected = call("expect", made, strategy)
            stages = [call(stage, made, strategy) for stage in ("plan", "persist")]
            if not all(stages):
                continue
            peak = max(stage["bytes"] for stage in stages)
            seconds = sum(stage["seconds"] for stage in stages)
            print(
                f"| {name} | {case.rows:,} | {strategy} | {expected['bytes'] / 2**20:,.0f} | {peak / 2**20:,.0f} "
                f"| {expected['bytes'] / peak:.2f} | {expected['seconds']:.0f} | {seconds:.0f} |",
                flush=True,
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--strategies", nargs="+")
    parser.add_argument("--cases", nargs="+", choices=CASES, default=list(CASES))
    parser.add_argument("--scale", type=float, default=1.0, help="So many times the rows.")
    parser.add_argument("--stage", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.stage:
        run_stage(*options.stage)
        return
    from counterpoise.strategies import STRATEGIES

    print("| table | rows | strategy | estimated MiB | measured MiB | ratio | estimated s | measured s |")
    print("|---|---:|---|---:|---:|---:|---:|---:|")
    for name in options.cases:
        asked = options.strategies or (
            TALL if name in ("tall", "texts") else [one for one in STRATEGIES if one != "auto"]
        )
        case = replace(CASES[name], rows=int(CASES[name].rows * options.scale))
        compare(name, case, [one for one in asked if one not in SLOW])
        for one in (one for one in asked if one in SLOW):
            compare(name, replace(case, rows=int(case.rows * SLOW[one])), [one])


def run_stage(stage: str, folder: str, argument: str) -> None:
    if stage == "prepare":
        prepare(Path(folder), Case(**json.loads(argument)))
    elif stage == "expect":
        expect(Path(folder), argument)
    else:
        work(stage, Path(folder), argument)


if __name__ == "__main__":
    main()
