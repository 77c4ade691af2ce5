"""Precision among the alerts of each day: the rows, or the groups, with the highest scores.

The definitions are those of the Fraud Detection Handbook (`precision_top_k`, `card_precision_top_k`), with ties counted
fairly.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from counterpoise.evaluate._arms import Predictions
from counterpoise.evaluate._day_codes import DayCodes
from counterpoise.evaluate._inference.bootstrap import CONFIDENCE
from counterpoise.evaluate._task import EvaluationTask
from counterpoise.runtime import child_generator
from counterpoise.typing import Floats, Ints, Mask


def alerts_a_day(
    task: EvaluationTask, predictions: Sequence[Predictions], days: DayCodes | None, *, seed: int
) -> dict[str, Any] | None:
    """Return the precision of every arm among the alerts of each day; None without days or a class of interest.

    Args:
        task: The evaluation task; its configuration says how many alerts a day are reviewed.
        predictions: The predictions of the arms.
        days: The days of the test rows.
        seed: The run's seed; all arms break ties between groups alike.
    """
    if days is None or task.positive is None or not len(days.codes):
        return None
    alerts, positive = task.config.alerts_a_day, task.codes.test == task.positive
    groups, ties = task.codes.groups.get("test"), None
    if groups is not None:
        ties = child_generator(seed, "evaluate", "alerts a day").permutation(int(groups.max()) + 1)
    arms = []
    for arm in predictions:
        scores = arm.test[:, task.positive]
        of_groups = None if groups is None else groups_found(scores, positive, days, groups, ties=ties, alerts=alerts)
        arms.append(
            {
                "learner": arm.learner,
                "strategy": arm.strategy,
                "rows": mean_over_days(rows_found(scores, positive, days, alerts=alerts)),
                "groups": None if of_groups is None else mean_over_days(of_groups),
            }
        )
    return {
        "alerts": alerts,
        "days": [_day(name, positive, groups, rows) for name, rows in zip(days.names, days.rows, strict=True)],
        "arms": arms,
        "differences": day_differences(arms, strategy=task.strategy),
    }


def rows_found(scores: Floats, positive: Mask, days: DayCodes, *, alerts: int) -> list[float]:
    """Return each day's positives among its rows with the highest scores, by the number of alerts.

    Rows with equal scores are taken in proportion, which is the mean over all orders.
    """
    return [_taken(scores[rows], positive[rows], alerts) / alerts for rows in days.rows]


def groups_found(
    scores: Floats, positive: Mask, days: DayCodes, groups: npt.NDArray[np.int32], *, ties: Ints | None, alerts: int
) -> list[float]:
    """Return each day's positive groups among its groups with the highest scores, by the number of alerts.

    A group's score is its highest of the day, and it is positive if one of its rows of the day is. Positive groups that
    were found leave the days after.

    Args:
        scores: One score per row.
        positive: Which rows are positive.
        days: The days of the rows.
        groups: The group of each row.
        ties: One number per group; of equal scores, the lower number comes first. None for the order of groups.
        alerts: How many groups are reviewed a day.
    """
    number = int(groups.max(initial=-1)) + 1
    order = np.arange(number) if ties is None else ties
    found, shares = np.zeros(number, np.bool_), []
    for rows in days.rows:
        left = rows[~found[groups[rows]]]
        best, hit = np.full(number, -np.inf), np.zeros(number, np.bool_)
        np.maximum.at(best, groups[left], scores[left])
        hit[groups[left][positive[left]]] = True
        here = np.unique(groups[left])
        top = here[np.lexsort((order[here], -best[here]))][:alerts]
        found[top[hit[top]]] = True
        shares.append(int(hit[top].sum()) / alerts)
    return shares


def mean_over_days(values: Sequence[float]) -> dict[str, Any]:
    """Return the mean of one value per day, with Student's 95 % interval over days within 0 and 1."""
    low, high = _interval(values)
    return {
        "mean": float(np.mean(values)),
        "low": None if low is None else max(low, 0.0),
        "high": None if high is None else min(high, 1.0),
        "by_day": [float(value) for value in values],
    }


def day_differences(arms: Sequence[dict[str, Any]], *, strategy: str) -> list[dict[str, Any]]:
    """Return the difference of each learner with the strategy from the same without, paired by day.

    Args:
        arms: The arms, as in the record.
        strategy: The strategy; none gives no differences.
    """
    by_name = {(arm["learner"], arm["strategy"]): arm for arm in arms}
    found = []
    for (learner, own), arm in by_name.items():
        if own == strategy != "none":
            reference = by_name[learner, "none"]
            paired = {name: _difference(arm[name], reference[name]) for name in ("rows", "groups")}
            found.append({"learner": learner, "strategy": strategy, **paired})
    return found


def _difference(arm: dict[str, Any] | None, reference: dict[str, Any] | None) -> dict[str, Any] | None:
    if arm is None or reference is None:
        return None
    values = np.subtract(arm["by_day"], reference["by_day"])
    low, high = _interval(values)
    return {"difference": float(values.mean()), "low": low, "high": high}


def _interval(values: Sequence[float] | Floats) -> tuple[float | None, float | None]:
    """Return Student's interval of a mean; None with fewer than two days, or if all days agree."""
    from scipy import stats

    spread = float(np.std(values, ddof=1)) if len(values) > 1 else 0.0
    if not spread:
        return None, None
    half = float(stats.t.ppf((1 + CONFIDENCE) / 2, len(values) - 1)) * spread / np.sqrt(len(values))
    return float(np.mean(values) - half), float(np.mean(values) + half)


def _taken(scores: Floats, positive: Mask, alerts: int) -> float:
    """Return the number of positives among the highest scores, those with the last score in proportion."""
    if len(scores) <= alerts:
        return float(positive.sum())
    last = np.partition(scores, len(scores) - alerts)[len(scores) - alerts]
    above, level = scores > last, scores == last
    share = (alerts - int(above.sum())) / int(level.sum())
    return float(positive[above].sum() + share * positive[level].sum())


def _day(name: str, positive: Mask, groups: npt.NDArray[np.int32] | None, rows: Ints) -> dict[str, Any]:
    hits = rows[positive[rows]]
    of_groups = None if groups is None else len(np.unique(groups[hits]))
    return {"day": name, "rows": len(rows), "positives": len(hits), "positive_groups": of_groups}
