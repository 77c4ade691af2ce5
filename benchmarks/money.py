"""How often the intervals of money cover the truth where missing a row costs its amount, on simulated tables.

Run `python benchmarks/money.py [--tables 1000]`. Scores are Beta(4, 2) for positives and Beta(2, 4) for negatives, the
threshold is 0.45, a false alarm costs 3, amounts are drawn from several distributions, from equal ones to those with
giants. Tables have exactly their share of positives, as our stratified splits have, or draw it as new rows do. The
truth is the expectation over endless rows. Computes the interval as an evaluation does and prints one row per setting:
the share of tables that cover what is saved against never alerting, against always alerting, and what errors cost.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from scipy import stats

from counterpoise.config import EvaluationConfig
from counterpoise.evaluate import ScoredRows
from counterpoise.evaluate._amounts import money
from counterpoise.typing import Floats

THRESHOLD, ALARM = 0.45, 3.0
CONFIG = EvaluationConfig(cost_column="amount", cost_false_positive=ALARM)
FIGURES = ("saved_to_never", "saved_to_always", "cost")
SIZES = ((1_500, 30), (600, 90), (3_000, 300))


@dataclass(frozen=True)
class Amounts:
    """A distribution of amounts: its name, its mean, and how to draw from it."""

    name: str
    mean: float
    draw: Callable[[np.random.Generator, int], Floats]


AMOUNTS = (
    Amounts("equal", 20.0, lambda _, rows: np.full(rows, 20.0)),
    Amounts("log-normal, sigma 0.8", float(np.exp(2.5 + 0.32)), lambda rng, rows: rng.lognormal(2.5, 0.8, rows)),
    Amounts("log-normal, sigma 1.2", float(np.exp(2.5 + 0.72)), lambda rng, rows: rng.lognormal(2.5, 1.2, rows)),
    Amounts("log-normal, sigma 1.8", float(np.exp(2.5 + 1.62)), lambda rng, rows: rng.lognormal(2.5, 1.8, rows)),
    Amounts("Pareto, alpha 2.5", 10 * 2.5 / 1.5, lambda rng, rows: 10 * (1 + rng.pareto(2.5, rows))),
)


def true_money(amounts: Amounts, prevalence: float) -> dict[str, float]:
    """Return what is expected per thousand endless rows."""
    found, alarmed = float(stats.beta.sf(THRESHOLD, 4, 2)), float(stats.beta.sf(THRESHOLD, 2, 4))
    never, always = prevalence * amounts.mean, (1 - prevalence) * ALARM
    cost = never * (1 - found) + always * alarmed
    return {name: 1000 * value for name, value in zip(FIGURES, (never - cost, always - cost, cost), strict=True)}


def table(rng: np.random.Generator, amounts: Amounts, *, rows: int, positives: int, free: bool) -> ScoredRows:
    """Draw a table."""
    number = rng.binomial(rows, positives / rows) if free else positives
    positive = np.arange(rows) < number
    scores = np.where(positive, rng.beta(4, 2, rows), rng.beta(2, 4, rows))
    return ScoredRows(scores, positive, missed=np.where(positive, amounts.draw(rng, rows), 0.0))


def coverage(amounts: Amounts, *, rows: int, positives: int, free: bool, tables: int) -> dict[str, float]:
    """Return the share of tables whose interval covers the truth, by figure."""
    rng, truth = np.random.default_rng(rows + positives + free), true_money(amounts, positives / rows)
    within = dict.fromkeys(FIGURES, 0)
    for _ in range(tables):
        drawn = table(rng, amounts, rows=rows, positives=positives, free=free)
        found = money(drawn, drawn.scores >= THRESHOLD, CONFIG)
        bounds = {name: (found[name]["low"], found[name]["high"]) for name in FIGURES[:2]}
        bounds["cost"] = found["cost_low"], found["cost_high"]
        for name, (low, high) in bounds.items():
            within[name] += low is not None and low <= truth[name] <= high
    return {name: number / tables for name, number in within.items()}


def lines(tables: int) -> Iterator[str]:
    yield "| positives | amounts | share of positives | saved to never | saved to always | cost |"
    yield "|---:|---|---|---:|---:|---:|"
    for rows, positives in SIZES:
        for amounts in AMOUNTS:
            for free in (True, False):
                found = coverage(amounts, rows=rows, positives=positives, free=free, tables=tables)
                shares = " | ".join(f"{100 * found[name]:.1f}" for name in FIGURES)
                yield f"| {positives} | {amounts.name} | {'drawn' if free else 'fixed'} | {shares} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tables", type=int, default=1_000)
    for line in lines(parser.parse_args().tables):
        print(line, flush=True)


if __name__ == "__main__":
    main()
