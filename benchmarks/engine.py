"""Time and memory of split + resample + persist beside a plain copy and the scripts that users write today.

    python benchmarks/engine.py [--rows 2000000] [--rounds 3] [--strategies random_over smote] [--scripts FOLDER]

Every contender runs in a process of its own, which reports the seconds after its imports and its peak memory. All run
in turns, each round in another order: memory that another process has just given back is touched in a fraction of the
time that fresh memory takes on a virtual machine. Told are medians of the rounds. FOLDER holds reference_script.py,
polars_script.py and duckdb_script.py, each called with SOURCE TARGET [KIND] OUT; a script whose library is not
installed is left out. Ratios are of one run: compare them, not the seconds, between machines.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from counterpoise.records import Snapshot

MINE = "ours, duplicates ignore"
SCRIPTS = {"pandas": "reference_script.py", "polars": "polars_script.py", "duckdb": "duckdb_script.py"}


def make_table(path: Path, rows: int) -> None:
    """Write 28 normal floats, a lognormal amount, an int64 id and an int8 label at 0.17 %."""
    rng = np.random.default_rng(0)
    schema = pa.schema(
        [
            *((f"f{i}", pa.float64()) for i in range(28)),
            ("amount", pa.float64()),
            ("id", pa.int64()),
            ("label", pa.int8()),
        ]
    )
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for start in range(0, rows, 131_072):
            number = min(131_072, rows - start)
            label = (rng.random(number) < 0.0017).astype("i1")
            columns = [rng.normal(size=number) + label * (i % 3) for i in range(28)]
            identity = np.arange(start, start + number)
            writer.write_table(pa.table([*columns, rng.lognormal(size=number), identity, label], schema=schema))


def import_libraries() -> None:
    """Import what the engine imports on first use, as the scripts import theirs before their clocks start."""
    for name in ("imblearn.over_sampling", "pandas", "scipy.sparse.csgraph", "sklearn.neighbors"):
        importlib.import_module(name)


def snapshot_of_file(source: Path) -> Snapshot:
    """Return a Parquet file as ingest would."""
    from counterpoise.records import ColumnSchema, Snapshot, SnapshotFile
    from counterpoise.runtime import file_sha256
    from counterpoise.table import settled_stamp

    file = pq.ParquetFile(source)
    stamp, digest = settled_stamp(source), file_sha256(source)
    return Snapshot(
        files=(
            SnapshotFile(
                path=str(source),
                format="parquet",
                rows=file.metadata.num_rows,
                bytes=source.stat().st_size,
                sha256=digest,
                stamp=stamp,
            ),
        ),
        rows=file.metadata.num_rows,
        columns=tuple(ColumnSchema(name=field.name, type=str(field.type)) for field in file.schema_arrow),
        digest=digest,
    )


def ours(source: Path, strategy: str, duplicates: str, folder: Path) -> int:
    """Run our engine and return the rows it wrote."""
    import_libraries()

    from counterpoise.config import BalanceConfig
    from counterpoise.persist import publish_version
    from counterpoise.records import Validation
    from counterpoise.resample import plan_resampling
    from counterpoise.split import split_snapshot

    config = BalanceConfig(
        name="bench",
        source={"path": str(source)},
        columns={"target": "label", "ids": ["id"]},
        split={"duplicates": duplicates},
        resampling={"strategy": strategy},
        output={"root": str(folder / "datasets")},
    )
    snapshot = snapshot_of_file(source)
    unchecked = Validation(success=True, outcomes=())
    start = time.perf_counter()
    split = split_snapshot(
        snapshot, columns=config.columns, config=config.split, validation=unchecked, seed=0, folder=folder / "split"
    )
    planned = time.perf_counter()
    plan = plan_resampling(
        snapshot, split, columns=config.columns, config=config.resampling, seed=0, folder=folder / "plan"
    )
    resampled = time.perf_counter()
    version = publish_version(config, snapshot=snapshot, validation=unchecked, split=split, resampling=plan)
    end = time.perf_counter()
    rows = sum(part.rows for part in version.partitions.values())
    report(end - start, rows, split=planned - start, resample=resampled - planned, persist=end - resampled)
    return rows


def copy(source: Path, rows: int, folder: Path) -> None:
    """Read every row group and write as many rows as ours, with our codec, without a dictionary, on two threads."""
    groups = pq.ParquetFile(source).num_row_groups
    start = time.perf_counter()

    def half(number: int) -> None:
        file = pq.ParquetFile(source)
        left, mine = rows // 2, range(number, groups, 2)
        with pq.ParquetWriter(
            folder / f"copy-{number}.parquet", file.schema_arrow, compression="zstd", compression_level=1,
            use_dictionary=False,
        ) as writer:  # fmt: skip
            while left > 0:
                for group in mine:
                    table = file.read_row_group(group).slice(0, left)
                    writer.write_table(table)
                    left -= table.num_rows

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(half, range(2)))
    report(time.perf_counter() - start, rows)


def report(seconds: float, rows: int, **parts: float) -> None:
    """Print one line that the parent process reads."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps({"seconds": seconds, "peak_mb": used.ru_maxrss / 1024, "rows": rows, **parts}))


