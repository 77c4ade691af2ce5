"""Whole commands: seconds, processor seconds and memory from the shell's point of view, imports included.

    python benchmarks/whole.py [--rounds 3] [--cases ten bank ...] [--data FOLDER] [--scripts FOLDER] [--rows 1000000]

Each case runs in a process of its own, in turns, and medians of the rounds are told. FOLDER of `--data` holds the real
tables (`bank_full`), that of `--scripts` the pandas, Polars and DuckDB scripts that users write today, called with
SOURCE TARGET [KIND] OUT; what is missing is left out. Memory is told twice: the largest process, and the proportional
share of all processes of the command together (Linux), sampled every 50 ms. Ratios are of one run: compare them, not
the seconds, between machines.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

COMMAND = str(Path(sys.executable).with_name("counterpoise"))
SCRIPTS = {
    "pandas": ("reference_script.py", ["over"]),
    "polars": ("polars_script.py", []),
    "duckdb": ("duckdb_script.py", []),
}
CASES = ("ten", "bank", "bank_report", "demo", "parquet", "text", "wide")
_SECONDS_BETWEEN_SAMPLES = 0.05


class Figures(NamedTuple):
    """Figures of one run of a command: seconds, processor seconds, and two kinds of peak memory in MiB."""

    seconds: float
    processor: float
    largest: float
    together: float


class Case(NamedTuple):
    """A command, and the table and label of the scripts beside it, if they do the same."""

    command: list[str]
    source: Path | None = None
    target: str = "label"


def make_cases(folder: Path, wanted: Sequence[str], data: Path, rows: int) -> Iterator[tuple[str, Case]]:
    """Yield the wanted cases whose tables are there, and write the others."""
    run = [COMMAND, "run"]
    if "ten" in wanted:
        table = pa.table({"x": np.arange(10.0), "k": list("aabbaabbab"), "label": ["yes", "no"] * 5})
        pa.csv.write_csv(table, folder / "ten.csv")
        yield "ten", Case([*run, _config(folder, "ten", folder / "ten.csv")])
    if (bank := data / "bank_full").exists():
        subprocess.run(
            [COMMAND, "init", str(bank), "--target", "y", "--name", "bank"], cwd=folder, check=True, capture_output=True
        )
        if "bank" in wanted:
            yield "bank", Case([*run, "bank.yaml", "--set", "evaluation.enabled=false"])
        if "bank_report" in wanted:
            yield "bank_report", Case([*run, "bank.yaml"])
    if "demo" in wanted:
        yield "demo", Case([COMMAND, "demo"])
    if "parquet" in wanted:
        source = _write_numbers(folder / "parquet.parquet", rows=rows, columns=31)
        yield "parquet", Case([*run, _config(folder, "parquet", source)], source)
    if "text" in wanted:
        numbers = pq.read_table(_write_numbers(folder / "text.parquet", rows=rows, columns=12))
        pa.csv.write_csv(numbers, folder / "text.csv")
        yield "text", Case([*run, _config(folder, "text", folder / "text.csv")])
    if "wide" in wanted:
        source = _write_numbers(folder / "wide.parquet", rows=1_000, columns=2_000)
        yield "wide", Case([*run, _config(folder, "wide", source)], source)


def _config(folder: Path, name: str, source: Path) -> str:
    """Write a configuration without evaluation that repeats rare rows, and return its file."""
    (folder / f"{name}.yaml").write_text(
        f"name: {name}\nsource: {{path: {source}}}\ncolumns: {{target: label}}\n"
        "resampling: {strategy: random_over}\nevaluation: {enabled: false}\n"
    )
    return f"{name}.yaml"


def _write_numbers(path: Path, *, rows: int, columns: int) -> Path:
    """Write normal numbers and a label of two classes, one row in a hundred rare, and return the file."""
    rng = np.random.default_rng(0)
    features = {f"f{number}": rng.normal(size=rows) for number in range(columns - 1)}
    pq.write_table(pa.table({**features, "label": (rng.random(rows) < 0.01).astype("i1")}), path, compression="zstd")
    return path


def measure(command: list[str], folder: Path) -> Figures:
    """Run a command to its end and return its figures.

    Raises:
        SystemExit: It fails.
    """
    started = time.perf_counter()
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen(command, cwd=folder, stdout=output, stderr=output)
        together, ended = [0.0], threading.Event()
        sampler = threading.Thread(target=_sample, args=(process.pid, together, ended))
        sampler.start()
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        ended.set()
        sampler.join()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}:\n{(folder / 'output').read_text()}")
    return Figures(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, max(together))


def _sample(process: int, found: list[float], ended: threading.Event) -> None:
    while not ended.wait(_SECONDS_BETWEEN_SAMPLES):
        found.append(sum(map(_share, _with_children(process))))


def _with_children(process: int) -> Iterator[int]:
    yield process
    for file in Path("/proc", str(process), "task").glob("*/children"):
        for child in _read(file).split():
            yield from _with_children(int(child))


def _share(process: int) -> float:
    """Return the proportional share of a process in MiB; 0 where the system does not tell."""
    lines = _read(Path("/proc", str(process), "smaps_rollup")).splitlines()
    return sum(int(line.split()[1]) / 1024 for line in lines if line.startswith("Pss:"))


def _read(file: Path) -> str:
    try:
        return file.read_text()
    except OSError:  # it has ended
        return ""


def contenders(name: str, case: Case, scripts: Path | None) -> dict[str, list[str]]:
    """Return the commands of a case by name: ours, and the scripts where they do the same."""
    found = {f"{name}, ours": case.command}
    for library, (script, kind) in SCRIPTS.items() if scripts and case.source else ():
        if (file := Path(scripts or "", script).absolute()).exists():
            found[f"{name}, {library} script"] = [
                sys.executable, str(file), str(case.source), case.target, *kind, f"{library}-out"
            ]  # fmt: skip
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the arguments and print a table of medians."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--cases", nargs="+", choices=CASES, default=CASES)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--scripts", type=Path)
    parser.add_argument("--rows", type=int, default=1_000_000)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="counterpoise-whole-") as place:
        folder = Path(place)
        commands: dict[str, list[str]] = {}
        for name, case in make_cases(folder, options.cases, options.data.absolute(), options.rows):
            commands |= contenders(name, case, options.scripts)
        found: dict[str, list[Figures]] = {name: [] for name in commands}
        for _ in range(options.rounds):
            for name, command in commands.items():
                found[name].append(measure(command, folder))
                for left in ("datasets", "counterpoise-demo", *(f"{library}-out" for library in SCRIPTS)):
                    shutil.rmtree(folder / left, ignore_errors=True)
    print("| command | seconds | of all rounds | processor | largest process MiB | all processes MiB | ours / this |")
    print("|---|---:|---|---:|---:|---:|---:|")
    for name, figures in found.items():
        print(_row(name, figures, found))


def _row(name: str, figures: list[Figures], found: dict[str, list[Figures]]) -> str:
    seconds = statistics.median(each.seconds for each in figures)
    ours = statistics.median(each.seconds for each in found[f"{name.partition(',')[0]}, ours"])
    spread = f"{min(each.seconds for each in figures):.1f} to {max(each.seconds for each in figures):.1f}"
    rest = [statistics.median(values) for values in list(zip(*figures, strict=True))[1:]]
    return (
        f"| {name} | {seconds:.1f} | {spread} | {rest[0]:.1f} | {rest[1]:.0f} | {rest[2]:.0f} | {ours / seconds:.2f} |"
    )


if __name__ == "__main__":
    main()
