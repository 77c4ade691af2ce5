"""Can synthetic rows be told from real ones, and imbalanced-learn's from the same table?

Run `python benchmarks/told_apart.py [--data FOLDER] [--tables adult cents] [--strategies smote adasyn] [--seeds 1]`;
the folder holds one folder per table. Generated tables need no folder. Each strategy makes rows of the smaller class of
a stratified train partition, once on the grids of the columns, and once as imbalanced-learn does (`grid: false`, whole
numbers cut as it casts them). Both are compared with the real rows of the class as the report does.

Prints one line per table, strategy and seed: the best rule on how values are written, the best rule of any kind, and
the AUC of the classifier two-sample test, for both; then the highest AUC of a rule on how values are written, and how
often the classifier tells gridded rows better than imbalanced-learn's, beyond its interval. `--bias 200` draws that
many seeds per generated table instead, and prints how far mean, standard deviation and correlations of gridded rows are
from those of the same rows without a grid, in standard errors of one draw.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from counterpoise.config import BalanceConfig
from counterpoise.errors import CounterpoiseError
from counterpoise.ingest import ingest_source
from counterpoise.persist import RowPool, Synthesis
from counterpoise.records import Snapshot, Validation
from counterpoise.resample import category_codes, is_interpolated, numeric_matrix, plan_resampling, read_recipe
from counterpoise.results import ToldApart
from counterpoise.split import TrainRows, split_snapshot
from counterpoise.suggest import write_sample
from counterpoise.synthetic._column_shift import FeatureValues
from counterpoise.synthetic._told_apart import ClassRows, tell_apart
from counterpoise.table import SnapshotReader, SourceTable, row_hashes, write_snapshot
from counterpoise.typing import Floats, Ints, Matrix

STRATEGIES = (
    "smote", "smotenc", "adasyn", "borderline_smote", "svm_smote", "kmeans_smote", "smote_enn", "smote_tomek"
)  # fmt: skip
OPTIONS = {"kmeans_smote": {"kmeans_estimator": 2, "cluster_balance_threshold": 0.001}}
REAL: dict[str, dict[str, Any]] = {
    "adult": {"source": {"path": "adult/adult.csv", "header": "no"}, "columns": {"target": "column_14"}},
    "bank_full": {"source": {"path": "bank_full/bank-full.csv"}, "columns": {"target": "y"}},
    "online_shoppers": {
        "source": {"path": "online_shoppers/online_shoppers_intention.csv"}, "columns": {"target": "Revenue"},
    },
    "ai4i2020": {
        "source": {"path": "ai4i2020/ai4i2020.csv"},
        "columns": {
            "target": "Machine failure", "ids": ["UDI", "Product ID"], "drop": ["TWF", "HDF", "PWF", "OSF", "RNF"],
        },
    },
    "telco_churn": {
        "source": {"path": "telco_churn/Telco-Customer-Churn.csv"},
        "columns": {"target": "Churn", "ids": ["customerID"]},
    },
}  # fmt: skip
GENERATED = ("cents", "heaped", "times", "steps", "sparse")
_SHOWN = 20_000


def generated_table(name: str, rows: int = 4_000, seed: int = 0) -> pa.Table:
    """Return a table whose columns are written in one way.

    Args:
        name: One of `GENERATED`: cents; whole amounts among cents, and prices in .99; times by the day, minute and
            second, on weekdays; quarters, tens, thirds, significant digits and single precision; zeros and codes.
        rows: Its rows, a tenth of them of class 1.
        seed: Of the values.
    """
    rng = np.random.default_rng([seed, GENERATED.index(name)])
    label = (np.arange(rows) % 10 == 0).astype(np.int8)
    amount, other = rng.lognormal(4 + 0.5 * label, 0.8), rng.lognormal(3 + 0.5 * label, 0.8)
    size = rng.normal(size=rows) + 0.7 * label
    day = 19_700 + rng.integers(0, 90, rows) // 5 * 7 + rng.integers(2, 7, rows)  # Monday to Friday
    few = rng.random(rows) < 0.01
    columns: dict[str, dict[str, Any]] = {
        "cents": {"amount": np.round(amount, 2), "fee": np.round(amount * 0.03 + 0.3, 2), "size": size},
        "heaped": {
            "amount": np.where(rng.random(rows) < 0.7, np.round(amount, -1), np.round(amount, 2)),
            "price": np.floor(amount) + 0.99,
            "more": np.where(few, np.round(other, 5), np.round(other, 2)),
        },
        "times": {
            "day": pa.array(day.astype(np.int32)).cast(pa.date32()),
            "minute": pa.array(day * 1_440 + rng.integers(480, 1_080, rows)).cast(pa.int64()),
            "at": pa.array((day * 86_400 + rng.integers(0, 86_400, rows)) * 10**6).cast(pa.timestamp("us", "UTC")),
            "size": size,
        },
        "steps": {
            "quarters": np.round(4 * amount) / 4, "tens": (np.round(amount) * 10).astype(np.int64),
            "thirds": np.round(30 * size) / 3, "single": size.astype(np.float32).astype(np.float64),
            "digits": np.array([float(f"{value:.4g}") for value in np.exp(3 * size)]),
        },
        "sparse": {
            "paid": np.where(rng.random(rows) < 0.6, 0.0, np.round(amount, 2)),
            "code": rng.choice([-1, 1, 2, 3, 30, 999], rows, p=[0.5, 0.2, 0.1, 0.1, 0.05, 0.05]),
            "whole": np.round(20 + 6 * size), "size": size,
            "kind": rng.choice(["a", "b", "c", "rare"], rows, p=[0.5, 0.3, 0.17, 0.03]),
        },
    }  # fmt: skip
    return pa.table({**columns[name], "label": label})


@dataclass(frozen=True)
class Task:
    """A table, split.

    Attributes:
        config: Its configuration.
        snapshot: The table.
        folder: A folder for plans.
    """

    config: BalanceConfig
    snapshot: Snapshot
    folder: Path

    def rows(self, strategy: str, *, grid: bool, seed: int = 0) -> MadeRows:
        """Return the real and the synthetic rows of the smaller class.

        Args:
            strategy: The strategy that makes them.
            grid: Whether values are put on grids.
            seed: The run's seed.
        """
        place = Path(tempfile.mkdtemp(dir=self.folder))
        split = split_snapshot(
            self.snapshot, columns=self.config.columns, config=self.config.split, seed=self.config.seed,
            validation=Validation(success=True, outcomes=()), folder=place,
        )  # fmt: skip
        settings = self.config.resampling.model_validate(
            {"strategy": strategy, "grid": grid, "options": OPTIONS.get(strategy, {})}
        )
        plan = plan_resampling(
            self.snapshot, split, columns=self.config.columns, config=settings, seed=seed, folder=place / "plan"
        )
        recipe = read_recipe(plan)
        assert recipe is not None  # noqa: S101  # these strategies make rows
        source = SourceTable(self.snapshot, self.config.columns)
        train = TrainRows.from_plan(split, source.labels).in_source_order()
        table = source.reader.read_rows(train.rows, source.roles.data).combine_chunks()
        few = int(np.argmin(np.bincount(train.codes)))
        return MadeRows(source, train.rows, table, train.codes == few, recipe.slice(0, _SHOWN), seed)


@dataclass(frozen=True)
class MadeRows:
    """Train rows, which of them are of the class, and the recipe of its synthetic ones."""

    source: SourceTable
    train: Ints
    table: pa.Table
    own: np.ndarray[Any, np.dtype[np.bool_]]
    recipe: pa.Table
    seed: int

    @property
    def numeric(self) -> list[str]:
        """The interpolated features."""
        roles = self.source.roles
        return [name for name in roles.features if is_interpolated(self.table.schema.field(name), roles)]

    def made(self) -> pa.Table:
        """Return the synthetic rows."""
        synthesis = Synthesis(self.recipe, self.source.roles, self.seed)
        return synthesis.rows(np.arange(self.recipe.num_rows), RowPool(self.train, self.table))[0]

    def as_imbalanced_learn(self) -> Matrix:
        """Return the numbers of the synthetic rows as imbalanced-learn casts them: whole numbers are cut."""
        numbers = numeric_matrix(self.table.select(self.numeric))
        first, second = (np.searchsorted(self.train, self.recipe[name].to_numpy()) for name in ("parent_a", "parent_b"))
        made = numbers[first] + self.recipe["lambda"].to_numpy()[:, np.newaxis] * (numbers[second] - numbers[first])
        whole = [not pa.types.is_floating(self.table.schema.field(name).type) for name in self.numeric]
        return np.asarray(np.where(whole, np.trunc(made), made))

    def class_rows(self, *, cut: bool) -> ClassRows:
        """Return real and synthetic rows for the test, each kind in random order."""
        roles, real = self.source.roles, self.table.filter(pa.array(self.own))
        voted = [name for name in roles.features if name not in self.numeric]
        both = pa.concat_tables([real, self.made()]).unify_dictionaries()
        codes, levels = category_codes(both.select(voted))
        numbers = numeric_matrix(both.select(self.numeric))
        if cut:
            numbers[real.num_rows :] = self.as_imbalanced_learn()
        synthetic = np.arange(both.num_rows) >= real.num_rows
        parents = np.column_stack([self.recipe[name].to_numpy() for name in ("parent_a", "parent_b")])
        own = np.column_stack([self.train[self.own], np.full(real.num_rows, -1)])
        rows = ClassRows(
            FeatureValues(numbers, codes), synthetic, np.concatenate([own, parents]),
            row_hashes(both.select(roles.features)), {name: both.schema.field(name).type for name in self.numeric},
            dict(zip(voted, levels, strict=True)),
        )  # fmt: skip
        return rows.take(np.random.default_rng(self.seed).permutation(both.num_rows))


def measure(task: Task, strategy: str, *, seed: int = 0) -> tuple[ToldApart, ToldApart]:
    """Return how well the strategy's rows are told, on grids and as imbalanced-learn makes them."""
    ours, theirs = (task.rows(strategy, grid=grid, seed=seed).class_rows(cut=not grid) for grid in (True, False))
    return tell_apart(ours, name="ours", seed=seed), tell_apart(theirs, name="ours", seed=seed)


