"""Check that decision curves and cost curves are those of their own counts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from counterpoise.evaluate import band_text, expected_cost, net_benefit, probability_cost, threshold_grid
from counterpoise.results import ArmCurves, DecisionCurves, DecisionPoint, LearnerCurves, MetricsRecord
from counterpoise.typing import Floats
from counterpoise.verify._differences import unequal


def decision_curve_differences(record: MetricsRecord, found: DecisionCurves) -> Iterator[str]:
    """Yield sentences on the numbers of curves that contradict each other or the rest of the record.

    Args:
        record: The record.
        found: Its curves.
    """
    test = record.rows.test
    positives = test.classes.get(record.positive_class or "", 0)
    if not 0 < positives < test.rows:
        yield "decision_curves: test has one class"
        return
    prevalence = positives / test.rows
    grid = threshold_grid(prevalence)
    yield from unequal("decision_curves: prevalence", found.prevalence, prevalence)
    yield from _series("decision_curves: thresholds", found.thresholds, grid)
    yield from _series("decision_curves: probability_cost", found.probability_cost, probability_cost(grid, prevalence))
    yield from _series("decision_curves: treat_all", found.treat_all, net_benefit(1.0, 1.0, grid, prevalence))
    yield from unequal("decision_curves: reference", found.reference, _reference(record))
    learners = [one.learner for one in found.learners]
    yield from unequal("decision_curves: learners", learners, list(record.learners))
    for one in found.learners:
        yield from (f"decision_curves of {one.learner}: {each}" for each in _Counted(record, grid).differences(one))


def _reference(record: MetricsRecord) -> str:
    return "default" if record.strategy == "none" else "none"


def _series(name: str, found: Sequence[float], wanted: Floats) -> Iterator[str]:
    same = len(found) == len(wanted) and np.allclose(found, wanted, rtol=1e-9, atol=1e-9)
    if not same:
        yield f"{name} differ from those of their counts"


@dataclass(frozen=True)
class _Counted:
    """The record, and the thresholds that its curves must have."""

    record: MetricsRecord
    grid: Floats

    @property
    def positives(self) -> int:
        return self.record.rows.test.classes[self.record.positive_class or ""]

    @property
    def negatives(self) -> int:
        return self.record.rows.test.rows - self.positives

    @property
    def prevalence(self) -> float:
        return self.positives / self.record.rows.test.rows

    def differences(self, one: LearnerCurves) -> Iterator[str]:
        """Yield contradictions in the curves of a learner."""
        strategies = list(dict.fromkeys(["none", self.record.strategy]))
        if [arm.strategy for arm in one.arms] != strategies or len({len(arm.net_benefit) for arm in one.arms}) != 1:
            yield f"arms are not {strategies}"
            return
        for arm in one.arms:
            yield from (f"{arm.strategy}: {each}" for each in self._arm(arm))
        yield from self._band(one)
        for point in one.points:
            if point.name == "published":
                wanted = self._published_threshold(one.learner)
                yield from unequal("published: threshold", point.threshold, wanted)
            yield from (f"{point.name}: {each}" for each in self._point(point, strategies))

    def _arm(self, arm: ArmCurves) -> Iterator[str]:
        counts = np.array([*arm.true_positives]), np.array([*arm.false_positives])
        if {len(counts[0]), len(counts[1]), len(arm.lowest_cost)} != {len(self.grid)}:
            yield "counts: not one per threshold"
            return
        recall, false_alarms = counts[0] / self.positives, counts[1] / self.negatives
        for name, rates in (("true_positives", recall), ("false_positives", false_alarms)):
            if rates.max() > 1 or any(after > before for before, after in pairwise(rates)):
                yield f"{name} rise with the threshold, or exceed the rows"
        weights = probability_cost(self.grid, self.prevalence)
        wanted = net_benefit(recall, false_alarms, self.grid, self.prevalence)
        yield from _series("net_benefit", arm.net_benefit, wanted)
        costs = expected_cost(recall, false_alarms, weights)
        yield from _series("expected_cost", arm.expected_cost, costs)
        if (np.array(arm.lowest_cost) > np.minimum(costs, np.minimum(weights, 1 - weights)) + 1e-9).any():
            yield "lowest_cost is above the cost of a threshold"

    def _band(self, one: LearnerCurves) -> Iterator[str]:
        """Yield contradictions between the band, the difference that it is around, and its words."""
        everything = np.maximum(net_benefit(1.0, 1.0, self.grid, self.prevalence), 0.0)
        last = np.array(one.arms[-1].net_benefit)
        first = np.array(one.arms[0].net_benefit) if len(one.arms) > 1 else everything
        if not len(one.band.low) == len(one.band.high) == len(last) == len(self.grid):
            yield "band: not one per threshold"
            return
        difference = last - first
        bounds = zip(one.band.low, difference, one.band.high, strict=True)
        if any(low is not None and high is not None and not low <= here <= high for low, here, high in bounds):
            yield "band: not around the difference"
        wanted = band_text(
            {"low": one.band.low, "high": one.band.high}, difference.tolist(), self.grid.tolist(),
            prevalence=self.prevalence, strategy=self.record.strategy,
        )  # fmt: skip
        yield from unequal("text", one.text, wanted)

    def _published_threshold(self, learner: str) -> float | None:
        """Return a learner's threshold on the scale of its published probabilities."""
        known = self.record.correction.learners.get(learner) if self.record.correction else None
        if known is None:
            return None
        return known.calibrated.threshold_calibrated_scale if known.calibrated else known.threshold_natural_scale

    def _point(self, point: DecisionPoint, strategies: list[str]) -> Iterator[str]:
        """Yield contradictions in a single threshold."""
        if [arm.strategy for arm in point.arms] != strategies or point.threshold >= 1:
            yield f"arms are not {strategies}, or the threshold is {point.threshold}"
            return
        costs, at = self.record.costs, np.array([point.threshold])
        if point.name == "cost":
            wanted = costs.false_positive / max(costs.false_positive + costs.false_negative, 1e-300)
            yield from unequal("threshold", point.threshold, wanted)
        yield from unequal("treat_all", point.treat_all, float(net_benefit(1.0, 1.0, at, self.prevalence)[0]))
        for arm in point.arms:
            rates = arm.true_positives / self.positives, arm.false_positives / self.negatives
            if max(rates) > 1:
                yield f"{arm.strategy}: counts exceed the rows"
            benefit = float(net_benefit(*rates, at, self.prevalence)[0])
            yield from unequal(f"{arm.strategy}: net_benefit", arm.net_benefit, benefit)
        first = point.arms[0].net_benefit if len(point.arms) > 1 else max(point.treat_all, 0.0)
        yield from unequal("difference", point.difference.difference, point.arms[-1].net_benefit - first)
