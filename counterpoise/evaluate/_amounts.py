"""Costs that differ by row: missing a positive costs its amount, and a false alarm the same for every row."""

from __future__ import annotations

from typing import Any

import numpy as np

from counterpoise.config import EvaluationConfig
from counterpoise.errors import EvaluationError
from counterpoise.evaluate._inference.mean_intervals import mean_interval
from counterpoise.evaluate._operating_points import (
    CANDIDATES,
    ScoredRows,
    ThresholdRule,
    candidate_thresholds,
    evaluated_thresholds,
    point_of,
    resampled,
    running_sums,
    thinned,
)
from counterpoise.evaluate._tables import LabelCodes
from counterpoise.typing import Copies, Floats, Mask

RULE = "amount"


def amount_words(config: EvaluationConfig) -> str:
    """Return the description of the rule."""
    return f"least cost, {config.cost_false_positive:g} per false alarm and {config.cost_column} per miss"


def row_costs(codes: LabelCodes, part: str, positive: Mask) -> Floats | None:
    """Return the cost of missing each row of validation or test; None if costs are the same for all rows.

    Raises:
        EvaluationError: As for `check_costs`.
    """
    found = codes.amounts.get(part)
    if found is None:
        return None
    check_costs(found[positive], where=part)
    return np.where(positive, found, 0.0)


def check_costs(costs: Floats, *, where: str) -> None:
    """Check the costs of missing positives.

    Args:
        costs: One per positive.
        where: Which rows they are, for the message.

    Raises:
        EvaluationError: A positive has no cost, or one that is not a number from 0 on, or none costs anything.
    """
    unknown = ~np.isfinite(costs)
    below = np.where(unknown, 0.0, costs) < 0
    if unknown.any() or below.any():
        raise EvaluationError(
            "cost_column",
            expected="a cost from 0 on for every positive, in the column evaluation.cost_column",
            found=f"{len(costs):,} positives of {where}, {int(unknown.sum()):,} of them without a cost and "
            f"{int(below.sum()):,} with one below 0",
            remedy="name another column in evaluation.cost_column, correct these rows in the source, or reject them by "
            "an expectation of a suite (validation.suite)",
            values={"positives": len(costs), "missing": int(unknown.sum()), "negative": int(below.sum())},
        )
    if len(costs) and not costs.any():
        raise EvaluationError(
            "cost_column",
            expected="some positives that cost something if they are missed, in the column evaluation.cost_column",
            found=f"a cost of 0 for all {len(costs):,} positives of {where}",
            remedy="name another column in evaluation.cost_column, or leave it empty",
        )


def cheapest_threshold(
    rows: ScoredRows, weights: Floats | Copies, *, false_alarm: float, candidates: int | None = None
) -> tuple[Floats, Floats]:
    """Return the threshold of least total cost under each row of weights, the highest of several, and that cost.

    Args:
        rows: The rows to choose on, with the cost of missing each.
        weights: How often each row counts, shape (resamples, rows).
        false_alarm: The cost of a false alarm.
        candidates: About how many scores to try; all by default.
    """
    assert rows.missed is not None  # noqa: S101  # the caller asks only with costs
    order = np.argsort(-rows.scores, kind="stable")
    ranked = rows.scores[order]
    ends = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True))
    ends = ends if candidates is None else thinned(ends, candidates)
    drawn = np.asarray(weights, dtype=np.float64)[:, order]
    alarms = running_sums(drawn * ~rows.positive[order], ends)
    caught = running_sums(drawn * (rows.positive * rows.missed)[order], ends)
    spent = false_alarm * alarms + (caught[:, -1:] - caught)
    best = np.argmin(spent, axis=1)
    return candidate_thresholds(ranked[ends])[best], spent[np.arange(len(best)), best]


def amount_point(
    validation: ScoredRows, test: ScoredRows, *, config: EvaluationConfig, rng: np.random.Generator
) -> dict[str, Any]:
    """Return the operating point of least total cost: threshold with interval, outcome on test, and the money.

    Args:
        validation: The rows that the threshold is chosen on, with the cost of missing each.
        test: The rows that it is evaluated on, with the cost of missing each.
        config: The cost of a false alarm, and the number of resamples.
        rng: The random generator of the resamples.
    """
    false_alarm = config.cost_false_positive
    (chosen,), _ = cheapest_threshold(validation, np.ones((1, len(validation.scores))), false_alarm=false_alarm)
    spread = [
        cheapest_threshold(validation, weights, false_alarm=false_alarm, candidates=CANDIDATES)[0]
        for weights in resampled(validation, config, rng)
    ]
    rule = ThresholdRule(RULE, amount_words(config), lambda counts: counts.recall)
    point = point_of(rule, float(chosen), np.concatenate([np.zeros(0), *spread]))
    (outcome,) = evaluated_thresholds(test, np.array([chosen]), config, rng)
    return {**point, **outcome, "money": money(test, test.scores >= chosen, config)}


def money(test: ScoredRows, called: Mask, config: EvaluationConfig) -> dict[str, Any]:
    """Return what errors cost per thousand rows, and what is saved against calling no row and every row.

    Args:
        test: The rows, with the cost of missing each.
        called: Which of them are called positive.
        config: The cost of a false alarm.
    """
    assert test.missed is not None  # noqa: S101  # the caller asks only with costs
    missed, alarm = 1000 * test.missed * test.positive, 1000 * config.cost_false_positive * ~test.positive
    spent = {"cost": np.where(called, alarm, missed), "never": missed, "always": alarm}
    total = float(missed.sum())
    record: dict[str, Any] = {"column": config.cost_column, "largest": float(missed.max()) / total if total else None}
    for name, costs in spent.items():
        found = mean_interval(costs, test.groups)
        record[name] = float(costs.mean())
        record[f"{name}_low"] = max(0.0, found.low) if found else None
        record[f"{name}_high"] = found.high if found else None
    for name in ("never", "always"):
        saved = spent[name] - spent["cost"]
        found = mean_interval(saved, test.groups)
        record[f"saved_to_{name}"] = {
            "difference": float(saved.mean()),
            "low": found.low if found else None,
            "high": found.high if found else None,
        }
    return record