@dataclass(frozen=True)
class Bias:
    """Mean, deviation and correlations of gridded rows minus those without a grid, in standard errors of one draw.

    Attributes:
        columns: The columns.
        mean: By seed and column.
        deviation: Of the logarithm of the standard deviation, by seed and column.
        correlation: Of Fisher's z, by seed and pair.
    """

    columns: tuple[str, ...]
    mean: Matrix
    deviation: Matrix
    correlation: Matrix


def bias(task: Task, strategy: str, *, seeds: int) -> Bias:
    """Return how far statistics of synthetic rows move when their values are put on grids.

    Args:
        task: The table.
        strategy: The strategy that makes rows.
        seeds: Draws of rows.
    """
    moved = []
    for seed in range(seeds):
        rows = task.rows(strategy, grid=True, seed=seed)
        plain = replace(rows, recipe=rows.recipe.replace_schema_metadata(None))
        names = rows.numeric
        moved.append([_statistics(numeric_matrix(one.made().select(names))) for one in (rows, plain)])
    on, off = (tuple(np.array(part) for part in zip(*(pair[side] for pair in moved), strict=True)) for side in (0, 1))
    rows_made = rows.recipe.num_rows
    errors = [off[1] / np.sqrt(rows_made), 1 / np.sqrt(2 * rows_made), 1 / np.sqrt(rows_made)]
    with np.errstate(all="ignore"):
        return Bias(
            tuple(names), (on[0] - off[0]) / errors[0], np.log(on[1] / off[1]) / errors[1], (on[2] - off[2]) / errors[2]
        )


