"""Operating points: how a learner performs at thresholds that meet common requirements.

A rule chooses each threshold on validation, with an interval for its value on other validation rows of the same kind;
it is evaluated once on test, with intervals.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from counterpoise.config import EvaluationConfig
from counterpoise.evaluate._inference.bootstrap import Interval, affordable_resamples, interval_of, iter_weights
from counterpoise.evaluate._inference.intervals import share_interval, units
from counterpoise.evaluate._metrics.decisions import four_counts
from counterpoise.metrics import Confusion, decision_metrics, f_beta
from counterpoise.results import range_of
from counterpoise.typing import Copies, Floats, Ints, Mask

CANDIDATES = 2_000


@dataclass(frozen=True)
class ThresholdRule:
    """A requirement for a threshold.

    Attributes:
        name: A stable name.
        wanted: The requirement in words.
        value: The value to maximise, by confusion matrix; minus infinity where a condition is not met.
    """

    name: str
    wanted: str
    value: Callable[[Confusion], Floats]


@dataclass(frozen=True)
class ScoredRows:
    """Rows with their probability of the positive class, their label, and their group if they have one.

    `missed` is the cost of missing each row, such as its amount, if it differs by row; it counts for positives.
    """

    scores: Floats
    positive: Mask
    groups: npt.NDArray[np.int32] | None = None
    missed: Floats | None = None


def threshold_rules(config: EvaluationConfig) -> tuple[ThresholdRule, ...]:
    """Return the rules of the configuration: F-beta, cost, and three conditions."""
    beta, false_alarm, missed = config.beta, config.cost_false_positive, config.cost_false_negative
    precision, recall, alerts = config.min_precision, config.min_recall, config.max_alerts
    return (
        ThresholdRule("f_beta", f"largest F{beta:g}", lambda counts: f_beta(counts, beta)),
        ThresholdRule(
            "cost",
            f"least cost, {false_alarm:g} per false alarm and {missed:g} per miss",
            lambda counts: -(false_alarm * counts.false_positives + missed * counts.false_negatives),
        ),
        ThresholdRule(
            "precision",
            f"precision of {precision:g} at least, with the largest recall",
            lambda counts: _where(counts.precision >= precision, counts.recall),
        ),
        ThresholdRule(
            "recall",
            f"recall of {recall:g} at least, with the largest precision",
            lambda counts: _where(counts.recall >= recall, counts.precision),
        ),
        ThresholdRule(
            "alerts",
            f"{alerts:g} alerts in a thousand at most, with the largest recall",
            lambda counts: _where(_alerts(counts) <= alerts + 1e-9, counts.recall),
        ),
    )


@dataclass(frozen=True)
class FixedThreshold:
    """A threshold that is not chosen on validation: its name, its description and its value."""

    name: str
    wanted: str
    value: float


def fixed_thresholds(config: EvaluationConfig) -> tuple[FixedThreshold, ...]:
    """Return the fixed threshold of the configuration, if it sets one."""
    value = config.fixed_threshold
    return (FixedThreshold("fixed", f"a fixed threshold of {value:g}", value),) if config.threshold == "fixed" else ()


def operating_points(
    validation: ScoredRows, test: ScoredRows, *, config: EvaluationConfig, rng: np.random.Generator,
    fixed: Sequence[FixedThreshold] = (),
) -> list[dict[str, Any]]:  # fmt: skip
    """Return one record per rule, then one per fixed threshold.

    A record has rule, wanted, threshold with its interval, and the outcome on test with intervals. The threshold is
    null if no threshold meets the condition on validation. `reached` is the share of resamples of validation in which
    some threshold does, null without resamples; the threshold's interval comes from these. The outcome has precision,
    recall, f1, alerts (per thousand rows), cost (per thousand rows) and the four counts.

    Args:
        validation: The rows that thresholds are chosen on.
        test: The rows that thresholds are evaluated on.
        config: The rules' parameters, and the number of resamples.
        rng: The random generator of the resamples.
        fixed: Thresholds that are evaluated beside those that the rules choose.
    """
    rules = threshold_rules(config)
    chosen = chosen_thresholds(validation, rules, np.ones((1, len(validation.scores))))[:, 0]
    chosen = np.append(chosen, [one.value for one in fixed])
    spread = [
        chosen_thresholds(validation, rules, weights, candidates=CANDIDATES)
        for weights in resampled(validation, config, rng)
    ]
    found = np.concatenate([np.zeros((len(rules), 0)), *spread], axis=1)
    evaluated = evaluated_thresholds(test, chosen, config, rng)
    points = [point_of(rule, float(threshold), own) for rule, threshold, own in zip(rules, chosen, found, strict=False)]
    points += [_fixed(one) for one in fixed]
    return [point | outcome for point, outcome in zip(points, evaluated, strict=True)]


def cost_by_formula(test: ScoredRows, *, config: EvaluationConfig, rng: np.random.Generator) -> dict[str, Any] | None:
    """Return the optimal threshold of calibrated probabilities under fixed costs, and its outcome on test.

    Calling a row pays off from a probability of C_FP / (C_FP + C_FN) on (Elkan, 2001); there is no search. None if both
    costs are zero.

    Args:
        test: Test rows with probabilities at natural prevalence, calibrated where possible.
        config: The costs, and the number of resamples.
        rng: The random generator of the resamples.
    """
    false_alarm, missed = config.cost_false_positive, config.cost_false_negative
    if not false_alarm + missed:
        return None
    threshold = false_alarm / (false_alarm + missed)
    (outcome,) = evaluated_thresholds(test, np.array([threshold]), config, rng)
    return {"threshold": threshold, **outcome}


def chosen_thresholds(
    rows: ScoredRows, rules: Sequence[ThresholdRule], weights: Floats | Copies, *, candidates: int = sys.maxsize
) -> Floats:
    """Return each rule's best threshold under each row of weights, the highest of several; NaN if none meets the rule.

    Candidates are halfway between each score and the next lower one, and above all scores, where no row is called.

    Args:
        rows: The rows to choose on.
        rules: The requirements.
        weights: How often each row counts, shape (resamples, rows).
        candidates: About how many scores to try; the selection is denser among the highest.

    Returns:
        Shape (rules, resamples).
    """
    order = np.argsort(-rows.scores, kind="stable")
    ranked = rows.scores[order]
    ends = thinned(np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True)), candidates)
    drawn = np.asarray(weights, dtype=np.float64)[:, order]
    called = running_sums(drawn, ends)
    true = running_sums(drawn * rows.positive[order], ends)
    counts = Confusion.from_called(true, called, positives=true[:, -1:], rows=called[:, -1:])
    thresholds = candidate_thresholds(ranked[ends])
    return np.stack([_best(rule.value(counts), thresholds) for rule in rules])


def _best(values: Floats, thresholds: Floats) -> Floats:
    best = np.argmax(values, axis=1)
    reached = np.isfinite(values[np.arange(len(best)), best])
    return np.where(reached, thresholds[best], np.nan)


def thinned(ends: Ints, most: int) -> Ints:
    """Return at most about `most` of the positions, including the first and the last."""
    if len(ends) <= most:
        return ends
    near_the_top = np.geomspace(1, len(ends), most // 2).astype(np.int64) - 1
    everywhere = np.linspace(0, len(ends) - 1, most // 2).astype(np.int64)
    return np.asarray(ends[np.unique(np.concatenate([near_the_top, everywhere]))])


def running_sums(drawn: Floats, ends: Ints) -> Floats:
    """Return running sums up to each end, after a zero for no rows."""
    starts = np.concatenate([[0], ends[:-1] + 1])
    sums = np.cumsum(np.add.reduceat(drawn, starts, axis=1), axis=1)
    return np.concatenate([np.zeros((len(drawn), 1)), sums], axis=1)


def candidate_thresholds(distinct: Floats) -> Floats:
    """Return a threshold above all scores, then one for each distinct score; the scores are descending."""
    lower = np.append(distinct[1:], 0.0)
    middle = (distinct + lower) / 2
    halfway = np.where((lower < middle) & (middle <= distinct), middle, distinct)
    return np.concatenate([np.nextafter(np.maximum(distinct[:1], 1.0), np.inf), halfway])


def resampled(rows: ScoredRows, config: EvaluationConfig, rng: np.random.Generator) -> Iterator[Copies]:
    """Yield the weights of resamples of scored rows."""
    resamples = affordable_resamples(len(rows.scores), config.bootstrap)
    return iter_weights(rows.positive.astype(np.int32), resamples=resamples, rng=rng, groups=rows.groups)


def point_of(rule: ThresholdRule, threshold: float, spread: Floats) -> dict[str, Any]:
    """Return the record of a chosen threshold with its interval, from its choices on resamples of validation."""
    found = spread[np.isfinite(spread)]
    low, high = np.quantile(found, [0.025, 0.975]) if len(found) else (np.nan, np.nan)
    return {
        "rule": rule.name,
        "wanted": rule.wanted,
        "threshold": threshold,
        "threshold_low": float(low),
        "threshold_high": float(high),
        "reached": len(found) / len(spread) if len(spread) else None,
    }


def _fixed(one: FixedThreshold) -> dict[str, Any]:
    """Return the operating point of a threshold that nothing chooses, so that it has no interval."""
    unknown = {"threshold_low": None, "threshold_high": None, "reached": None}
    return {"rule": one.name, "wanted": one.wanted, "threshold": one.value, **unknown}


def evaluated_thresholds(
    test: ScoredRows, thresholds: Floats, config: EvaluationConfig, rng: np.random.Generator
) -> list[dict[str, Any]]:
    """Return the outcome of each threshold on test, all on the same resamples."""
    called = test.scores[:, None] >= thresholds
    columns = np.column_stack([called & test.positive[:, None], called, test.positive]).astype(np.float64)
    sums = [np.ones((1, len(columns))) @ columns]
    sums += [weights @ columns for weights in resampled(test, config, rng)]
    drawn = np.concatenate(sums)
    number = len(thresholds)
    return [
        _outcome(drawn[:, [index, number + index, 2 * number]], called[:, index], test, config)
        if np.isfinite(thresholds[index])
        else {"test": None, "intervals": {}, "confusion": None}
        for index in range(number)
    ]


def _outcome(drawn: Floats, called: Mask, test: ScoredRows, config: EvaluationConfig) -> dict[str, Any]:
    """Return one threshold's outcome: the first row of `drawn` is test itself, the others are resamples.

    Precision and recall are shares of independent rows or groups, and have Wilson's interval: a resample without called
    rows has no precision, and if every call is right, resamples carry no information about other rows. For the same
    reason the other metrics have no interval if all resamples agree.
    """
    values = _outcomes(drawn, len(called), config)
    intervals: dict[str, Interval | None] = {
        name: interval_of(found[1:], float(found[0]), within=range_of(name)) for name, found in values.items()
    }
    for name, of in (("precision", called), ("recall", test.positive)):
        intervals[name] = share_interval(float(values[name][0]), units(of, test.groups))
    return {
        "test": {name: float(found[0]) for name, found in values.items()},
        "intervals": {
            name: {"low": one.low, "high": one.high} for name, one in intervals.items() if one and one.low < one.high
        },
        "confusion": four_counts(called, test.positive),
    }


def _outcomes(sums: Floats, rows: int, config: EvaluationConfig) -> dict[str, Floats]:
    true, called, positives = sums.T
    counts = Confusion.from_called(true, called, positives=positives, rows=float(rows))
    metrics = decision_metrics(counts)
    cost = config.cost_false_positive * counts.false_positives + config.cost_false_negative * counts.false_negatives
    return {
        **{name: metrics[name] for name in ("precision", "recall", "f1")},
        "alerts": _alerts(counts),
        "cost": 1000 * cost / rows,
    }


def _alerts(counts: Confusion) -> Floats:
    """Return the number of rows called positive per thousand."""
    called = counts.true_positives + counts.false_positives
    return np.asarray(1000 * called / (called + counts.false_negatives + counts.true_negatives))


def _where(met: Mask, value: Floats) -> Floats:
    return np.where(met, value, -np.inf)
