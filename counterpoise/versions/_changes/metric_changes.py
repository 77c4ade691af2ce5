"""Compare the metrics of two versions, with unpaired intervals because the test partitions differ."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from counterpoise.metrics import names
from counterpoise.results import ArmChange, Estimate, MetricChange, MetricChanges
from counterpoise.versions._changes.comparability import compare_prevalence, why_incomparable

INTERVAL = (
    "unpaired, from difference − √(a² + b²) to difference + √(c² + d²), where the later interval reaches a below and c "
    "above its value, and the earlier one d below and b above"
)
"""Zou and Donner (2008), Construction of confidence limits about effect measures, for independent estimates."""

_DUMMY = "dummy"


def compare_metrics(before: Mapping[str, Any], after: Mapping[str, Any], *, same_test: bool) -> MetricChanges:
    """Return the changes for each learner and strategy that both evaluations contain.

    Args:
        before: The metrics record of the earlier version.
        after: The metrics record of the later one.
        same_test: Whether both test partitions have the same rows.
    """
    incomparable = why_incomparable(before, after)
    return MetricChanges(
        incomparable=incomparable,
        same_test=same_test,
        prevalence=None if incomparable else compare_prevalence(before, after),
        interval=INTERVAL,
        arms=() if incomparable else _compare_arms(before["arms"], after["arms"]),
    )


def compare_estimates(metric: str, before: Estimate, after: Estimate) -> MetricChange:
    """Return the difference of two independent estimates, with an interval derived from theirs.

    >>> then, now = Estimate(value=0.5, low=0.46, high=0.54), Estimate(value=0.6, low=0.57, high=0.63)
    >>> change = compare_estimates("f1", then, now)
    >>> round(change.difference, 3), round(change.low, 3), round(change.high, 3)
    (0.1, 0.05, 0.15)
    """
    bounds: dict[str, float | None] = {"difference": None, "low": None, "high": None}
    if before.value is not None and after.value is not None:
        difference = after.value - before.value
        bounds["difference"] = difference
        if before.low is not None and before.high is not None and after.low is not None and after.high is not None:
            bounds["low"] = difference - math.hypot(after.value - after.low, before.high - before.value)
            bounds["high"] = difference + math.hypot(after.high - after.value, before.value - before.low)
    return MetricChange(metric=metric, before=before, after=after, **bounds)


def _compare_arms(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> tuple[ArmChange, ...]:
    then = {(arm["learner"], arm["strategy"]): arm for arm in before}
    pairs = [(then.get((arm["learner"], arm["strategy"])), arm) for arm in after if arm["learner"] != _DUMMY]
    return tuple(
        ArmChange(
            learner=arm["learner"],
            strategy=arm["strategy"],
            metrics=tuple(
                compare_estimates(metric, _estimate(known, metric), _estimate(arm, metric))
                for metric in names("summary")
            ),
        )
        for known, arm in pairs
        if known is not None
    )


def _estimate(arm: Mapping[str, Any], metric: str) -> Estimate:
    interval = arm["intervals"].get(metric) or {}
    return Estimate(value=arm["test"].get(metric), low=interval.get("low"), high=interval.get("high"))
