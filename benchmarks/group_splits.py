"""Whether splits of groups represent the groups, and whether the intervals that follow from them cover the truth.

Run `python benchmarks/group_splits.py [--seeds 50] [--tables 100] [--resamples 1000]`. A table has 700 customers with
one label each (15 % positive). Sizes are max(1, ⌊lognormal(2, 1)⌋) or uniform from 1 to 90. A positive customer's rows
are shifted in `x` by log(size) / 3, so that large customers are easier to tell, and in `z` by a half. The truth is that
of the fitted logistic regression on the rows of 4,000 new customers.

A second kind of table has 700 rows that stand four times each, without a group column; the truth is that of both fitted
models (without and with random over-sampling) on 200,000 new rows. Units are those of the evaluation.

Prints the mean size of groups and the share of the 5 % largest groups by partition, the most rows by which a class
misses its shares, and the share of tables whose 95 % intervals, computed as an evaluation computes them, cover. For
repeated rows also the share of tables with enough distinct positives for a verdict.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
from sklearn.linear_model import LogisticRegression

from counterpoise.evaluate import FLOOR
from counterpoise.evaluate._inference.bootstrap import Interval, bootstrap
from counterpoise.evaluate._inference.intervals import difference_interval, ranking_interval, units
from counterpoise.metrics import Ranking
from counterpoise.runtime import child_generator
from counterpoise.split import GroupedRows, allocate_groups
from counterpoise.typing import Copies, Floats, Ints, Mask, Matrix

SHARES = (0.6, 0.2, 0.2)
CUSTOMERS, NEW_CUSTOMERS, POSITIVE, LARGEST = 700, 4_000, 0.15, 0.05
NEW_ROWS, COPIES, REPEATED_POSITIVE = 200_000, 4, 0.12
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


def intervals(
    scores: dict[str, Floats], positive: Mask, groups: Ints, *, resamples: int, seed: int
) -> dict[str, Interval | None]:
    """Return the intervals of an evaluation in which whole groups are resampled, and that of ΔAP if there are two arms.

    Args:
        scores: The scores of each arm; the first one's metrics are returned.
        positive: Which rows are of the class of interest.
        groups: The independent unit of each row.
        resamples: The number of resamples.
        seed: The seed of the resamples.
    """
    codes = np.unique(groups, return_inverse=True)[1].astype(np.int32)
    rankings = {name: Ranking.from_scores(values, positive) for name, values in scores.items()}

    def measure(name: str, weights: Copies) -> dict[str, Floats]:
        quality = rankings[name].weigh(weights)
        return {"average_precision": quality.average_precision, "roc_auc": quality.roc_auc}

    rng = child_generator(seed, "group splits", "bootstrap")
    measures = {name: partial(measure, name) for name in scores}
    strata = positive.astype(np.int32)
    resampled = bootstrap(measures, strata=strata, resamples=resamples, rng=rng, groups=codes)
    first, told = next(iter(scores)), {name: ranked(values, positive) for name, values in scores.items()}
    counts = {"positives": units(positive, codes), "negatives": units(~positive, codes)}
    found = {
        metric: ranking_interval(metric, resampled[first][metric], told[first][metric], **counts) for metric in METRICS
    }
    for other in [name for name in scores if name != first]:
        difference = told[other]["average_precision"] - told[first]["average_precision"]
        values = resampled[other]["average_precision"] - resampled[first]["average_precision"]
        found["difference"] = difference_interval(values, difference)
    return found


def covered(kind: str, tables: int, resamples: int) -> Iterator[dict[str, tuple[float, float, bool]]]:
    """Yield for each table and metric the value on test, the truth, and whether the interval covers it."""
    for seed in range(tables):
        rng = child_generator(seed, "group splits", kind)
        table, new = Customers.drawn(kind, CUSTOMERS, rng), Customers.drawn(kind, NEW_CUSTOMERS, rng)
        partition = table.split(seed)
        train, test = partition == 0, partition == 2
        model = LogisticRegression().fit(table.features[train], table.positive[train])
        scores = model.decision_function(table.features[test])
        found = intervals({"arm": scores}, table.positive[test], table.codes[test], resamples=resamples, seed=seed)
        told = ranked(scores, table.positive[test])
        truth = ranked(model.decision_function(new.features), new.positive)
        yield {
            metric: (told[metric], truth[metric], one is not None and one.low <= truth[metric] <= one.high)
            for metric, one in found.items()
        }


def ranked(scores: Floats, positive: Mask) -> dict[str, float]:
    quality = Ranking.from_scores(scores, positive).weigh(np.ones((1, len(scores)), np.int32))
    return {"average_precision": float(quality.average_precision[0]), "roc_auc": float(quality.roc_auc[0])}


def repeated(tables: int, resamples: int) -> Iterator[tuple[bool, bool, bool]]:
    """Yield whether intervals of AP and ΔAP cover, and whether a verdict is possible, on rows that stand four times.

    The effect of random over-sampling is that of the fitted models.
    """
    for seed in range(tables):
        rng = child_generator(seed, "repeated rows")
        once, new = _rows(CUSTOMERS, rng), _rows(NEW_ROWS, rng)
        codes = np.repeat(np.arange(CUSTOMERS), COPIES)
        features, positive = once[0][codes], once[1][codes]
        rows = GroupedRows(codes, positive.astype(np.int32), ("no", "yes"))
        partition = allocate_groups(rows, shares=SHARES, seed=seed)
        train, test = np.flatnonzero(partition == 0), partition == 2
        short = int((~positive[train]).sum() - positive[train].sum())
        more = np.concatenate([train, rng.choice(train[positive[train]], short)])
        models = {
            name: LogisticRegression().fit(features[own], positive[own])
            for name, own in (("none", train), ("random_over", more))
        }
        scores = {name: model.decision_function(features[test]) for name, model in models.items()}
        found = intervals(scores, positive[test], codes[test], resamples=resamples, seed=seed)
        truth = {
            name: ranked(model.decision_function(new[0]), new[1])["average_precision"] for name, model in models.items()
        }
        wanted = {"average_precision": truth["none"], "difference": truth["random_over"] - truth["none"]}
        covers = [(one := found[name]) is not None and one.low <= value <= one.high for name, value in wanted.items()]
        yield covers[0], covers[1], units(positive[test], codes[test].astype(np.int32)) >= FLOOR


def _rows(number: int, rng: np.random.Generator) -> tuple[Matrix, Mask]:
    positive = rng.random(number) < REPEATED_POSITIVE
    features = rng.normal(size=(number, 4))
    features[:, :2] += positive[:, None] * 0.8
    return features, positive


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
    covers, differs, enough = np.mean(list(repeated(arguments.tables, arguments.resamples)), axis=0)
    print(f"rows four times: AP covered {covers:.1%}, ΔAP {differs:.1%}; enough for a verdict {enough:.1%}", flush=True)


if __name__ == "__main__":
    main()
