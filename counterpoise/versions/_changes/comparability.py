"""Decide whether two evaluations are comparable, and find the prevalence of each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from counterpoise.results import Prevalence

_SAME_QUESTION = {
    "schema": "its metrics have another format",
    "task": "it had another number of classes",
    "positive_class": "it had another positive class",
}
_MOST_APART = 0.1


def why_incomparable(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """Return why two metrics records cannot be compared; empty if they can.

    >>> question = {"schema": 1, "task": "binary", "positive_class": "yes", "classes": ["no", "yes"]}
    >>> why_incomparable(question, {**question, "positive_class": "no"})
    'it had another positive class'
    """
    for field, reason in _SAME_QUESTION.items():
        if before.get(field) != after.get(field):
            return reason
    return "" if set(before["classes"]) == set(after["classes"]) else "it had other classes"


def compare_prevalence(before: Mapping[str, Any], after: Mapping[str, Any]) -> Prevalence:
    """Return the share in test of the positive class or, with more classes, of the one that changed most.

    Args:
        before: The metrics record of the earlier version.
        after: The metrics record of the later one, with the same classes.
    """
    then, now = _shares(before), _shares(after)
    positive = after["positive_class"]
    names = [positive] if positive is not None else sorted({*then, *now})
    name = max(names, key=lambda one: _moved(then.get(one, 0.0), now.get(one, 0.0)))
    shares = then.get(name, 0.0), now.get(name, 0.0)
    return Prevalence(name=name, before=shares[0], after=shares[1], alike=_moved(*shares) <= _MOST_APART + 1e-9)


def _shares(metrics: Mapping[str, Any]) -> dict[str, float]:
    test = metrics["rows"]["test"]
    return {name: rows / test["rows"] for name, rows in test["classes"].items()}


def _moved(before: float, after: float) -> float:
    """Return the relative change of a share."""
    if before == after:
        return 0.0
    return abs(after - before) / before if before else float("inf")
