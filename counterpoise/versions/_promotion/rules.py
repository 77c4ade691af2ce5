"""Promotion rules as pure functions of metrics records."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from counterpoise.config import PromotionConfig
from counterpoise.metrics import METRICS, ClassShares
from counterpoise.results import PromotionNumbers
from counterpoise.versions._changes.comparability import compare_prevalence, why_incomparable


@dataclass(frozen=True)
class VersionMetrics:
    """A version and its metrics record, which is None if it was not evaluated."""

    version: int
    metrics: Mapping[str, Any] | None


@dataclass(frozen=True)
class Decision:
    """Whether to promote a version, the reason in a sentence, and the numbers considered."""

    promoted: bool
    reason: str
    numbers: PromotionNumbers | None = None


def decide_promotion(settings: PromotionConfig, candidate: VersionMetrics, last: VersionMetrics | None) -> Decision:
    """Decide whether a rule promotes a version.

    Args:
        settings: The rule.
        candidate: The version to decide on.
        last: The currently promoted version, or None.
    """
    if settings.rule != "not_worse":
        always = settings.rule == "always"
        return Decision(always, "every version is promoted" if always else "promotion.rule is never")
    obstacle = _obstacle(settings, candidate, last)
    if obstacle or candidate.metrics is None:
        return Decision(promoted=False, reason=obstacle)
    return _not_worse(settings, candidate.metrics, last)


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
    """Return why the lower bounds cannot be compared; empty if they can."""
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


def _not_worse(settings: PromotionConfig, metrics: Mapping[str, Any], last: VersionMetrics | None) -> Decision:
    """Decide when all numbers are available."""
    low = _lower_bound(settings, metrics)
    if last is None or last.metrics is None:
        bar = chance_level(settings.metric, metrics)
        promoted = low > bar
        text = f"{'above' if promoted else 'not above'} chance ({_shown(bar)}), and none was promoted before"
        text += _few(metrics)
    else:
        bar = _lower_bound(settings, last.metrics)
        promoted = low >= bar - settings.tolerance
        less = f" minus {settings.tolerance:g}" if settings.tolerance else ""
        text = f"{'not below' if promoted else 'below'} that of version {last.version}, {_shown(bar)}{less}"
        text += _few(metrics) + _caveat(settings.metric, last.metrics, metrics)
    numbers = _numbers(settings, metrics, bar=bar, compared_with=0 if last is None else last.version)
    return Decision(promoted, f"the lower bound of {_name(settings, metrics)}, {_shown(low)}, is {text}", numbers)


def _lower_bound(settings: PromotionConfig, metrics: Mapping[str, Any]) -> float:
    """Return the lower bound of the resampled arm; NaN, which exceeds nothing, if there is none."""
    arm = _resampled_arm(settings, metrics)
    return float(arm["intervals"][settings.metric]["low"]) if arm is not None else math.nan


def _numbers(
    settings: PromotionConfig, metrics: Mapping[str, Any], *, bar: float, compared_with: int
) -> PromotionNumbers | None:
    arm = _resampled_arm(settings, metrics)
    if arm is None:
        return None
    return PromotionNumbers(
        metric=settings.metric,
        learner=arm["learner"],
        strategy=arm["strategy"],
        value=arm["test"][settings.metric],
        low=arm["intervals"][settings.metric]["low"],
        bar=bar,
        compared_with=compared_with,
        tolerance=settings.tolerance,
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
