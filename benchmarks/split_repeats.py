"""What repeating the split adds to a verdict of a small table: how often intervals cover, how wide they are.

Run `python benchmarks/split_repeats.py [--tables 100] [--rows 1500] [--keep FILE]`. Tables have ten features, of which
three tell the classes apart, and 10 % positives, split 60/20/20: 30 positives in test with 1,500 rows. A logistic
regression or a tree is fitted without resampling and on random under- or over-sampled rows.

Compares two designs. `draws`, as published: five draws of the strategy's rows, the mean effect on test with the
bootstrap of test rows. `resplits`: train and validation together are split anew 15 times, 75/25 by class, and both arms
are fitted and scored there, with the corrected t interval of Nadeau and Bengio (2003); test is not used. For both:

- how often the interval covers the mean effect over tables of this kind (from 300 fresh tables and 20,000 test rows);
- how often that of `draws` covers the effect of this table's own train rows;
- the mean width, and the share of firm verdicts;
- over four split seeds of a table: the share of pairs with the same verdict, and of intervals that do not meet.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score
from sklearn.tree import DecisionTreeClassifier

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.kept import Kept  # as a script, too
from benchmarks.verdict_draws import scored
from counterpoise.compare import interval
from counterpoise.config import EvaluationConfig
from counterpoise.evaluate import DrawnArms, LearnerDraws, mean_effects
from counterpoise.evaluate._tables import LabelCodes
from counterpoise.evaluate._task import EvaluationTask
from counterpoise.metrics import HEADLINE
from counterpoise.typing import Floats, Ints

FEATURES, PREVALENCE, DRAWS, RESPLITS, SPLIT_SEEDS, CHUNK = 10, 0.1, 5, 15, 4, 10
TRUTH_TABLES, TRUTH_ROWS = 300, 20_000
LEARNERS: dict[str, Callable[[], Any]] = {
    "logistic": partial(LogisticRegression, max_iter=200),
    "tree": partial(DecisionTreeClassifier, max_depth=5, min_samples_leaf=10, random_state=0),
}
CELLS = tuple(itertools.product(LEARNERS, ("random_under", "random_over")))


@dataclass(frozen=True)
class Rows:
    """Features and labels."""

    x: Floats
    y: Ints

    @classmethod
    def drawn(cls, rows: int, rng: np.random.Generator) -> Rows:
        """Return rows of which one in ten is positive."""
        y = (np.arange(rows) < round(rows * PREVALENCE)).astype(np.int64)
        x = rng.normal(size=(rows, FEATURES))
        x[:, :3] += y[:, np.newaxis] * (1.2, 0.8, 0.4)
        x[:, 3] *= 1 + 0.7 * y
        return cls(x, y)

    def take(self, rows: Ints) -> Rows:
        """Return some rows."""
        return Rows(self.x[rows], self.y[rows])

    def parts(self, shares: tuple[float, ...], rng: np.random.Generator) -> list[Rows]:
        """Return parts by class; the last one has what is left."""
        places: list[list[Ints]] = [[] for _ in range(len(shares) + 1)]
        for label in (0, 1):
            rows = rng.permutation(np.flatnonzero(self.y == label))
            edges = np.round(np.cumsum(shares) * len(rows)).astype(int)
            for part, found in zip(places, np.split(rows, edges), strict=True):
                part.append(found)
        return [self.take(np.concatenate(part)) for part in places]

    def resampled(self, strategy: str, rng: np.random.Generator) -> Rows:
        """Return as many rows of both classes."""
        few, many = np.flatnonzero(self.y == 1), np.flatnonzero(self.y == 0)
        if strategy == "random_under":
            return self.take(np.concatenate([few, rng.choice(many, len(few), replace=False)]))
        return self.take(np.concatenate([many, few, rng.choice(few, len(many) - len(few))]))


def scores(learner: str, train: Rows, test: Rows) -> Floats:
    """Return the scores of a learner."""
    return np.asarray(LEARNERS[learner]().fit(train.x, train.y).predict_proba(test.x)[:, 1])


def effect(learner: str, strategy: str, train: Rows, test: Rows, rng: np.random.Generator) -> float:
    """Return the difference in average precision of one draw."""
    ours, none = scores(learner, train.resampled(strategy, rng), test), scores(learner, train, test)
    return float(average_precision_score(test.y, ours) - average_precision_score(test.y, none))


def mean_effect(learner: str, strategy: str, rows: int) -> float:
    """Return the mean effect over tables of this size."""
    rng = np.random.default_rng(0)
    test = Rows.drawn(TRUTH_ROWS, rng)
    train = (Rows.drawn(round(rows * 0.6), rng) for _ in range(TRUTH_TABLES))
    return float(np.mean([effect(learner, strategy, each, test, rng) for each in train]))


def by_draws(learner: str, strategy: str, train: Rows, test: Rows, rng: np.random.Generator) -> tuple[float, float]:
    """Return the interval of an evaluation."""
    positive, codes = test.y == 1, test.y.astype(np.int32)
    natural = scored("model", "none", scores(learner, train, test), positive)
    drawn = [
        scored("model", strategy, scores(learner, train.resampled(strategy, rng), test), positive) for _ in range(DRAWS)
    ]
    task = EvaluationTask.of(
        LabelCodes(("no", "yes"), codes, codes, codes, codes), strategy=strategy, config=EvaluationConfig()
    )
    draws = LearnerDraws(sampler=True, learner=False, arms=[DrawnArms(one, natural) for one in drawn])
    found = mean_effects(task, {"": draws}, seed=int(rng.integers(2**31)))[""]["effects"][HEADLINE.name]
    return found["low"], found["high"]


def by_resplits(learner: str, strategy: str, known: Rows, rng: np.random.Generator) -> tuple[float, float]:
    """Return the corrected interval over new splits of train and validation."""
    values = []
    for _ in range(RESPLITS):
        train, test = known.parts((0.75,), rng)
        values.append(effect(learner, strategy, train, test, rng))
    return interval(values, test_to_train=1 / 3) or (np.nan, np.nan)


def table(learner: str, strategy: str, rows: int, number: int) -> list[list[float]]:
    """Return for each split seed both intervals, and the effect of its own train rows."""
    found, source = [], Rows.drawn(rows, np.random.default_rng([1, number]))
    world = Rows.drawn(TRUTH_ROWS, np.random.default_rng([2, number]))
    for seed in range(SPLIT_SEEDS):
        rng = np.random.default_rng([3, number, seed])
        train, validation, test = source.parts((0.6, 0.2), rng)
        known = Rows(np.vstack([train.x, validation.x]), np.concatenate([train.y, validation.y]))
        own = float(np.mean([effect(learner, strategy, train, world, rng) for _ in range(DRAWS)])) if not seed else 0.0
        found.append([*by_draws(learner, strategy, train, test, rng), *by_resplits(learner, strategy, known, rng), own])
    return found


def summary(bounds: Floats, truth: float) -> str:
    """Return coverage, width, firm verdicts and agreement of intervals, of shape (tables, split seeds, 2)."""
    low, high = bounds[..., 0], bounds[..., 1]
    outcome = np.where(low > 0, 1, np.where(high < 0, -1, 0))
    pairs = list(itertools.combinations(range(bounds.shape[1]), 2))
    same = np.mean([outcome[:, one] == outcome[:, other] for one, other in pairs])
    apart = np.mean([np.maximum(low[:, a], low[:, b]) > np.minimum(high[:, a], high[:, b]) for a, b in pairs])
    covered = np.mean((low[:, 0] <= truth) & (truth <= high[:, 0]))
    firm = np.mean(outcome != 0)
    shares = f"firm {firm:5.1%}  same {same:4.0%}  apart {apart:4.0%}"
    return f"covers {covered:6.1%}  width {np.mean(high - low):.3f}  {shares}"


def main() -> None:
    """Print two rows for each learner and strategy."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tables", type=int, default=100)
    parser.add_argument("--rows", type=int, default=1_500)
    parser.add_argument("--keep", type=Path, help="file of finished pieces")
    options = parser.parse_args()
    kept = Kept(options.keep)
    for learner, strategy in CELLS:
        cell = learner, strategy, options.rows
        truth = kept.once(f"{cell} truth", partial(mean_effect, *cell))
        found = np.array(
            [kept.once(f"{cell} {number}", partial(table, *cell, number)) for number in range(options.tables)]
        )
        own = found[:, 0, 4]
        covers_own = np.mean((found[:, 0, 0] <= own) & (own <= found[:, 0, 1]))
        name = f"{learner} {strategy}, {round(options.rows * PREVALENCE * 0.2)} positives, mean effect {truth:+.3f}"
        print(f"{name}\n  draws     {summary(found[..., :2], truth)}  covers its own rows' effect {covers_own:5.1%}")
        print(f"  resplits  {summary(found[..., 2:4], truth)}", flush=True)


if __name__ == "__main__":
    main()
