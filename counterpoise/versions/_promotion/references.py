"""How far a version differs from versions that were promoted before, and with which standard error."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
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
    """A version with its metrics.

    Attributes:
        version: Its number.
        metrics: Its metrics record; None if it was not evaluated.
        luck: How much higher it is expected to have come out because a rule promoted it.
    """

    version: int
    metrics: Mapping[str, Any] | None
    luck: float = 0.0


@dataclass(frozen=True)
class Reference:
    """The difference of a version from the mean of some that were promoted before.

    Attributes:
        which: Whether these are the versions promoted last or first.
        versions: Their numbers.
        value: The mean of the metric.
        luck: Their mean luck.
        difference: The version's metric minus this mean without luck.
        error: The standard error of the difference.
        paired: Whether the error considers which test rows are the same.
    """

    which: str
    versions: tuple[int, ...]
    value: float
    luck: float
    difference: float
    error: float
    paired: bool


def earlier_versions(
    promotions: Sequence[Promotion], read: Callable[[int], Mapping[str, Any] | None]
) -> list[VersionMetrics]:
    """Return the versions that the next one is compared with: those promoted first and those promoted last.

    A promotion by hand starts anew: only versions promoted since then count, and the one promoted by hand.

    Args:
        promotions: All promotions, newest last.
        read: Returns a version's metrics record, or None.
    """
    start = max((place for place, one in enumerate(promotions) if one.rule == "by_hand"), default=0)
    luck = dict[int, float]()
    for one in promotions[start:]:
        luck.setdefault(one.version, (one.numbers and one.numbers.luck) or 0.0)
    versions = [*luck]
    if len(versions) > 2 * MOST_REFERENCES:
        versions = [*versions[:MOST_REFERENCES], *versions[-MOST_REFERENCES:]]
    return [VersionMetrics(number, read(number), luck[number]) for number in versions]


@dataclass(frozen=True)
class References:
    """The references of a decision.

    Attributes:
        each: The references: the version promoted last, then means.
        correlation: The correlation of the differences from them.
        agreement: The correlation of the version's noise with that of the one promoted last: near 1 on the same rows.
    """

    each: tuple[Reference, ...]
    correlation: Floats
    agreement: float

    @property
    def errors(self) -> Floats:
        """The standard errors of the differences."""
        return np.array([one.error for one in self.each])


def references(
    metric: str, candidate: VersionMetrics, promoted: Sequence[VersionMetrics], *, arm_of: ArmOf
) -> References:
    """Return the difference from the version promoted last, from the last ones and, if these are others, the first.

    The last one alone tells at once that quality fell after it rose; the mean of the last ones tells smaller falls;
    that of the first ones tells falls by many small steps.

    Args:
        metric: The metric.
        candidate: The version.
        promoted: Comparable versions that were promoted, oldest first, all with an interval of the metric.
        arm_of: Returns the arm that represents a version.
    """
    groups = [("last", promoted[-1:])]
    if len(promoted) > 1:
        groups.append(("last", promoted[-MOST_REFERENCES:]))
    if len(promoted) > MOST_REFERENCES:
        groups.append(("first", promoted[:MOST_REFERENCES]))
    every = [candidate, *promoted]
    records = [one.metrics or {} for one in every]
    arms = [arm_of(record) or {} for record in records]
    values, luck = np.array([arm["test"][metric] for arm in arms]), np.array([one.luck for one in promoted])
    keyed = [_keyed(record, arm, metric) for record, arm in zip(records, arms, strict=True)]
    noise = _noise(keyed, [_error(arm, metric) for arm in arms])
    weights = np.array([_weights(every, group) for _, group in groups])
    apart = weights @ noise
    found = tuple(
        Reference(
            which=which,
            versions=tuple(one.version for one in group),
            value=float(values[0] - own @ values),
            luck=float(-own[1:] @ luck),
            difference=float(own @ values - own[1:] @ luck),
            error=float(np.linalg.norm(noise_of)),
            paired=all(len(one) > 1 for one, weight in zip(keyed, own, strict=True) if weight),
        )
        for (which, group), own, noise_of in zip(groups, weights, apart, strict=True)
    )
    agreement = float(_correlation(noise[[0, -1]])[0, 1])
    return References(found, _correlation(apart), agreement)


def _weights(every: Sequence[VersionMetrics], group: Iterable[VersionMetrics]) -> list[float]:
    """Return the weights of all versions in the difference of the first one from the mean of a group."""
    members = {one.version for one in group}
    return [1.0, *(-(one.version in members) / len(members) for one in every[1:])]


def _noise(keyed: Sequence[Floats], errors: Sequence[float]) -> Floats:
    """Return a root of the covariance of the metrics of some versions.

    Those with keyed resamples share columns, so they are paired as far as their test rows are the same. Each other
    version has a column of its own.
    """
    alone = np.array([error * (len(one) < 2) for one, error in zip(keyed, errors, strict=True)])
    fewest = min((len(one) for one in keyed if len(one) > 1), default=2)
    shared = np.stack([one[:fewest] if len(one) > 1 else np.zeros(fewest) for one in keyed])
    return np.hstack([(shared - shared.mean(axis=1, keepdims=True)) / np.sqrt(fewest - 1), np.diag(alone)])


def _correlation(root: Floats) -> Floats:
    """Return the correlation that follows from a root of the covariance; none where there is no noise."""
    lengths = np.linalg.norm(root, axis=1, keepdims=True)
    unit = np.divide(root, lengths, out=np.zeros_like(root), where=lengths > 0)
    found: Floats = unit @ unit.T
    return found


def _keyed(metrics: Mapping[str, Any], arm: Mapping[str, Any], metric: str) -> Floats:
    """Return the metric on keyed resamples; empty if the version has none, or some are undefined."""
    values = ((metrics.get("keyed_resamples") or {}).get(arm["learner"]) or {}).get(metric, ())
    return np.array(() if None in values else values, dtype=np.float64)


def _error(arm: Mapping[str, Any], metric: str) -> float:
    interval = arm["intervals"][metric]
    return float(interval["high"] - interval["low"]) / (2 * _TWO_SIDED)
