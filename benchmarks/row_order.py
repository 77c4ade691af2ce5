"""The same rows in another order, other files and row groups, as CSV or Parquet, give the same dataset and verdict.

    python benchmarks/row_order.py [--tables 30] [--shuffles 3] [--rows 600]

Generated tables take turns in what they have (identifiers, equal rows, groups, missing values, categories, times, three
classes) and in the strategy, until every strategy was tried; each is published as it is and after each shuffle. A
shuffle is written as one or several Parquet files, with row groups of another size, or as CSV. Partitions with their
identifiers, origins and weights are compared as sets of rows, and metrics word for word. With `source.order: content`
the files are compared byte by byte.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq

from counterpoise.compare import choose_resampling
from counterpoise.config import BalanceConfig
from counterpoise.evaluate import compare_strategies, load_tables
from counterpoise.ingest import ingest_source
from counterpoise.persist import publish_version
from counterpoise.records import PARTITIONS, Validation
from counterpoise.resample import plan_resampling
from counterpoise.split import split_snapshot
from counterpoise.strategies import STRATEGIES
from counterpoise.versions import open_version

KINDS = ("plain", "identified", "equal", "grouped", "mixed", "stable", "time", "classes")
OPTIONS: dict[str, dict[str, Any]] = {"kmeans_smote": {"kmeans_estimator": 2, "cluster_balance_threshold": 0.01}}


@dataclass(frozen=True)
class Outcome:
    """A published table: the rows of each partition, what the evaluation says, and the bytes of the files."""

    rows: dict[str, list[str]]
    metrics: dict[str, Any]
    files: dict[str, bytes]

    def differences(self, other: Outcome, *, by_bytes: bool = False) -> list[str]:
        """Return what differs."""
        parts = [name for name in PARTITIONS if self.rows[name] != other.rows[name]]
        found = [
            name for name in {**self.metrics, **other.metrics} if self.metrics.get(name) != other.metrics.get(name)
        ]
        files = [name for name in {**self.files, **other.files} if self.files.get(name) != other.files.get(name)]
        return [*parts, *(f"metrics: {name}" for name in found), *(files if by_bytes else ())]


def make_table(kind: str, rows: int, seed: int) -> tuple[pa.Table, dict[str, Any]]:
    """Return a table of a kind with the sections of its configuration."""
    rng = np.random.default_rng([seed, KINDS.index(kind)])
    label = rng.choice(3, rows, p=[0.7, 0.18, 0.12]) if kind == "classes" else (rng.random(rows) < 0.15).astype(int)
    columns: dict[str, Any] = {
        "a": rng.normal(size=rows) + 2 * label,
        "b": rng.lognormal(size=rows),
        "c": rng.normal(size=rows),
    }
    sections: dict[str, Any] = {"columns": {"target": "label"}}
    if kind in ("mixed", "stable"):
        columns["word"] = rng.choice(["red", "green", "blue"], rows)
        columns["count"] = rng.integers(0, 9, rows)
        columns["c"] = np.where(rng.random(rows) < 0.1, np.nan, columns["c"])
    if kind == "equal":  # many rows are equal, some but for the label
        columns = {name: np.round(values) + 0.5 for name, values in columns.items()}
    if kind in ("identified", "stable"):
        columns["id"] = [f"row {number}" for number in rng.permutation(rows)]
        sections["columns"]["ids"] = ["id"]
    if kind == "grouped":
        columns["customer"] = rng.integers(0, rows // 4, rows)
        sections["columns"]["group"] = "customer"
    if kind == "time":
        columns["at"] = rng.integers(0, rows // 2, rows)
        sections["columns"]["time"] = "at"
    sections["split"] = {"method": kind} if kind in ("stable", "time") else {}
    return pa.table({**columns, "label": label}), sections


def write(table: pa.Table, folder: Path, form: str) -> Path:
    """Write a table in one of several forms and return the source's path."""
    folder.mkdir(parents=True)
    if form == "csv":
        pc.write_csv(table, folder / "table.csv")
        return folder / "table.csv"
    cuts = [0, table.num_rows // 3, table.num_rows] if form == "files" else [0, table.num_rows]
    for number, (start, stop) in enumerate(pairwise(cuts)):
        size = 37 if form == "groups" else 10_000
        pq.write_table(table.slice(start, stop - start), folder / f"part-{number}.parquet", row_group_size=size)
    return folder


def publish(source: Path, folder: Path, sections: dict[str, Any]) -> Outcome:
    """Publish and evaluate a source."""
    given = {**sections, "source": {"path": str(source), **sections.get("source", {})}}
    config = BalanceConfig(name="order", output={"root": str(folder / "datasets")}, **given)
    unchecked = Validation(success=True, outcomes=())
    snapshot = ingest_source(config.source, target=config.columns.target, folder=folder / "snapshot")
    split = split_snapshot(
        snapshot, columns=config.columns, config=config.split, validation=unchecked, seed=config.seed,
        folder=folder / "split",
    )  # fmt: skip
    chosen = choose_resampling(config, snapshot, split, folder=folder / "auto")
    plan = plan_resampling(
        snapshot, split, columns=config.columns, config=chosen.settings, seed=config.seed, folder=folder / "plan",
        choice=chosen.choice,
    )  # fmt: skip
    record = publish_version(config, snapshot=snapshot, validation=unchecked, split=split, resampling=plan)
    tables = load_tables(config, snapshot=snapshot, split=split, version=record)
    metrics = compare_strategies(tables, strategy=plan.strategy, config=config.evaluation, seed=config.seed)
    version = open_version(f"{record.root}/{record.dataset}")
    files = {str(path.relative_to(version.data)): path.read_bytes() for path in version.data.rglob("*.parquet")}
    return Outcome({name: sorted(_rows(version, name)) for name in PARTITIONS}, metrics, files)


def _rows(version: Any, part: str) -> Iterator[str]:
    table, keys = version.to_arrow(part), version.to_arrow(f"keys/{part}")
    kept = [name for name in keys.column_names if name not in ("source_row", "parent_a", "parent_b")]
    for row, key in zip(table.to_pylist(), keys.select(kept).to_pylist(), strict=True):
        yield str((row, key))


def setting(number: int, sections: dict[str, Any]) -> dict[str, Any]:
    """Return the configuration of a table: its strategy, and a small evaluation."""
    strategy = list(STRATEGIES)[number % len(STRATEGIES)]
    learners = ("logistic_regression", "hist_gradient_boosting", "random_forest")
    evaluation = {"learners": [learners[number % 3]], "bootstrap": 50, "draws": 3}
    return {
        **sections,
        "resampling": {"strategy": strategy, "options": OPTIONS.get(strategy, {})},
        "evaluation": evaluation,
    }


def kind_for(number: int) -> str:
    """Return the kind of a table; SMOTENC needs categories, SMOTEN has few values."""
    strategy = list(STRATEGIES)[number % len(STRATEGIES)]
    kinds = {"smotenc": "mixed", "smoten": "equal"}
    return kinds[strategy] if strategy in kinds else KINDS[(number + number // len(STRATEGIES)) % len(KINDS)]


def check(number: int, *, rows: int, shuffles: int, folder: Path) -> list[str]:
    """Publish a table and its shuffles, and return how they differ."""
    table, sections = make_table(kind_for(number), rows, number)
    sections = setting(number, sections)
    if sections["resampling"]["strategy"] == "smoten":
        sections["split"] = {"duplicates": "ignore"}
        table = table.drop_columns(["b", "c"]).set_column(
            0, "a", pa.array([f"about {value:.0f}" for value in table["a"].to_numpy()])
        )
    found, forms = [], ("groups", "files", "csv")
    for order in (None, "content"):
        given = sections if order is None else {**sections, "source": {"order": order}}
        first = publish(write(table, folder / f"{order}-0" / "in", "one"), folder / f"{order}-0", given)
        for shuffle in range(shuffles):
            place = folder / f"{order}-{shuffle + 1}"
            by = np.random.default_rng([number, shuffle]).permutation(rows)
            other = publish(write(table.take(by), place / "in", forms[shuffle % 3]), place, given)
            found += [
                f"order {order}, {forms[shuffle % 3]}: {one}"
                for one in first.differences(other, by_bytes=order is not None)
            ]
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tables", type=int, default=30)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--shuffles", type=int, default=3)
    parser.add_argument("--rows", type=int, default=600)
    options = parser.parse_args()
    different = 0
    for number in range(options.first, options.first + options.tables):
        with tempfile.TemporaryDirectory() as place:
            found = check(number, rows=options.rows, shuffles=options.shuffles, folder=Path(place))
        strategy = list(STRATEGIES)[number % len(STRATEGIES)]
        print(f"{number:3} {kind_for(number):10} {strategy:36} {'; '.join(found) or 'the same'}", flush=True)
        different += bool(found)
    print(f"\n{options.tables - different} of {options.tables} tables give the same after {options.shuffles} shuffles")


if __name__ == "__main__":
    main()
