"""Decision curves and cost curves: the worth of deciding by published probabilities, for every ratio of costs.

Who calls rows positive from a probability t on values a miss as (1 - t) / t false alarms. The decision curve shows the
net benefit by t (Vickers and Elkin 2006, "Decision curve analysis", Medical Decision Making 26): true positives less
false positives, each counted as t / (1 - t). The cost curve shows the same decisions by their expected cost, as a share
of the cost if every row were decided wrongly (Drummond and Holte 2006, "Cost curves", Machine Learning 65): false
negative rate times x plus false positive rate times 1 - x, where x, the probability cost, is the part of that cost
which is due to positives. At the prevalence of test, each t has one x.

No threshold is chosen on test. The lower envelope is the least cost that any threshold would have had on test: it is
shown beside the cost of the published probabilities, as what no choice of thresholds could improve on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from counterpoise.evaluate._decision_curves.formulas import (
    PER,
    expected_cost,
    net_benefit,
    probability_cost,
    threshold_grid,
)
from counterpoise.evaluate._decision_curves.wording import band_text
from counterpoise.evaluate._inference.bootstrap import CONFIDENCE, affordable_resamples, iter_weights
from counterpoise.evaluate._inference.intervals import difference_interval
from counterpoise.evaluate._task import EvaluationTask
from counterpoise.runtime import child_generator
from counterpoise.typing import Copies, Floats, Mask


@dataclass(frozen=True)
class PublishedTest:
    """The published probabilities of an arm on test, and its threshold on their scale."""

    learner: str
    strategy: str
    scores: Floats
    threshold: float


def decision_curves(task: EvaluationTask, published: Sequence[PublishedTest], *, seed: int) -> dict[str, Any] | None:
    """Return the curves of all learners; None with more than two classes, or if test has only one.

    Args:
        task: The evaluation task.
        published: The arms, without the dummy.
        seed: The run's seed.
    """
    positive = task.codes.test == task.positive
    if task.positive is None or positive.all() or not positive.any():
        return None
    grid, prevalence = threshold_grid(task.chance), task.chance
    by_learner = {name: [arm for arm in published if arm.learner == name] for name in task.config.learners}
    return {
        "prevalence": prevalence,
        "thresholds": grid.tolist(),
        "probability_cost": probability_cost(grid, prevalence).tolist(),
        "treat_all": net_benefit(1.0, 1.0, grid, prevalence).tolist(),
        "resamples": affordable_resamples(len(positive), task.config.bootstrap),
        "reference": "default" if task.strategy == "none" else "none",
        "learners": [_LearnerCurves(task, positive, arms, grid).record(seed=seed) for arms in by_learner.values()],
    }


@dataclass(frozen=True)
class _LearnerCurves:
    """The arms of a learner: without resampling and, if there is a strategy, with it."""

    task: EvaluationTask
    positive: Mask
    arms: Sequence[PublishedTest]
    grid: Floats

    @cached_property
    def points(self) -> dict[str, float]:
        """Single thresholds: the published one of the published strategy, and that of the configured costs."""
        costs, published = self.task.costs, self.arms[-1].threshold
        found = {"published": published} if published < 1 else {}
        if costs["false_negative"]:
            found["cost"] = costs["false_positive"] / (costs["false_positive"] + costs["false_negative"])
        return found

    @cached_property
    def thresholds(self) -> Floats:
        return np.unique(np.concatenate([self.grid, list(self.points.values())]))

    def record(self, *, seed: int) -> dict[str, Any]:
        """Return the learner's part of the record."""
        called = {arm.strategy: _Called.of(arm.scores, self.positive, self.thresholds) for arm in self.arms}
        drawn = self._resampled(called, child_generator(seed, "evaluate", "decision curves", self.arms[0].learner))
        once = {name: one.counts(np.ones((1, len(self.positive)), np.int32)) for name, one in called.items()}
        estimate = self._differences(once)[0]
        places = np.searchsorted(self.thresholds, self.grid)
        low, high = simultaneous_band(estimate[places], drawn[:, places])
        band = {"low": low, "high": high}
        return {
            "learner": self.arms[0].learner,
            "arms": [self._arm(arm, once[arm.strategy], places) for arm in self.arms],
            "band": band,
            "points": [self._point(name, once, estimate, drawn) for name in self.points],
            "text": band_text(
                band,
                estimate[places].tolist(),
                self.grid.tolist(),
                prevalence=self.task.chance,
                strategy=self.task.strategy,
            ),
        }

    def _resampled(self, called: Mapping[str, _Called], rng: np.random.Generator) -> Floats:
        """Return the difference of the net benefit on resamples of test, shape (resamples, thresholds)."""
        codes, rows = self.task.codes, len(self.positive)
        resamples = affordable_resamples(rows, self.task.config.bootstrap)
        parts = [
            self._differences({name: one.counts(weights) for name, one in called.items()})
            for weights in iter_weights(codes.test, resamples=resamples, rng=rng, groups=codes.groups.get("test"))
        ]
        return np.concatenate([np.zeros((0, len(self.thresholds))), *parts])

    def _differences(self, counts: Mapping[str, _Counts]) -> Floats:
        """Return by how much the strategy is better than none or, without one, none than the better default."""
        benefits = {name: self._benefit(one) for name, one in counts.items()}
        if self.task.strategy == "none":
            everything = net_benefit(1.0, 1.0, self.thresholds, self.task.chance)
            return benefits["none"] - np.maximum(everything, 0.0)
        return benefits[self.task.strategy] - benefits["none"]

    def _benefit(self, counts: _Counts) -> Floats:
        return net_benefit(counts.recall, counts.false_alarms, self.thresholds, self.task.chance)

    def _arm(self, arm: PublishedTest, counts: _Counts, places: npt.NDArray[np.int64]) -> dict[str, Any]:
        weights, prevalence = probability_cost(self.grid, self.task.chance), self.task.chance
        recall, false_alarms = counts.recall[0, places], counts.false_alarms[0, places]
        return {
            "strategy": arm.strategy,
            "true_positives": counts.true[0, 1 + places].astype(np.int64).tolist(),
            "false_positives": counts.false[0, 1 + places].astype(np.int64).tolist(),
            "net_benefit": net_benefit(recall, false_alarms, self.grid, prevalence).tolist(),
            "expected_cost": expected_cost(recall, false_alarms, weights).tolist(),
            "lowest_cost": lower_envelope(arm.scores, self.positive, weights).tolist(),
        }

    def _point(self, name: str, once: Mapping[str, _Counts], estimate: Floats, drawn: Floats) -> dict[str, Any]:
        threshold = self.points[name]
        place = int(np.searchsorted(self.thresholds, threshold))
        interval = difference_interval(drawn[:, place], float(estimate[place]))
        if interval is not None and interval.low == interval.high:
            interval = None  # resamples that all agree say nothing about other rows
        return {
            "name": name,
            "threshold": threshold,
            "treat_all": float(net_benefit(1.0, 1.0, np.array([threshold]), self.task.chance)[0]),
            "arms": [
                {
                    "strategy": strategy,
                    "true_positives": int(counts.true[0, 1 + place]),
                    "false_positives": int(counts.false[0, 1 + place]),
                    "net_benefit": float(self._benefit(counts)[0, place]),
                }
                for strategy, counts in once.items()
            ],
            "difference": {
                "difference": float(estimate[place]),
                "low": interval.low if interval else None,
                "high": interval.high if interval else None,
            },
        }


