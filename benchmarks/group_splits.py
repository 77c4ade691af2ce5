"""Whether splits of groups represent the groups, and whether the intervals that follow from them cover the truth.

Run `python benchmarks/group_splits.py [--seeds 50] [--tables 100] [--resamples 1000]`. A table has 700 customers with
one label each (15 % positive). Sizes are max(1, ⌊lognormal(2, 1)⌋) or uniform from 1 to 90. A positive customer's rows
are shifted in `x` by log(size) / 3, so that large customers are easier to tell, and in `z` by a half. The truth is that
of the fitted logistic regression on the rows of 4,000 new customers.

Prints the mean size of groups and the share of the 5 % largest groups by partition, the most rows by which a class
misses its shares, and the share of tables whose 95 % intervals, computed as an evaluation computes them, cover.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from sklearn.linear_model import LogisticRegression

from counterpoise.evaluate._inference.bootstrap import Interval, bootstrap
from counterpoise.evaluate._inference.intervals import ranking_interval, units
from counterpoise.metrics import Ranking
from counterpoise.runtime import child_generator
from counterpoise.split import GroupedRows, allocate_groups
from counterpoise.typing import Copies, Floats, Ints, Mask, Matrix

SHARES = (0.6, 0.2, 0.2)
CUSTOMERS, NEW_CUSTOMERS, POSITIVE, LARGEST = 700, 4_000, 0.15, 0.05
METRICS = ("average_precision", "roc_auc")


@dataclass(frozen=True)
class Customers:
    """Rows of customers: features and label of each row, its customer, and each customer's number of rows."""

    features: Matrix
    positive: Mask
    codes: Ints
    sizes: Ints

    @classmethod
    def drawn(cls, kind: str, number: int, rng: np.random.Generator) -> Customers:
        """Draw customers whose sizes are `lognormal` or `uniform`."""
        drawn = rng.lognormal(2, 1, number) if kind == "lognormal" else rng.integers(1, 91, number)
        sizes = np.maximum(1, drawn).astype(np.int64)
        codes = np.repeat(np.arange(number), sizes)
        positive = (rng.random(number) < POSITIVE)[codes]
        features = rng.normal(size=(len(codes), 2))
        features[:, 0] += positive * np.log(sizes)[codes] / 3
        features[:, 1] += positive * 0.5
        return cls(features, positive, codes, sizes)

    def split(self, seed: int) -> Ints:
        """Return the partition of each row."""
        rows = GroupedRows(self.codes, self.positive.astype(np.int32), ("no", "yes"))
        return allocate_groups(rows, shares=SHARES, seed=seed).astype(np.int64)

    def of_groups(self, partition: Ints) -> Ints:
        """Return the partition of each customer."""
        found = np.empty(len(self.sizes), np.int64)
        found[self.codes] = partition
        return found


def balance(kind: str, seeds: int) -> dict[str, Floats]:
    """Return by seed and partition the mean size, the share of the largest groups, and the rows a class misses."""
    found: dict[str, list[list[float]]] = {"mean size": [], "largest 5 %": [], "rows off": []}
    for seed in range(seeds):
        table = Customers.drawn(kind, CUSTOMERS, child_generator(seed, "group splits", kind))
        partition = table.split(seed)
        groups = table.of_groups(partition)
        top = groups[np.argsort(-table.sizes, kind="stable")[: round(LARGEST * CUSTOMERS)]]
        found["mean size"].append([float(table.sizes[groups == part].mean()) for part in range(3)])
        found["largest 5 %"].append([float((top == part).mean()) for part in range(3)])
        missed = [
            np.abs(np.bincount(partition[own], minlength=3) - np.array(SHARES) * own.sum())
            for own in (table.positive, ~table.positive)
        ]
        found["rows off"].append(np.max(missed, axis=0).tolist())
    return {name: np.array(values) for name, values in found.items()}


def intervals(scores: Floats, positive: Mask, groups: Ints, *, resamples: int, seed: int) -> dict[str, Interval | None]:
    """Return the intervals of an evaluation in which whole groups are resampled."""
    ranking = Ranking.from_scores(scores, positive)

    def measure(weights: Copies) -> dict[str, Floats]:
        quality = ranking.weigh(weights)
        return {"average_precision": quality.average_precision, "roc_auc": quality.roc_auc}

    codes = np.unique(groups, return_inverse=True)[1].astype(np.int32)
    once = measure(np.ones((1, len(scores)), np.int32))
    rng = child_generator(seed, "group splits", "bootstrap")
    found = bootstrap({"arm": measure}, strata=positive.astype(np.int32), resamples=resamples, rng=rng, groups=codes)[
        "arm"
    ]
    counts = {"positives": units(positive, codes), "negatives": units(~positive, codes)}
    return {metric: ranking_interval(metric, found[metric], float(once[metric][0]), **counts) for metric in METRICS}


def covered(kind: str, tables: int, resamples: int) -> Iterator[dict[str, tuple[float, float, bool]]]:
    """Yield for each table and metric the value on test, the truth, and whether the interval covers it."""
    for seed in range(tables):
        rng = child_generator(seed, "group splits", kind)
        table, new = Customers.drawn(kind, CUSTOMERS, rng), Customers.drawn(kind, NEW_CUSTOMERS, rng)
        partition = table.split(seed)
        train, test = partition == 0, partition == 2
        model = LogisticRegression().fit(table.features[train], table.positive[train])
        scores = model.decision_function(table.features[test])
        found = intervals(scores, table.positive[test], table.codes[test], resamples=resamples, seed=seed)
        told = _ranked(scores, table.positive[test])
        truth = _ranked(model.decision_function(new.features), new.positive)
        yield {
            metric: (told[metric], truth[metric], one is not None and one.low <= truth[metric] <= one.high)
            for metric, one in found.items()
        }


def _ranked(scores: Floats, positive: Mask) -> dict[str, float]:
    quality = Ranking.from_scores(scores, positive).weigh(np.ones((1, len(scores)), np.int32))
    return {"average_precision": float(quality.average_precision[0]), "roc_auc": float(quality.roc_auc[0])}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=50)
    parser.add_argument("--tables", type=int, default=100)
    parser.add_argument("--resamples", type=int, default=1_000)
    arguments = parser.parse_args()
    for kind in ("lognormal", "uniform"):
        for name, values in balance(kind, arguments.seeds).items():
            told = values.max(axis=0) if name == "rows off" else values.mean(axis=0)
            spread = (values / values.mean(axis=1, keepdims=True) - 1) if name == "mean size" else None
            single = "" if spread is None else f"; in each single split within {np.abs(spread).max():.1%}"
            print(f"{kind}: {name} in train, validation, test {told.round(3).tolist()}{single}", flush=True)
        found = list(covered(kind, arguments.tables, arguments.resamples))
        for metric in METRICS:
            told, truth, covers = np.mean([one[metric] for one in found], axis=0)
            print(f"{kind}: {metric} {told:.3f} reported, {truth:.3f} true, interval covers {covers:.1%}", flush=True)


if __name__ == "__main__":
    main()
