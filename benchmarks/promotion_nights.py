"""How often the rule `not_worse` promotes versions that are equally good, and one that is worse.

Run `python benchmarks/promotion_nights.py [--runs 8] [--nights 100] [--positives 500] [--seed 0] [--keep FILE]`. A
night's version scores test rows of which one in ten is positive: negatives as N(0, 1), positives as N(d, 1). With
`stable` test rows, a score is mostly the row's own (correlation 0.8 between two nights) and 1 % of the rows are new
each night; with `fresh` ones, all are new. The rule sees what a run publishes: average precision, its interval and
keyed resamples. From night 31 on, it is also asked each night about a version whose true average precision is .05
lower, which is not promoted.

Prints the share of nights promoted: of all, and by stretches of twenty; and the share of the worse versions.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy import optimize

from counterpoise.config import PromotionConfig
from counterpoise.evaluate._inference.keyed import keyed_weights
from counterpoise.metrics import Ranking
from counterpoise.runtime import child_generator
from counterpoise.typing import Copies, Floats
from counterpoise.versions import Decision, VersionMetrics, decide_promotion
from counterpoise.versions._promotion.noise import FRESH_REFUSALS, SAME_REFUSALS
from counterpoise.versions._promotion.references import MOST_REFERENCES

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.interval_coverage import true_average_precision  # as a script, too
from benchmarks.kept import Kept

PREVALENCE, QUALITY, WORSE_BY, AGREEMENT, NEW_ROWS, SETTLED = 0.1, 0.5, 0.05, 0.8, 0.01, 30
STRETCH = 20
RULE = PromotionConfig(rule="not_worse")


@dataclass(frozen=True)
class Nights:
    """The decisions of some runs: of equally good versions, shape (runs, nights), and of worse ones."""

    equal: Floats
    worse: Floats


def distance_of(quality: float) -> float:
    """Return the distance between the classes that gives an average precision."""
    return float(optimize.brentq(lambda distance: true_average_precision(distance, PREVALENCE) - quality, 0.01, 8))


@dataclass
class Test:
    """The test rows, which may change from night to night."""

    rng: np.random.Generator
    positives: int

    def __post_init__(self) -> None:
        rows = round(self.positives / PREVALENCE)
        self.truth = np.arange(rows) < self.positives
        self.renew(np.ones(rows, bool))

    def renew(self, chosen: Any) -> None:
        """Replace some rows by others of the same class."""
        if not hasattr(self, "keys"):
            self.keys, self.own = np.zeros(len(self.truth), np.uint64), np.zeros(len(self.truth))
        self.keys[chosen] = self.rng.integers(0, 2**63, size=int(chosen.sum()), dtype=np.uint64)
        self.own[chosen] = self.rng.normal(size=int(chosen.sum()))

    def version(self, distance: float) -> dict[str, Any]:
        """Return what a version's metrics record says of the rule's metric."""
        noise = self.rng.normal(size=len(self.truth))
        scores = np.sqrt(AGREEMENT) * self.own + np.sqrt(1 - AGREEMENT) * noise + distance * self.truth
        ranking, strata = Ranking.from_scores(scores, self.truth), self.truth.astype(np.int32)

        def measure(weights: Copies) -> dict[str, Floats]:
            return {"average_precision": ranking.weigh(weights).average_precision}

        value = float(measure(np.ones((1, len(scores)), np.int32))["average_precision"][0])
        keyed = [measure(weights)["average_precision"] for weights in keyed_weights(self.keys, strata, resamples=200)]
        arm = {"learner": "model", "strategy": "smote", "test": {"average_precision": value}}
        half = 1.96 * float(np.concatenate(keyed).std(ddof=1))
        arm["intervals"] = {"average_precision": {"low": value - half, "high": value + half}}
        test = {"rows": len(scores), "classes": {"no": len(scores) - self.positives, "yes": self.positives}}
        return {
            "schema": 1, "task": "binary", "classes": ["no", "yes"], "positive_class": "yes", "strategy": "smote",
            "verdict_learner": "model", "rows": {"test": test}, "arms": [arm], "chance_average_precision": PREVALENCE,
            "majority_accuracy": 1 - PREVALENCE, "deciding_rows": self.positives, "deciding_rows_are": "positives",
            "verdict_floor": 30, "keyed_resamples": {"model": {"average_precision": np.concatenate(keyed).tolist()}},
        }  # fmt: skip


def simulate(
    kind: str, *, runs: int, nights: int, positives: int, seed: int = 0, kept: Kept | None = None
) -> Nights:  # fmt: skip
    """Return the decisions on the versions of some runs, with `stable` or `fresh` test rows."""
    kept, equal, worse = kept or Kept(), list[list[bool]](), list[bool]()
    setting = f"margin {RULE.margin}, false refusals {FRESH_REFUSALS} to {SAME_REFUSALS}"
    for run in range(runs):

        def work(run: int = run) -> tuple[list[bool], list[bool]]:
            rng = child_generator(seed, kind, run)
            return one_run(kind, nights=nights, test=Test(rng, positives))

        key = f"{kind} test rows, {positives} positives, {nights} nights, seed {seed}, run {run}, {setting}"
        good, bad = kept.once(key, work)
        equal.append(good)
        worse += bad
    return Nights(np.array(equal, float), np.array(worse, float))


def one_run(kind: str, *, nights: int, test: Test) -> tuple[list[bool], list[bool]]:
    """Return the decisions on the equally good versions of a run, and on the worse ones."""
    good, bad = distance_of(QUALITY), distance_of(QUALITY - WORSE_BY)
    equal, worse, promoted = list[bool](), list[bool](), list[VersionMetrics]()
    for night in range(nights):
        test.renew(test.rng.random(len(test.truth)) < (NEW_ROWS if kind == "stable" else 1.0))
        candidate = VersionMetrics(night + 1, test.version(good))
        if night >= min(SETTLED, nights // 2):
            worse.append(decision_on(VersionMetrics(night + 1, test.version(bad)), promoted).promoted)
        decision = decision_on(candidate, promoted)
        equal.append(decision.promoted)
        if decision.promoted:
            promoted.append(replace(candidate, luck=(decision.numbers and decision.numbers.luck) or 0.0))
    return equal, worse


def decision_on(candidate: VersionMetrics, promoted: list[VersionMetrics]) -> Decision:
    """Return the rule's decision on a version."""
    most = MOST_REFERENCES
    compared = promoted if len(promoted) <= 2 * most else [*promoted[:most], *promoted[-most:]]
    return decide_promotion(RULE, candidate, compared)


def main() -> None:
    """Print one row for each kind of test rows."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name, default in (("runs", 8), ("nights", 100), ("positives", 500), ("seed", 0)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--keep", type=Path, help="file of finished pieces")
    options = vars(parser.parse_args())
    kept = Kept(options.pop("keep"))
    stretches = [slice(start, start + STRETCH) for start in range(0, options["nights"], STRETCH)]
    print(f"{'test rows':<10}{'all':>7}{'.05 worse':>11}  by stretches of {STRETCH} nights")
    for kind in ("stable", "fresh"):
        found = simulate(kind, **options, kept=kept)
        shares = " ".join(f"{found.equal[:, stretch].mean():.1%}" for stretch in stretches)
        print(f"{kind:<10}{found.equal.mean():>7.1%}{found.worse.mean():>11.1%}  {shares}", flush=True)


if __name__ == "__main__":
    main()
