"""What a bucket costs: publishing, reading and verifying a version there and on this machine.

    python benchmarks/object_store.py [--rows 2000000]

A table of 31 columns as in `scaling.py`, `random_over`. The bucket is one of moto's HTTP server on this machine, which
is Python, holds everything in memory and shares the processor: a rough measure of our side, not of any provider. Each
step is a process of its own, so that nothing is at hand from the step before.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from itertools import product
from pathlib import Path
from typing import Any

import scaling  # type: ignore[import-not-found]  # it lies beside this file

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # the tests' S3 server

STEPS = ("publish", "read", "verify")


def publish(source: str, root: str, folder: Path) -> float:
    """Publish the table and return how long writing the version took, plans not counted."""
    from counterpoise.config import BalanceConfig
    from counterpoise.ingest import ingest_source
    from counterpoise.persist import publish_version
    from counterpoise.records import Validation
    from counterpoise.resample import plan_resampling
    from counterpoise.split import split_snapshot

    config = BalanceConfig.model_validate(
        {
            "name": "bench",
            "source": {"path": source},
            "columns": {"target": "label", "ids": ["id"]},
            "split": {"duplicates": "ignore"},
            "output": {"root": root},
        }
    )
    snapshot = ingest_source(config.source, target="label", folder=folder)
    unchecked = Validation(success=True, outcomes=())
    common: dict[str, Any] = {"columns": config.columns, "seed": 0}
    split = split_snapshot(snapshot, config=config.split, validation=unchecked, folder=folder / "split", **common)
    plan = plan_resampling(snapshot, split, config=config.resampling, folder=folder / "plan", **common)
    started = time.perf_counter()
    publish_version(config, snapshot=snapshot, validation=unchecked, split=split, resampling=plan)
    return time.perf_counter() - started


def read(root: str) -> float:
    """Go through the train partition a row group at a time and return how long that took."""
    from counterpoise.persist import iter_part
    from counterpoise.versions import open_version

    started = time.perf_counter()
    files = sorted(open_version(f"{root}/bench").path("train").iterdir())
    rows = sum(table.num_rows for path in files for table in iter_part(path))
    seconds = time.perf_counter() - started
    if rows == 0:
        raise RuntimeError("nothing was read")
    return seconds


def verify(root: str) -> float:
    """Verify the version and return how long that took."""
    from counterpoise.verify._version import verify_version

    started = time.perf_counter()
    differences = verify_version(root, "bench", 1)
    seconds = time.perf_counter() - started
    if differences:
        raise RuntimeError("; ".join(differences))
    return seconds


def step(name: str, source: str, root: str) -> None:
    """Take one step and print its seconds and this process's peak memory in MiB."""
    with tempfile.TemporaryDirectory() as folder:
        if name == "publish":
            seconds = publish(source, root, Path(folder))
        else:
            seconds = read(root) if name == "read" else verify(root)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "peak_mib": peak}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--step", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step:
        step(*options.step)
        return
    from tests.object_store import make_bucket, s3_server

    with tempfile.TemporaryDirectory() as folder, s3_server() as endpoint:
        source = Path(folder, "source.parquet")
        scaling.make_table(source, scaling.Shape(rows=options.rows))
        keys = {"AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench", "AWS_REGION": "us-east-1"}
        environment = {**os.environ, **keys, "AWS_ENDPOINT_URL": endpoint}
        print("| step | root | seconds | peak MiB |\n|---|---|---:|---:|")
        roots = {"folder": f"{folder}/datasets", "bucket": f"{make_bucket(endpoint)}/datasets"}
        for name, place in product(STEPS, roots):
            command = [sys.executable, __file__, "--step", name, str(source), roots[place]]
            done = subprocess.run(command, check=True, env=environment, stdout=subprocess.PIPE, text=True)
            found = json.loads(done.stdout)
            print(f"| {name} | {place} | {found['seconds']:.1f} | {found['peak_mib']:,.0f} |", flush=True)


if __name__ == "__main__":
    main()
