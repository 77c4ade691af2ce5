"""Time and memory of our validation beside Great Expectations on the loaded frame.

    python benchmarks/validation.py [--rows 2000000] [--only ours]

The table is that of `engine.py` (31 columns), the suite has 61 expectations: two on each feature and on the id (no
missing values, a range) and one on the label. Both contenders run in a process of their own, which reports the seconds
after its imports, loading included, and its peak memory; both must give the same verdicts.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any

import engine  # type: ignore[import-not-found]  # it lies beside this file
import pyarrow.parquet as pq

Expectation = dict[str, Any]


def suite(source: Path) -> list[Expectation]:
    """Return 61 expectations on the table, of which all but one hold."""
    names = [name for name in pq.read_schema(source).names if name != "label"]
    expectations: list[Expectation] = []
    for name in names:
        high = {"amount": 1e6, "id": 1e9}.get(name, 4.0 if name == "f0" else 30.0)
        limits = {"column": name, "min_value": -high, "max_value": high}
        expectations.append({"type": "expect_column_values_to_not_be_null", "kwargs": {"column": name}})
        expectations.append({"type": "expect_column_values_to_be_between", "kwargs": limits})
    label = {"column": "label", "value_set": [0, 1]}
    return [*expectations, {"type": "expect_column_values_to_be_in_set", "kwargs": label}]


def ours(source: Path, folder: Path) -> None:
    """Validate by column group, with the rows that fail set apart."""
    from counterpoise.config import ValidationConfig
    from counterpoise.validate import Suite, load_engine, validate_snapshot

    load_engine()
    snapshot = engine.snapshot_of_file(source)
    start = time.perf_counter()
    validation = validate_snapshot(
        snapshot,
        [Suite(source="suite", expectations=tuple(suite(source)))],
        config=ValidationConfig(),
        folder=folder / "validation",
    )
    seconds = time.perf_counter() - start
    counts = [outcome.unexpected for outcome in validation.outcomes if outcome.unexpected]
    engine.report(seconds, snapshot.rows, failed=len(counts), unexpected=sum(counts))


def plain(source: Path) -> None:
    """Load the whole table and let Great Expectations validate it, as its documentation says."""
    import great_expectations as gx
    import pandas as pd

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    start = time.perf_counter()
    frame = pd.read_parquet(source)
    batch = (
        context.data_sources.add_pandas("source")
        .add_dataframe_asset("table")
        .add_batch_definition_whole_dataframe("all")
        .get_batch({"dataframe": frame})
    )
    result = batch.validate(gx.ExpectationSuite(name="bench", expectations=suite(source)))
    seconds = time.perf_counter() - start
    counts = [one.result.get("unexpected_count", 0) for one in result.results if not one.success]
    engine.report(seconds, len(frame), failed=len(counts), unexpected=sum(counts))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--only", choices=["ours", "plain"])
    parser.add_argument("--contender", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.contender:
        kind, source, folder = options.contender
        if kind == "ours":
            ours(Path(source), Path(folder))
        else:
            plain(Path(source))
        return
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "source.parquet"
        engine.make_table(source, options.rows)
        compare(source, [options.only] if options.only else ["ours", "plain"])


def compare(source: Path, contenders: list[str]) -> None:
    """Run the contenders and print a Markdown table."""
    results = {name: engine.run(__file__, "--contender", name, str(source), str(source.parent)) for name in contenders}
    verdicts = {json.dumps([result["failed"], result["unexpected"]]) for result in results.values()}
    if len(verdicts) != 1:
        raise SystemExit(f"the contenders disagree: {results}")
    print("| contender | seconds | peak MB | unexpected values |")
    print("|---|---:|---:|---:|")
    for name, result in results.items():
        label = "ours" if name == "ours" else "Great Expectations on the loaded frame"
        print(f"| {label} | {result['seconds']:.2f} | {result['peak_mb']:.0f} | {result['unexpected']:.0f} |")


if __name__ == "__main__":
    main()
