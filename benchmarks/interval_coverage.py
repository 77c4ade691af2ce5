"""How often the intervals of an evaluation cover the true value, on simulated tables whose truth is known.

Run `python benchmarks/interval_coverage.py [--tables 200] [--resamples 1000] [--positives 30 100 300 1000]`. Negatives
score as N(0, 1), positives as N(d, 1); a second model scores a little worse, with errors that agree with the first
one's (correlation 0.8). The truth is that of the fixed model on endless rows of the given prevalence: average precision
by numerical integration, ROC-AUC in closed form. Each table has exactly its number of positives, as our stratified
splits have; `--free-prevalence` draws it instead. For calibration the scores are turned into the probabilities that
are right for them, so that slope 1 and intercept 0 are the truth, and rows are always drawn whatever their class.

Prints one row a setting: the share of tables whose 95 % interval, computed as an evaluation computes it, covers.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import product

import numpy as np
from scipy import integrate, special, stats
from threadpoolctl import threadpool_limits

from counterpoise.evaluate import Resampled
from counterpoise.evaluate._calibration.calibration import evaluate_probabilities
from counterpoise.evaluate._inference.bootstrap import Interval, bootstrap
from counterpoise.evaluate._inference.intervals import difference_interval, ranking_interval
from counterpoise.metrics import Ranking
from counterpoise.runtime import child_generator
from counterpoise.typing import Copies, Mask

FIGURES = ("ap", "auc", "ap_difference", "slope", "intercept", "in_the_large")
SECOND = 0.85
"""How far the second model tells the classes apart, relative to the first."""
AGREEMENT = 0.8


@dataclass(frozen=True)
class Setting:
    """One kind of table.

    Attributes:
        positives: Positives in a table.
        prevalence: Their share of the rows.
        distance: Between the means of the classes' scores, in standard deviations.
        resamples: Bootstrap resamples a table.
        free: Whether the number of positives is drawn anew for each table.
    """

    positives: int
    prevalence: float
    distance: float
    resamples: int
    free: bool

    @property
    def rows(self) -> int:
        """Rows of a table."""
        return round(self.positives / self.prevalence)


def true_average_precision(distance: float, prevalence: float) -> float:
    """Return the average precision of the scoring rule on endless rows."""

    def gain(score: float) -> float:
        found = prevalence * stats.norm.sf(score - distance)
        false = (1 - prevalence) * stats.norm.sf(score)
        return float(found / (found + false) * stats.norm.pdf(score - distance))

    return float(integrate.quad(gain, distance - 9, distance + 9, limit=500, points=[distance])[0])


def true_values(setting: Setting) -> dict[str, float]:
    first, second = (
        true_average_precision(distance, setting.positives / setting.rows)
        for distance in (setting.distance, SECOND * setting.distance)
    )
    auc = float(stats.norm.cdf(setting.distance / np.sqrt(2)))
    calibrated = {"slope": 1.0, "intercept": 0.0, "in_the_large": 0.0}
    return {"ap": first, "auc": auc, "ap_difference": first - second, **calibrated}


def draw_labels(setting: Setting, rng: np.random.Generator, *, free: bool) -> Mask:
    number = rng.binomial(setting.rows, setting.positives / setting.rows) if free else setting.positives
    return np.arange(setting.rows) < number


def ranking_intervals(setting: Setting, rng: np.random.Generator) -> Iterator[tuple[str, Interval | None]]:
    """Draw a table and yield the intervals of average precision, ROC-AUC and the paired difference."""
    positive = draw_labels(setting, rng, free=setting.free)
    noise = rng.normal(size=(2, setting.rows))
    first = noise[0] + setting.distance * positive
    second = AGREEMENT * noise[0] + np.sqrt(1 - AGREEMENT**2) * noise[1] + SECOND * setting.distance * positive
    rankings = {"first": Ranking.from_scores(first, positive), "second": Ranking.from_scores(second, positive)}

    def measure(name: str, weights: Copies) -> Resampled:
        quality = rankings[name].weigh(weights)
        return {"average_precision": quality.average_precision, "roc_auc": quality.roc_auc}

    once = {name: measure(name, np.ones((1, setting.rows), np.int32)) for name in rankings}
    found = bootstrap(
        {name: partial(measure, name) for name in rankings},
        strata=positive.astype(np.int32),
        resamples=setting.resamples,
        rng=rng,
    )
    counts = {"positives": int(positive.sum()), "negatives": int((~positive).sum())}
    for figure, metric in (("ap", "average_precision"), ("auc", "roc_auc")):
        yield figure, ranking_interval(metric, found["first"][metric], float(once["first"][metric][0]), **counts)
    ap = {name: values["average_precision"] for name, values in found.items()}
    difference = once["first"]["average_precision"][0] - once["second"]["average_precision"][0]
    yield "ap_difference", difference_interval(ap["first"] - ap["second"], float(difference))


def calibration_intervals(setting: Setting, rng: np.random.Generator) -> Iterator[tuple[str, Interval | None]]:
    """Draw a table and yield the intervals of the calibration line of probabilities that are right."""
    positive = draw_labels(setting, rng, free=True)
    scores = rng.normal(size=setting.rows) + setting.distance * positive
    prior = special.logit(setting.positives / setting.rows)
    right = special.expit(prior + setting.distance * scores - setting.distance**2 / 2)
    judged = evaluate_probabilities({"right": right}, positive, resamples=setting.resamples, rng=rng)["right"]
    for figure in ("slope", "intercept", "in_the_large"):
        bounds = judged["intervals"].get(figure)
        yield figure, Interval(**bounds) if bounds else None


def coverage(setting: Setting, tables: int) -> Counter[tuple[str, str]]:
    """Return by figure and outcome (covers, above, below: where the truth lies) the number of tables."""
    truth, outcomes = true_values(setting), Counter[tuple[str, str]]()
    with threadpool_limits(limits=1):
        for table in range(tables):
            rng = child_generator(table, "coverage", setting.positives, setting.rows, str(setting.distance))
            for figure, interval in (*ranking_intervals(setting, rng), *calibration_intervals(setting, rng)):
                outcomes[figure, outcome(interval, truth[figure])] += 1
    return outcomes


def outcome(interval: Interval | None, truth: float) -> str:
    if interval is None:
        return "none"
    if truth < interval.low:
        return "below"
    return "above" if truth > interval.high else "covers"


def row(setting: Setting, tables: int, found: Counter[tuple[str, str]]) -> str:
    shares = []
    for figure in FIGURES:
        given = tables - found[figure, "none"]
        shares.append(f"{100 * found[figure, 'covers'] / given:.1f}" if given else "–")
    truth = true_values(setting)
    told = f"{truth['ap']:.3f} | {truth['auc']:.3f}"
    return f"| {setting.positives:,} | {setting.prevalence:.0%} | {told} | {' | '.join(shares)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tables", type=int, default=200)
    parser.add_argument("--resamples", type=int, default=1_000)
    parser.add_argument("--positives", type=int, nargs="+", default=[30, 100, 300, 1_000])
    parser.add_argument("--prevalences", type=float, nargs="+", default=[0.01, 0.1])
    parser.add_argument("--distances", type=float, nargs="+", default=[0.0, 1.0, 2.0, 3.5])
    parser.add_argument("--free-prevalence", action="store_true")
    parser.add_argument("--workers", type=int, default=1)
    arguments = parser.parse_args()
    settings = [
        Setting(positives, prevalence, distance, arguments.resamples, arguments.free_prevalence)
        for positives, prevalence, distance in product(arguments.positives, arguments.prevalences, arguments.distances)
    ]
    print("| positives | prevalence | true AP | true AUC | AP | AUC | ΔAP | slope | intercept | in the large |")
    print("|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|", flush=True)
    with ProcessPoolExecutor(arguments.workers) as pool:
        results = pool.map(coverage, settings, [arguments.tables] * len(settings))
        for setting, found in zip(settings, results, strict=True):
            print(row(setting, arguments.tables, found), flush=True)


if __name__ == "__main__":
    main()