def _statistics(numbers: Matrix) -> tuple[Floats, Floats, Floats]:
    pairs = np.triu_indices(numbers.shape[1], 1)
    known = np.clip(np.atleast_2d(np.corrcoef(numbers.T))[pairs], -0.999, 0.999)
    return numbers.mean(axis=0), numbers.std(axis=0), np.arctanh(known)


def tasks(names: list[str], data: Path | None, folder: Path, rows: int = 4_000) -> Iterator[tuple[str, Task]]:
    """Yield the named tables, as far as they are there."""
    for name in names:
        place = folder / name
        place.mkdir()
        if name in REAL:
            if data is None:
                continue
            settings = dict(REAL[name])
            settings["source"] = {**settings["source"], "path": str(data / settings["source"]["path"])}
            config = BalanceConfig.model_validate({"name": name, **settings})
            snapshot = ingest_source(config.source, target=config.columns.target, folder=place / "snapshot")
            snapshot = _sampled(snapshot, rows, place / "sample.arrow")
        elif name == "fraud":
            columns = {"target": "is_fraud", "ids": ["transaction_id"], "group": "customer_id", "time": "timestamp"}
            path = write_sample("fraud", rows=rows, out=place / "fraud.parquet")
            config = BalanceConfig(name=name, source={"path": str(path)}, columns=columns)
            snapshot = ingest_source(config.source, target="is_fraud", folder=place / "snapshot")
        else:
            config = BalanceConfig(name=name, source={"path": "x.csv"}, columns={"target": "label"})
            snapshot = write_snapshot(place / "table.arrow", generated_table(name, rows))
        yield name, Task(config, snapshot, place)


