"""Time and peak memory of split + resample + persist against rows, columns, minority share and number of classes.

    python benchmarks/scaling.py [--axes rows columns share classes] [--rows 200000 2000000 20000000] [--images FOLDER]

Tables are made in a temporary folder, one at a time: 20,000,000 rows need about 15 GB of disk. Each run is a process of
its own, as in `engine.py`. Prints Markdown tables and writes one plot an axis.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import engine  # type: ignore[import-not-found]  # it lies beside this file
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

STRATEGIES = {"random_over": "tab:blue", "smote": "tab:orange"}
LABELS = {"rows": "rows", "columns": "columns", "share": "share of rare rows", "classes": "classes"}
_CELLS = 4_000_000


@dataclass(frozen=True)
class Shape:
    """A table: rows, columns with id and label, the share of rows that are not of the common class, and classes."""

    rows: int = 500_000
    columns: int = 31
    share: float = 0.0017
    classes: int = 2


@dataclass(frozen=True)
class Measured:
    """One run of the engine: seconds, peak in MiB and rows written."""

    value: float
    strategy: str
    seconds: float
    peak: float
    written: int


def make_table(path: Path, shape: Shape) -> None:
    """Write normal floats, an int64 id and an int8 label, 131,072 rows (fewer where there are many columns) a group."""
    rng = np.random.default_rng(0)
    floats = [f"f{number}" for number in range(shape.columns - 2)]
    schema = pa.schema([*((name, pa.float64()) for name in floats), ("id", pa.int64()), ("label", pa.int8())])
    group = min(131_072, _CELLS // shape.columns)
    with pq.ParquetWriter(path, schema, compression="zstd", use_dictionary=["label"]) as writer:
        for start in range(0, shape.rows, group):
            number = min(group, shape.rows - start)
            rare = rng.random(number) < shape.share
            label = np.where(rare, rng.integers(1, shape.classes, number), 0).astype("i1")
            columns = [rng.normal(size=number) + label * (i % 3) for i in range(len(floats))]
            writer.write_table(pa.table([*columns, np.arange(start, start + number), label], schema=schema))


def measure(shape: Shape, value: float, strategies: Sequence[str]) -> list[Measured]:
    """Make the table, run each strategy on it and remove everything."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "source.parquet"
        make_table(source, shape)
        for strategy in strategies:
            with tempfile.TemporaryDirectory(dir=folder) as place:
                ran = engine.run(engine.__file__, "--contender", "ours", str(source), strategy, "ignore", place)
            if ran:
                found.append(Measured(value, strategy, ran["seconds"], ran["peak_mb"], int(ran["rows"])))
                print(table_line(found[-1], shape), flush=True)
    return found


def table_line(one: Measured, shape: Shape) -> str:
    """Return a line of the Markdown table."""
    each = 1e6 * one.seconds / shape.rows
    return f"| {one.value:,} | {one.strategy} | {one.seconds:.2f} | {one.peak:.0f} | {one.written:,} | {each:.2f} |"


def plot(axis: str, found: Sequence[Measured], path: Path) -> None:
    """Draw seconds and peak memory against the axis."""
    import matplotlib as mpl

    mpl.use("agg")
    import matplotlib.pyplot as plt

    figure, panels = plt.subplots(1, 2, figsize=(7, 2.6), layout="constrained")
    for strategy, color in STRATEGIES.items():
        own = [one for one in found if one.strategy == strategy]
        for panel, values in zip(panels, ([one.seconds for one in own], [one.peak for one in own]), strict=True):
            if own:
                panel.plot([one.value for one in own], values, "o-", color=color, label=strategy, markersize=4)
    tops = (max(one.seconds for one in found), max(one.peak for one in found))
    for panel, title, top in zip(panels, ("seconds", "peak memory, MiB"), tops, strict=True):
        panel.set(title=title, xlabel=LABELS[axis], xscale="log", ylim=(0, 1.1 * top))
        panel.xaxis.set_major_formatter(lambda value, _: f"{value:,.4g}" if value < 1e5 else f"{value / 1e6:g} M")
        panel.xaxis.set_ticks(sorted({one.value for one in found}))
        panel.xaxis.set_minor_locator(mpl.ticker.NullLocator())
        panel.grid(alpha=0.3)
    panels[0].legend(frameon=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--axes", nargs="+", default=list(LABELS), choices=list(LABELS))
    parser.add_argument("--rows", nargs="+", type=int, default=[200_000, 2_000_000, 20_000_000])
    parser.add_argument("--strategies", nargs="+", default=list(STRATEGIES), choices=list(STRATEGIES))
    parser.add_argument("--images", type=Path, default=Path("docs/images"))
    options = parser.parse_args()
    points: dict[str, list[float]] = {
        "rows": options.rows,
        "columns": [10, 31, 100, 300],
        "share": [0.002, 0.02, 0.2, 0.45],
        "classes": [2, 5, 20],
    }
    for axis in options.axes:
        # Looking for neighbours among all rare rows is the resampler's own cost, and grows with their square.
        strategies = options.strategies if axis in ("rows", "columns") else ["random_over"]
        base = replace(Shape(), share=0.02) if axis == "classes" else Shape()
        print(f"\n| {LABELS[axis]} | strategy | seconds | peak MiB | rows written | µs a source row |")
        print("|---:|---|---:|---:|---:|---:|")
        shapes = [(replace(base, **{axis: value}), value) for value in points[axis]]  # type: ignore[arg-type]  # its field
        found = [one for shape, value in shapes for one in measure(shape, value, strategies)]
        plot(axis, found, options.images / f"scaling-{axis}.png")


if __name__ == "__main__":
    main()