@dataclass(frozen=True)
class _Counts:
    """Weights of rows, shape (resamples, 1 + thresholds): of all rows, then of those called at each threshold."""

    true: Floats
    false: Floats

    @property
    def recall(self) -> Floats:
        return self.true[:, 1:] / np.maximum(self.true[:, :1], 1)

    @property
    def false_alarms(self) -> Floats:
        return self.false[:, 1:] / np.maximum(self.false[:, :1], 1)


@dataclass(frozen=True)
class _Called:
    """Which thresholds each row reaches: one matrix for positives, one for negatives, (rows, 1 + thresholds)."""

    positive: Mask
    true: Any
    false: Any

    @classmethod
    def of(cls, scores: Floats, positive: Mask, thresholds: Floats) -> _Called:
        from scipy import sparse

        reached = np.searchsorted(thresholds, scores, side="right")
        ones = (np.ones(len(scores)), (np.arange(len(scores)), reached))
        reaching = sparse.csr_array(ones, shape=(len(scores), len(thresholds) + 1))
        return cls(positive, reaching[np.flatnonzero(positive)], reaching[np.flatnonzero(~positive)])

    def counts(self, weights: Copies) -> _Counts:
        """Return the counts under row weights of shape (resamples, rows)."""
        by_number = weights[:, self.positive] @ self.true, weights[:, ~self.positive] @ self.false
        return _Counts(*(np.cumsum(one[:, ::-1], axis=1)[:, ::-1] for one in by_number))


def lower_envelope(scores: Floats, positive: Mask, weights: Floats) -> Floats:
    """Return the least expected cost that any threshold has on these rows, for each probability cost.

    Args:
        scores: The rows' scores.
        positive: Which rows are positive.
        weights: The probability costs.
    """
    order = np.argsort(-scores, kind="stable")
    ends = np.flatnonzero(np.append(np.diff(scores[order]) != 0, True))
    recall = np.append(0.0, np.cumsum(positive[order])[ends] / positive.sum())
    false_alarms = np.append(0.0, np.cumsum(~positive[order])[ends] / (~positive).sum())
    return np.array([float(expected_cost(recall, false_alarms, np.array(weight)).min()) for weight in weights])


def simultaneous_band(estimate: Floats, drawn: Floats) -> tuple[list[float | None], list[float | None]]:
    """Return bounds that hold for the whole curve at once with 95 % confidence; None where resamples do not vary.

    The half width is a multiple of the standard deviation of each threshold; the multiple is the 95 % quantile of the
    largest standardised deviation of a resample anywhere on the curve, at least 1.96.

    Args:
        estimate: The curve.
        drawn: Its resamples, shape (resamples, thresholds).
    """
    nothing: list[float | None] = [None] * len(estimate)
    if len(drawn) < 2:
        return nothing, nothing
    error = drawn.std(axis=0, ddof=1)
    varies = error > 1e-12 * PER
    if not varies.any():
        return nothing, nothing
    largest = (np.abs(drawn - drawn.mean(axis=0))[:, varies] / error[varies]).max(axis=1)
    half = max(1.96, float(np.quantile(largest, CONFIDENCE))) * error
    bounds = ((estimate - half).tolist(), (estimate + half).tolist())
    low, high = ([value if one else None for value, one in zip(each, varies, strict=True)] for each in bounds)
    return low, high
