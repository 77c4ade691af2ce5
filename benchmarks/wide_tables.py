"""Seconds of `counterpoise init` and `counterpoise run` on wide tables.

    python benchmarks/wide_tables.py [--columns 250 1000 2000] [--rows 1000] [--evaluate] [--again]

A table of normal numbers and a label of two classes, one in ten rows positive, as Parquet. `init` proposes a
configuration and a suite, `run` publishes from them, without an evaluation unless `--evaluate` is given. `--again`
publishes a second delivery, made with another seed, which is held against the first one as well. The processor
seconds are those of the command's whole process, of the temporary Prefect server included; on a busy machine they say
more than the clock. The expectations are those of contract, suite and drift together.
"""

from __future__ import annotations

import argparse
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

COMMAND = Path(sys.executable).with_name("counterpoise")
MET = re.compile(r"validate: ([\d,]+) of ([\d,]+) expectations")


def write_table(path: Path, *, columns: int, rows: int, seed: int) -> None:
    """Write a table of that many columns, the label among them."""
    random = np.random.default_rng(seed)
    features = {f"f{number:04d}": random.normal(size=rows) for number in range(columns - 1)}
    label = np.where(random.random(rows) < 0.1, "yes", "no")
    pq.write_table(pa.table({**features, "label": label}), path)


def timed(arguments: Sequence[str], folder: Path) -> tuple[float, float, str]:
    """Run a command; return its seconds by the clock and by the processor, and what it printed."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run([str(COMMAND), *arguments], cwd=folder, capture_output=True, text=True, check=False)
    seconds, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise SystemExit(f"{' '.join(arguments)} ended with {done.returncode}:\n{done.stderr}")
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return seconds, used, done.stderr + done.stdout


def measure(folder: Path, *, columns: int, rows: int, options: argparse.Namespace) -> None:
    """Print the figures of one table."""
    source = folder / "wide.parquet"
    write_table(source, columns=columns, rows=rows, seed=7)
    init = ["init", str(source), "--target", "label", "--name", "wide", "--force"]
    asked = ["run", "wide.yaml", "--set", f"evaluation.enabled={str(options.evaluate).lower()}"]
    report("init", columns, *timed(init, folder))
    report("run", columns, *timed(asked, folder))
    if options.again:
        write_table(source, columns=columns, rows=rows, seed=8)
        report("run again", columns, *timed(asked, folder))


def report(name: str, columns: int, seconds: float, used: float, printed: str) -> None:
    """Print one row of figures; after a run with how many expectations there were."""
    found = MET.search(printed)
    asked = f"{found[1]} of {found[2]} expectations passed" if found else ""
    print(f"| {columns:,} | {name} | {seconds:.1f} | {used:.1f} | {asked} |", flush=True)


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the arguments and print a table of figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--columns", type=int, nargs="+", default=[250, 1_000, 2_000])
    parser.add_argument("--rows", type=int, default=1_000)
    parser.add_argument("--evaluate", action="store_true")
    parser.add_argument("--again", action="store_true")
    options = parser.parse_args(arguments)
    print("| columns | command | seconds | processor seconds | |\n|---|---|---|---|---|")
    for columns in options.columns:
        with tempfile.TemporaryDirectory(prefix="counterpoise-wide-") as folder:
            measure(Path(folder), columns=columns, rows=options.rows, options=options)


if __name__ == "__main__":
    main()
