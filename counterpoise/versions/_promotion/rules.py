"""Promotion rules as pure functions of metrics records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from counterpoise.config import PromotionConfig
from counterpoise.metrics import METRICS, ClassShares
from counterpoise.results import PromotionNumbers
from counterpoise.versions._changes.comparability import compare_prevalence, why_incomparable
from counterpoise.versions._promotion.noise import false_refusals, limits
from counterpoise.versions._promotion.references import Reference, VersionMetrics, references

_SHOWN = 0.00005


@dataclass(frozen=True)
class Decision:
    """Whether to promote a version, the reason in a sentence, and the numbers considered."""

    promoted: bool
    reason: str
    numbers: PromotionNumbers | None = None


def decide_promotion(
    settings: PromotionConfig, candidate: VersionMetrics, promoted: Sequence[VersionMetrics]
) -> Decision:
    """Decide whether a rule promotes a version.

    Args:
        settings: The rule.
        candidate: The version to decide on.
        promoted: The versions that it is compared with, see `earlier_versions`; the last one is promoted now.
    """
    last = promoted[-1] if promoted else None
    if settings.rule != "not_worse":
        always = settings.rule == "always"
        return Decision(always, "every version is promoted" if always else "promotion.rule is never")
    obstacle = _obstacle(settings, candidate, last)
    if obstacle or candidate.metrics is None:
        return Decision(promoted=False, reason=obstacle)
    if last is None:
        return _above_chance(settings, candidate.metrics)
    return _not_worse(settings, candidate, [one for one in promoted if _serves(settings, candidate, one)])


def chance_level(metric: str, metrics: Mapping[str, Any]) -> float:
    """Return the chance level of a metric on test, which the first promoted version must exceed.

    Args:
        metric: The metric's name.
        metrics: The metrics record.
    """
    shares = ClassShares(
        classes=len(metrics["classes"]),
        mean=metrics["chance_average_precision"] or 0.0,
        largest=metrics["majority_accuracy"],
    )
    return METRICS[metric].chance_with(shares)


def _obstacle(settings: PromotionConfig, candidate: VersionMetrics, last: VersionMetrics | None) -> str:
    """Return why there is no comparison with the promoted version; empty if there is one."""
    if candidate.metrics is None:
        return "it was not evaluated (evaluation.enabled is false)"
    if problem := _missing(settings, candidate.metrics):
        return f"it has {problem}"
    if last is None:
        return ""
    name = f"version {last.version}, which is promoted,"
    if last.metrics is None:
        return f"{name} was not evaluated, so that there is no bar: promote by hand"
    if reason := why_incomparable(last.metrics, candidate.metrics):
        return f"it cannot be compared with version {last.version}: {reason}; promote by hand"
    problem = _missing(settings, last.metrics)
    return f"{name} has {problem}: promote by hand" if problem else ""


def _serves(settings: PromotionConfig, candidate: VersionMetrics, earlier: VersionMetrics) -> bool:
    """Return whether an earlier version can be compared with."""
    before, after = earlier.metrics, candidate.metrics
    if before is None or after is None:
        return False
    return not why_incomparable(before, after) and not _missing(settings, before)


def _missing(settings: PromotionConfig, metrics: Mapping[str, Any]) -> str:
    """Return which number a metrics record lacks; empty if it lacks none."""
    arm = _resampled_arm(settings, metrics)
    if arm is None:
        return f"no resampled arm of {_learner(settings, metrics)}"
    if settings.metric not in arm["intervals"]:
        return f"no interval of {_name(settings, metrics)} (evaluation.bootstrap is 0, or test is too small)"
    return ""


def _learner(settings: PromotionConfig, metrics: Mapping[str, Any]) -> str:
    """Return the learner that represents a version: the configured one, or by default that of its own verdict."""
    return settings.learner or str(metrics["verdict_learner"])


def _resampled_arm(settings: PromotionConfig, metrics: Mapping[str, Any]) -> Mapping[str, Any] | None:
    wanted = _learner(settings, metrics), metrics["strategy"]
    return next((arm for arm in metrics["arms"] if (arm["learner"], arm["strategy"]) == wanted), None)


def _above_chance(settings: PromotionConfig, metrics: Mapping[str, Any]) -> Decision:
    """Decide on the first version when all numbers are available."""
    numbers = _numbers(settings, metrics, bar=chance_level(settings.metric, metrics))
    promoted = numbers.low > numbers.bar
    text = (
        f"the lower bound of {_name(settings, metrics)}, {_shown(numbers.low)}, is {'' if promoted else 'not '}above "
        f"chance ({_shown(numbers.bar)}), and none was promoted before{_few(metrics)}"
    )
    return Decision(promoted, text, numbers)


def _not_worse(settings: PromotionConfig, candidate: VersionMetrics, promoted: Sequence[VersionMetrics]) -> Decision:
    """Decide by the reference from which the version falls furthest."""

    def arm_of(record: Mapping[str, Any]) -> Mapping[str, Any] | None:
        return _resampled_arm(settings, record)

    metrics, last = candidate.metrics or {}, promoted[-1]
    found = references(settings.metric, candidate, promoted, arm_of=arm_of)
    refusals = false_refusals(found.agreement, candidate.version - last.version)
    allowed = limits(found.errors, found.correlation, margin=settings.margin, refusals=refusals)
    nearest, least = min(zip(found.each, allowed.least, strict=True), key=lambda one: one[0].difference - one[1])
    numbers = _numbers(
        settings, metrics, bar=least, compared_with=last.version, margin=settings.margin, luck=allowed.luck,
        difference=nearest.difference, error=nearest.error, paired=nearest.paired, references=nearest.versions,
    )  # fmt: skip
    decided = nearest.difference >= least
    text = f"{_name(settings, metrics)}, {_shown(numbers.value or 0.0)}, {_said(settings, nearest, least)}"
    return Decision(decided, text + _few(metrics) + _caveat(settings.metric, last.metrics or {}, metrics), numbers)


def _said(settings: PromotionConfig, reference: Reference, least: float) -> str:
    """Say how a version compares with a reference."""
    versions = reference.versions
    mean = f"the mean of the {len(versions)} versions promoted {reference.which}"
    name = mean if len(versions) > 1 else f"that of version {versions[0]}"
    noise = f"what noise explains with {'' if reference.paired else 'un'}paired test rows"
    limit = f"{_shown(-least)}, {'the margin' if -least <= settings.margin else noise}"
    away = f"{_shown(abs(reference.difference))} {'below' if reference.difference < 0 else 'above'}"
    value = _shown(reference.value) + (f" less {_shown(reference.luck)} for luck" if reference.luck >= _SHOWN else "")
    if abs(reference.difference) < _SHOWN:
        return f"equals {name}, {value}"
    compared = f"is {away} {name}, {value}"
    if reference.difference >= 0:
        return compared
    return f"{compared}: {'not ' if reference.difference >= least else ''}more than {limit}"


def _numbers(settings: PromotionConfig, metrics: Mapping[str, Any], *, bar: float, **more: Any) -> PromotionNumbers:
    """Return the numbers of a decision."""
    arm = _resampled_arm(settings, metrics)
    assert arm is not None  # noqa: S101  # `_missing` found one
    return PromotionNumbers(
        metric=settings.metric,
        learner=arm["learner"],
        strategy=arm["strategy"],
        value=arm["test"][settings.metric],
        low=arm["intervals"][settings.metric]["low"],
        bar=bar,
        **more,
    )


def _few(metrics: Mapping[str, Any]) -> str:
    rows, floor = metrics["deciding_rows"], metrics["verdict_floor"]
    counted = f"{rows:,} {metrics['deciding_rows_are']} in test, where a verdict needs {floor}"
    return f"; beware, there are {counted}" if rows < floor else ""


def _caveat(metric: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    prevalence = compare_prevalence(before, after)
    if prevalence.alike or not METRICS[metric].equal_prevalence:
        return ""
    shares = f"{100 * prevalence.before:.2f} % to {100 * prevalence.after:.2f} %"
    return f"; beware, prevalence in test went from {shares}, and the metric compares only at equal prevalence"


def _name(settings: PromotionConfig, metrics: Mapping[str, Any]) -> str:
    """Describe the metric and the arm that it is read from."""
    from counterpoise.results import learner_label, strategy_label

    trained = f"{learner_label(_learner(settings, metrics))} with {strategy_label(metrics['strategy'])}"
    return f"{METRICS[settings.metric].label} of {trained}"


def _shown(value: float) -> str:
    return f"{value:.4f}".replace("-", "−")
