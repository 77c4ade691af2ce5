"""Check that the promotions of a dataset are unchanged, form a chain, and follow from their numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from counterpoise.config import PromotionConfig
from counterpoise.errors import IntegrityError
from counterpoise.persist import (
    DatasetFolder,
    manifest_name,
    manifest_sha256,
    metrics_sha256,
    problem_of,
    promotion_name,
)
from counterpoise.results import Promotion, PromotionNumbers
from counterpoise.versions import (
    BY_HAND,
    Decision,
    VersionMetrics,
    decide_promotion,
    earlier_versions,
    promotion_sha256,
    read_metrics,
    read_promotion,
    why_settled,
)

_LAST_DIGITS = 1e-9
"""How much the numbers of a decision may depend on the machine that computes them."""

ReadMetrics = Callable[[int], Mapping[str, Any] | None]

_MOST_RECORDS = 64
"""The number of metrics records held in memory: more than one decision needs."""


def promotion_differences(folder: DatasetFolder) -> list[str]:
    """Return how the promotions of a dataset differ from those that were made, in sentences; empty if they do not.

    Checks the digest of each promotion, of the previous promotion, of the promoted manifest and of the metrics behind
    the decision, and the decision itself by its rule. It cannot detect that the newest promotions were removed.

    Args:
        folder: The dataset.
    """
    numbers = folder.promotion_numbers()
    missing = sorted({*range(1, max(numbers, default=0) + 1)} - {*numbers})
    differences = [f"{promotion_name(number)}: missing, although later ones exist" for number in missing[:20]]
    known: list[Promotion] = []
    read = lru_cache(_MOST_RECORDS)(lambda version: read_metrics(folder, version))
    for number in numbers:
        try:
            promotion = read_promotion(folder, number)
            found = list(_differences(folder, promotion, known, read))
        except IntegrityError as error:
            differences.append(problem_of(error))
            continue
        differences += [f"{promotion_name(number)}: {difference}" for difference in found]
        known.append(promotion)
    return differences


def _differences(
    folder: DatasetFolder, promotion: Promotion, known: Sequence[Promotion], read: ReadMetrics
) -> Iterator[str]:
    try:
        if promotion.manifest_sha256 != manifest_sha256(folder, promotion.version):
            yield f"promotes a manifest other than {manifest_name(promotion.version)}"
    except FileNotFoundError:
        yield f"promotes version {promotion.version}, which does not exist"
        return
    before = promotion.number - 1
    last = next((one for one in known if one.number == before), None)
    if (promotion.previous_sha256 is None) != (before == 0):
        yield f"names {'no' if before else 'a'} previous promotion"
    elif last is not None and promotion.previous_sha256 != promotion_sha256(folder, before):
        yield f"follows a {promotion_name(before)} that differs from the stored one"
    looked_at = () if promotion.numbers is None else promotion.numbers.looked_at(promotion.version)
    if promotion.metrics_sha256.keys() != {str(version) for version in looked_at}:
        yield "names metrics of versions other than those it was decided on"
    for version, digest in promotion.metrics_sha256.items():
        if metrics_sha256(folder, int(version)) != digest:
            yield f"decided on different metrics of version {version}"
    if last is not None or before == 0:
        yield from _undecided(promotion, [one for one in known if one.number < promotion.number], read)


def _undecided(promotion: Promotion, known: Sequence[Promotion], read: ReadMetrics) -> Iterator[str]:
    """Check that a promotion is the decision of its rule."""
    if promotion.rule == "by_hand":
        if promotion.reason != BY_HAND or promotion.numbers is not None:
            yield "claims more than a promotion by hand"
        return
    if reason := why_settled(promotion.version, known):
        yield f"made by a rule, though {reason}"
    numbers = promotion.numbers
    if numbers is not None and numbers.compared_with and numbers.margin is None:
        yield from _undecided_by_bounds(promotion, numbers, known, read)
        return
    candidate = VersionMetrics(promotion.version, read(promotion.version))
    decisions = [
        decide_promotion(settings, candidate, earlier_versions(known, read)) for settings in _settings(promotion)
    ]
    plain = numbers if numbers is None or numbers.compared_with else numbers.model_copy(update={"tolerance": 0.0})
    stated = Decision(promoted=True, reason=promotion.reason, numbers=plain)
    if not any(_agree(stated, decision) for decision in decisions):
        yield f"not the decision of its rule: {'; '.join(sorted({decision.reason for decision in decisions}))}"


def _agree(stated: Decision, decision: Decision) -> bool:
    """Return whether two decisions are the same, but for the last digits, which depend on the machine."""
    if stated.numbers is None or decision.numbers is None:
        return stated == decision
    if (stated.promoted, stated.reason) != (decision.promoted, decision.reason):
        return False
    ours, theirs = stated.numbers.model_dump(), decision.numbers.model_dump()
    return all(_equal(ours[name], theirs[name]) for name in ours)


def _equal(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=_LAST_DIGITS, abs_tol=_LAST_DIGITS)
    return bool(one == other)


def _undecided_by_bounds(
    promotion: Promotion, numbers: PromotionNumbers, known: Sequence[Promotion], read: ReadMetrics
) -> Iterator[str]:
    """Check a promotion from before there was a margin: a lower bound not below that of the one promoted before."""
    lows = [_low(read(version), numbers) for version in (promotion.version, numbers.compared_with)]
    right = known and numbers.compared_with == known[-1].version and numbers.low >= numbers.bar - numbers.tolerance
    if not right or lows[0] != numbers.low or numbers.bar != lows[1]:
        yield "not the decision of its rule: the lower bounds are others"


def _low(metrics: Mapping[str, Any] | None, numbers: PromotionNumbers) -> float | None:
    """Return the lower bound of the metric of the resampled arm of a learner."""
    for arm in (metrics or {}).get("arms", ()):
        if arm["strategy"] == (metrics or {})["strategy"] and arm["learner"] == numbers.learner:
            found: dict[str, float] = arm["intervals"].get(numbers.metric, {})
            return found.get("low")
    return None


def _settings(promotion: Promotion) -> list[PromotionConfig]:
    """Return the settings that may have led to the decision: with an explicit learner, or with the verdict's."""
    numbers: PromotionNumbers | None = promotion.numbers
    if promotion.rule == "by_hand":
        return []
    if numbers is None:
        return [PromotionConfig(rule=promotion.rule)]
    plain = {"rule": promotion.rule, "metric": numbers.metric, "margin": numbers.margin or 0.0}
    return [PromotionConfig.model_validate({**plain, "learner": learner}) for learner in ("", numbers.learner)]
