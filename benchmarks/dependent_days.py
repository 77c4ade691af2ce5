"""How often intervals of a split by time cover, where rows of one day have something in common.

Run `python benchmarks/dependent_days.py [--tables 200] [--resamples 200] [--days 7 14]`. A test partition has 1,000
rows a day, 2 % of them positive. Negatives score as N(0, 1), positives as N(1.8 + u, 1) with a shock u of the day; a
second model scores a little worse, with a shock of its own; the share of positives varies by day, too. The truth is
that of 800 other days.

Prints for each setting how often the interval of average precision, and that of the difference from the second model,
covers the truth: with rows drawn, as in a split without days, and with whole days drawn, as in `as_days`.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from threadpoolctl import threadpool_limits

from counterpoise.evaluate import Resampled
from counterpoise.evaluate._inference.bootstrap import bootstrap
from counterpoise.evaluate._inference.intervals import difference_interval, ranking_interval
from counterpoise.metrics import Ranking
from counterpoise.runtime import child_generator
from counterpoise.typing import Copies, Floats, Ints, Mask

ROWS_A_DAY, PREVALENCE, TRUE_DAYS, AGREEMENT = 1_000, 0.02, 800, 0.8
DISTANCES = 1.8, 1.6


@dataclass(frozen=True)
class Shocks:
    """Standard deviations of what the rows of a day have in common.

    Attributes:
        both: How far both models tell positives from negatives.
        one: How far the second one does.
        share: The logarithm of the share of positives.
    """

    both: float = 0.0
    one: float = 0.0
    share: float = 0.0


SETTINGS = (Shocks(), Shocks(both=0.3), Shocks(share=0.4), Shocks(both=0.3, one=0.2, share=0.4))


@dataclass(frozen=True)
class Days:
    """Rows of some days with the scores of two models, shape (2, rows)."""

    day: Ints
    positive: Mask
    scores: Floats

    @classmethod
    def drawn(cls, days: int, shocks: Shocks, rng: np.random.Generator) -> Days:
        """Return the rows of new days."""
        day = np.repeat(np.arange(days), ROWS_A_DAY)
        share = PREVALENCE * np.exp(shocks.share * rng.normal(size=days) - shocks.share**2 / 2)
        positive = rng.random(len(day)) < np.minimum(share, 0.5)[day]
        both, one = shocks.both * rng.normal(size=days), shocks.one * rng.normal(size=days)
        noise = rng.normal(size=(2, len(day)))
        noise[1] = AGREEMENT * noise[0] + np.sqrt(1 - AGREEMENT**2) * noise[1]
        noise[0] += (DISTANCES[0] + both[day]) * positive
        noise[1] += (DISTANCES[1] + both[day] + one[day]) * positive
        return cls(day, positive, noise)

    def measured(self) -> Floats:
        """Return the average precision of the first model, and how much it is better than the second."""
        first, second = (
            float(_measure(ranking, np.ones((1, len(self.day)), np.int32))[0]) for ranking in self.rankings
        )
        return np.array([first, first - second])

    @property
    def rankings(self) -> list[Ranking]:
        """The rankings of both models."""
        return [Ranking.from_scores(scores, self.positive) for scores in self.scores]

    def covers(self, truth: Floats, *, whole: bool, resamples: int, seed: int) -> list[bool]:
        """Return whether the interval of the average precision covers, and that of the difference."""
        measures = {str(number): partial(_resampled, ranking) for number, ranking in enumerate(self.rankings)}
        found = bootstrap(
            measures, strata=self.positive.astype(np.int32), resamples=resamples,
            rng=child_generator(seed, "dependent days"), groups=self.day.astype(np.int32) if whole else None,
        )  # fmt: skip
        first, second = (found[name]["average_precision"] for name in measures)
        value, difference = self.measured()
        counts = {"positives": int(self.positive.sum()), "negatives": int((~self.positive).sum())}
        intervals = (
            ranking_interval("average_precision", first, value, **counts),
            difference_interval(first - second, difference),
        )
        return [one is not None and one.low <= true <= one.high for one, true in zip(intervals, truth, strict=True)]


def _measure(ranking: Ranking, weights: Copies) -> Floats:
    return ranking.weigh(weights).average_precision


def _resampled(ranking: Ranking, weights: Copies) -> Resampled:
    return {"average_precision": _measure(ranking, weights)}


def coverage(days: int, shocks: Shocks, *, tables: int, resamples: int) -> Floats:
    """Return how often intervals cover: with rows and with whole days drawn, of the metric and of the difference."""
    truth = Days.drawn(TRUE_DAYS, shocks, np.random.default_rng(1)).measured()
    found = []
    for number in range(tables):
        test = Days.drawn(days, shocks, child_generator(number, "days", days))
        found.append([test.covers(truth, whole=whole, resamples=resamples, seed=number) for whole in (False, True)])
    shares: Floats = np.array(found, float).mean(axis=0)
    return shares


def main(arguments: Sequence[str] | None = None) -> None:
    """Print one row a setting."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tables", type=int, default=200)
    parser.add_argument("--resamples", type=int, default=200)
    parser.add_argument("--days", type=int, nargs="+", default=[7, 14])
    options = parser.parse_args(arguments)
    for days in options.days:
        for shocks in SETTINGS:
            with threadpool_limits(limits=1):
                rows, whole = coverage(days, shocks, tables=options.tables, resamples=options.resamples)
            shares = "  ".join(
                f"{name}: rows {of_rows:.1%}, days {of_days:.1%}"
                for name, of_rows, of_days in zip(("AP", "difference"), rows, whole, strict=True)
            )
            print(f"{days} days, {shocks}: {shares}", flush=True)


if __name__ == "__main__":
    main()
