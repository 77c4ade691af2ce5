"""The decision threshold of an arm, chosen by `evaluation.threshold`."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from counterpoise.config import EvaluationConfig
from counterpoise.evaluate._amounts import RULE, cheapest_threshold
from counterpoise.evaluate._metrics.decisions import choose_threshold
from counterpoise.evaluate._operating_points import ScoredRows, ThresholdRule, chosen_thresholds, threshold_rules
from counterpoise.metrics import Confusion

OTHERWISE = "f1"
"""The metric to maximise if no threshold meets the condition on validation."""


@dataclass(frozen=True)
class ArmThreshold:
    """An arm's threshold: rows with a probability at or above it are called positive.

    Attributes:
        value: The threshold; above 1 no row is called positive.
        score: The rule's metric on validation, for costs per thousand rows; NaN if there was nothing to choose by.
        rule: The rule that was applied: the configured one, or f1 if no threshold meets it.
        note: Why it is not the configured one.
    """

    value: float
    score: float
    rule: str
    note: str = ""


def choose_arm_threshold(validation: ScoredRows, *, config: EvaluationConfig) -> ArmThreshold:
    """Choose the threshold on validation by `evaluation.threshold`: a metric to maximise, or one of `threshold_rules`.

    Without both classes it is 0.5. A fixed threshold stays as it is.
    """
    if config.threshold == "fixed":
        return ArmThreshold(config.fixed_threshold, float("nan"), "fixed")
    if config.threshold == RULE:
        return _by_amount(validation, config)
    rule = next((rule for rule in threshold_rules(config) if rule.name == config.threshold), None)
    if rule is None or not validation.positive.any() or validation.positive.all():
        return _by_metric(validation, config.threshold, OTHERWISE if rule else config.threshold)
    found = _by_rule(validation, rule)
    if found is None:
        note = f"no threshold gives a {rule.wanted}, on validation: the one with the largest F1 was taken"
        return replace(_by_metric(validation, OTHERWISE, OTHERWISE), note=note)
    return found


def _by_amount(validation: ScoredRows, config: EvaluationConfig) -> ArmThreshold:
    """Return the threshold of least total cost; where amounts are unknown, as in a comparison, by the costs alone."""
    if validation.missed is None or not validation.positive.any() or validation.positive.all():
        found = choose_arm_threshold(validation, config=config.model_copy(update={"threshold": "cost"}))
        note = "" if validation.missed is not None else "the cost of each row is unknown here: the costs alone decided"
        return replace(found, note=found.note or note)
    rows = len(validation.scores)
    chosen, spent = cheapest_threshold(validation, np.ones((1, rows)), false_alarm=config.cost_false_positive)
    return ArmThreshold(float(chosen[0]), 1000 * float(spent[0]) / rows, RULE)


def _by_metric(validation: ScoredRows, rule: str, metric: str) -> ArmThreshold:
    choice = choose_threshold(validation.scores, validation.positive, metric=metric)
    return ArmThreshold(choice.value, choice.score, rule)


def _by_rule(validation: ScoredRows, rule: ThresholdRule) -> ArmThreshold | None:
    """Return the rule's best threshold; None if no threshold meets the rule."""
    rows = len(validation.scores)
    threshold = float(chosen_thresholds(validation, [rule], np.ones((1, rows)))[0, 0])
    if np.isnan(threshold):
        return None
    called = validation.scores >= threshold
    true = np.array([(called & validation.positive).sum()])
    positives = float(validation.positive.sum())
    counts = Confusion.from_called(true, np.array([called.sum()]), positives=positives, rows=float(rows))
    reached = float(rule.value(counts)[0])
    return ArmThreshold(threshold, -1000 * reached / rows if rule.name == "cost" else reached, rule.name)