def run(*arguments: str) -> dict[str, float]:
    """Run this file, or a script, in a process of its own and return what it reports.

    What others have written is flushed before: only ours waits for its files to be on disk, and not for theirs.
    """
    os.sync()
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        return {}
    last = done.stdout.strip().splitlines()[-1]
    if last.startswith("{"):
        return dict(json.loads(last))
    words = last.split()
    return {words[i]: float(words[i + 1]) for i in range(0, len(words), 2)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--strategies", nargs="+", default=["random_over", "smote"])
    parser.add_argument("--scripts", type=Path)
    parser.add_argument("--contender", nargs="+", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.contender:
        kind, source, argument, duplicates, folder = options.contender
        if kind == "ours":
            ours(Path(source), argument, duplicates, Path(folder))
        else:
            copy(Path(source), int(argument), Path(folder))
        return
    with tempfile.TemporaryDirectory() as folder:
        compare(Path(folder), options)


def compare(folder: Path, options: argparse.Namespace) -> None:
    """Run all contenders and print a Markdown table."""
    source = folder / "source.parquet"
    make_table(source, options.rows)
    print(f"{options.rows:,} × 31, source {source.stat().st_size / 2**20:.0f} MiB\n")
    print(f"medians of {options.rounds} rounds\n")
    print("| strategy | contender | seconds | of all rounds | peak MB | ours / this |")
    print("|---|---|---:|---|---:|---:|")
    for strategy in options.strategies:
        rounds = [play(folder / f"{strategy}-{number}", source, strategy, options) for number in range(options.rounds)]
        mine = statistics.median(each[MINE]["seconds"] for each in rounds)
        for name in rounds[0]:
            seconds = [each[name]["seconds"] for each in rounds]
            peak = max(each[name]["peak_mb"] for each in rounds)
            median = statistics.median(seconds)
            spread = f"{min(seconds):.2f} to {max(seconds):.2f}"
            print(f"| {strategy} | {name} | {median:.2f} | {spread} | {peak:.0f} | {mine / median:.2f} |", flush=True)


def play(folder: Path, source: Path, strategy: str, options: argparse.Namespace) -> dict[str, dict[str, float]]:
    """Run every contender once, in an order that the round decides, and return what they report."""
    contenders = [*our_commands(source, strategy), *peer_commands(options.scripts, source, strategy)]
    first = int(folder.name.rpartition("-")[2]) % len(contenders)
    found = {}
    for name, command in (*contenders[first:], *contenders[:first]):
        folder.mkdir()
        found[name] = run(*command, str(folder))
        shutil.rmtree(folder)
    return {name: found[name] for name, _ in contenders if found[name]}


def our_commands(source: Path, strategy: str) -> list[tuple[str, list[str]]]:
    """Return our engine, with and without duplicates held together, and the copy of as many rows."""
    this = [__file__, "--contender"]
    return [
        (MINE, [*this, "ours", str(source), strategy, "ignore"]),
        ("ours, duplicates together", [*this, "ours", str(source), strategy, "together"]),
        ("copy", [*this, "copy", str(source), str(rows_written(source)), "-"]),
    ]


def rows_written(source: Path) -> int:
    """Return how many rows a balanced version has: validation and test as they are, two equal classes in train."""
    labels = pq.read_table(source, columns=["label"])["label"].to_numpy()
    return round(0.4 * len(labels) + 2 * 0.6 * int(np.bincount(labels).max()))


def peer_commands(scripts: Path | None, source: Path, strategy: str) -> list[tuple[str, list[str]]]:
    """Return the scripts that do the same job; only the pandas one knows more than over-sampling."""
    kinds = {"random_over": "over", "random_under": "under", "smote": "smote"}
    if scripts is None:
        return []
    return [
        (
            f"{name} script",
            [str(scripts / script), str(source), "label", *([kinds[strategy]] if name == "pandas" else [])],
        )
        for name, script in SCRIPTS.items()
        if name == "pandas" or strategy == "random_over"
    ]


if __name__ == "__main__":
    main()