def _sampled(snapshot: Snapshot, rows: int, path: Path) -> Snapshot:
    """Return a random part of a table, as its SVM takes minutes on all rows."""
    if snapshot.rows <= rows:
        return snapshot
    reader = SnapshotReader(snapshot)
    chosen = np.sort(np.random.default_rng(0).permutation(snapshot.rows)[:rows])
    return write_snapshot(path, reader.read_rows(chosen, reader.schema.names))


def main() -> None:
    """Print how well rows are told apart, or what the grid changes in their statistics."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--tables", nargs="+", default=["fraud", *REAL, *GENERATED])
    parser.add_argument("--strategies", nargs="+", default=list(STRATEGIES))
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--rows", type=int, default=20_000, help="of each table, at most")
    parser.add_argument("--bias", type=int, default=0)
    given, highest, worse = parser.parse_args(), [0.0], []
    with tempfile.TemporaryDirectory() as folder:
        for name, task in tasks(given.tables, given.data, Path(folder), given.rows):
            for strategy in given.strategies:
                if given.bias:
                    _print_bias(name, strategy, bias(task, strategy, seeds=given.bias))
                    continue
                for ours, theirs in _measured(name, task, strategy, given.seeds):
                    highest += [ours.format.auc] if ours.format else []
                    worse += (
                        [ours.classifier.low > theirs.classifier.auc] if ours.classifier and theirs.classifier else []
                    )
    if not given.bias:
        above = f"{sum(worse)} of {len(worse)}"
        print(f"highest AUC of a format rule {max(highest):.3f}; classifier above imbalanced-learn's {above}")


def _measured(name: str, task: Task, strategy: str, seeds: int) -> Iterator[tuple[ToldApart, ToldApart]]:
    for seed in range(seeds):
        try:
            ours, theirs = measure(task, strategy, seed=seed)
        except CounterpoiseError as error:
            print(f"{name:16} {strategy:17} refused: {error.found[:80]}")
            return
        print(f"{name:16} {strategy:17} {_told(ours)} | imbalanced-learn {_told(theirs)}", flush=True)
        yield ours, theirs


def _told(found: ToldApart) -> str:
    if found.classifier is None:
        return f"too few rows ({found.real_rows} real, {found.synthetic_rows} synthetic)"
    form, best = found.format, found.rules[0]
    said = f"format {form.auc if form else 0.5:.3f} rule {best.auc:.3f} ({best.column}: {best.text})"
    return f"{said} classifier {found.classifier.auc:.3f} ({found.classifier.low:.3f} to {found.classifier.high:.3f})"


def _print_bias(name: str, strategy: str, found: Bias) -> None:
    for place, column in enumerate(found.columns):
        mean, deviation = found.mean[:, place], found.deviation[:, place]
        print(f"{name:10} {strategy:8} {column:10} mean {mean.mean():+.3f} deviation {deviation.mean():+.3f}")
    if found.correlation.size:
        print(f"{name:10} {strategy:8} correlations {np.abs(found.correlation.mean(axis=0)).max():.3f} at most")


if __name__ == "__main__":
    main()
