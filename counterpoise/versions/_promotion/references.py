"""How far a version differs from versions that were promoted before, and with which standard error."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from counterpoise.results import Promotion
from counterpoise.typing import Floats

MOST_REFERENCES = 20
"""The number of promoted versions whose mean is one reference."""

_TWO_SIDED = 1.959963984540054

ArmOf = Callable[[Mapping[str, Any]], Mapping[str, Any] | None]


@dataclass(frozen=True)
class VersionMetrics:
    """A version and its metrics record, which is None if it was not evaluated."""

    version: int
    metrics: Mapping[str, Any] | None


@dataclass(frozen=True)
class Reference:
    """The difference of a version from the mean of some that were promoted before.

    Attributes:
        which: Whether these are the versions promoted last or first.
        versions: Their numbers.
        value: The mean of the metric.
        difference: The version's metric minus this mean.
        error: The standard error of the difference.
        paired: Whether the error considers which test rows are the same.
    """

    which: str
    versions: tuple[int, ...]
    value: float
    difference: float
    error: float
    paired: bool


def reference_versions(promotions: Sequence[Promotion]) -> list[int]:
    """Return the versions that the next one is compared with: those promoted first and those promoted last.

    A promotion by hand starts anew: only versions promoted since then count, and the one promoted by hand.

    Args:
        promotions: All promotions, newest last.
    """
    start = max((place for place, one in enumerate(promotions) if one.rule == "by_hand"), default=0)
    versions = list(dict.fromkeys(one.version for one in promotions[start:]))
    if len(versions) <= 2 * MOST_REFERENCES:
        return versions
    return [*versions[:MOST_REFERENCES], *versions[-MOST_REFERENCES:]]


def references(
    metric: str, metrics: Mapping[str, Any], promoted: Sequence[VersionMetrics], *, arm_of: ArmOf
) -> list[Reference]:
    """Return the difference from the version promoted last, from the last ones and, if these are others, the first.

    The last one alone tells at once that quality fell after it rose; the mean of the last ones tells smaller falls;
    that of the first ones tells falls by many small steps.

    Args:
        metric: The metric.
        metrics: The metrics record of the version.
        promoted: Comparable versions that were promoted, oldest first, all with an interval of the metric.
        arm_of: Returns the arm that represents a version.
    """
    groups = [("last", promoted[-1:])]
    if len(promoted) > 1:
        groups.append(("last", promoted[-MOST_REFERENCES:]))
    if len(promoted) > MOST_REFERENCES:
        groups.append(("first", promoted[:MOST_REFERENCES]))
    return [_reference(which, metric, metrics, group, arm_of) for which, group in groups]


def _reference(
    which: str, metric: str, metrics: Mapping[str, Any], group: Sequence[VersionMetrics], arm_of: ArmOf
) -> Reference:
    records = [metrics, *(one.metrics or {} for one in group)]
    weights = np.concatenate([[1.0], np.full(len(group), -1 / len(group))])
    arms = [arm_of(record) or {} for record in records]
    values = np.array([arm["test"][metric] for arm in arms])
    keyed = [_keyed(record, arm, metric) for record, arm in zip(records, arms, strict=True)]
    fewest = min(len(one) for one in keyed)
    if fewest >= 2:
        error = float((weights @ np.stack([one[:fewest] for one in keyed])).std(ddof=1))
    else:
        error = float(np.sqrt((weights**2) @ np.array([_error(arm, metric) ** 2 for arm in arms])))
    return Reference(
        which=which,
        versions=tuple(one.version for one in group),
        value=float(values[1:].mean()),
        difference=float(weights @ values),
        error=error,
        paired=fewest >= 2,
    )


def _keyed(metrics: Mapping[str, Any], arm: Mapping[str, Any], metric: str) -> Floats:
    """Return the metric on keyed resamples; empty if the version has none, or some are undefined."""
    values = ((metrics.get("keyed_resamples") or {}).get(arm["learner"]) or {}).get(metric, ())
    return np.array(() if None in values else values, dtype=np.float64)


def _error(arm: Mapping[str, Any], metric: str) -> float:
    interval = arm["intervals"][metric]
    return float(interval["high"] - interval["low"]) / (2 * _TWO_SIDED)
