"""Intervals of each arm and of the paired differences between arms."""

from __future__ import annotations

from typing import Any

import numpy as np

from counterpoise.evaluate._arms import EvaluatedArm, Predictions
from counterpoise.evaluate._class_report import with_average_intervals
from counterpoise.evaluate._inference.bootstrap import Interval, Resampled, bootstrap, interval_of
from counterpoise.evaluate._inference.class_intervals import with_class_intervals
from counterpoise.evaluate._inference.intervals import difference_interval, ranking_interval
from counterpoise.evaluate._inference.share_intervals import share_intervals
from counterpoise.evaluate._task import EvaluationTask
from counterpoise.evaluate._verdict import strategy_verdict
from counterpoise.metrics import METRICS
from counterpoise.runtime import child_generator
from counterpoise.typing import Floats

_MOST_WEIGHINGS = 4_000_000_000
"""The limit of rows × resamples × rankings × arms for a bootstrap: about half a minute on one core."""
_FEWEST_RESAMPLES = 200


def arm_key(learner: str, strategy: str) -> str:
    """Return the key of an arm's resampled metrics."""
    return f"{learner}/{strategy}"


def resample_arms(
    task: EvaluationTask, evaluated: list[EvaluatedArm], *, seed: int
) -> tuple[dict[str, Resampled], int]:
    """Return each arm's metrics on the same bootstrap resamples of test, and the number of resamples.

    This is less than `evaluation.bootstrap` if rows × classes would make it take too long.
    """
    work = len(task.codes.test) * task.rankings * len(evaluated)
    wanted = task.config.bootstrap
    resamples = min(wanted, max(_FEWEST_RESAMPLES, _MOST_WEIGHINGS // max(1, work)))
    found = bootstrap(
        {arm_key(arm.learner, arm.strategy): arm.measure for arm in evaluated},
        strata=task.codes.test,
        groups=task.codes.groups.get("test"),
        resamples=resamples,
        rng=child_generator(seed, "evaluate", "bootstrap"),
    )
    return found, resamples


def arm_record(
    arm: EvaluatedArm, predictions: Predictions, resampled: Resampled, *, task: EvaluationTask
) -> dict[str, Any]:
    """Return an arm's metrics record, with its intervals.

    Args:
        arm: The evaluated arm.
        predictions: Its predictions.
        resampled: Its metrics on bootstrap resamples.
        task: The evaluation task; it has the number of test rows or groups of each class, which the intervals of
            near-perfect rankings and of single classes need.
    """
    found: dict[str, Interval | None] = {
        metric: _interval(metric, resampled[metric], estimate, task.test_units)
        for metric, estimate in arm.record["test"].items()
        if metric in resampled
    }
    shares = share_intervals(arm.record, predictions, task)
    found |= {metric: interval for metric, interval in shares.items() if found.get(metric)}
    record = arm.record
    if "per_class" in record:
        called = task.called(predictions.test, record["threshold"])
        per_class = with_class_intervals(called, task.codes, record, resampled)
        record = record | {"per_class": per_class, "averages": with_average_intervals(record["averages"], resampled)}
    return {
        "learner": arm.learner,
        "strategy": arm.strategy,
        **record,
        "intervals": {
            metric: {"low": interval.low, "high": interval.high} for metric, interval in found.items() if interval
        },
        "notes": [*arm.notes, *predictions.notes],
    }


def _interval(metric: str, values: Floats, estimate: float, counts: tuple[int, int]) -> Interval | None:
    if not METRICS[metric].ranks:
        return interval_of(values, estimate, within=METRICS[metric].range)
    return ranking_interval(metric, values, estimate, positives=counts[0], negatives=counts[1])


def compare_arms(
    task: EvaluationTask,
    arms: list[dict[str, Any]],
    resampled: dict[str, Resampled],
    draws: dict[str, dict[str, Any]],
) -> list[dict[str, Any]]:
    """Return one comparison of the strategy with none per learner; an empty list if nothing was resampled.

    Args:
        task: The evaluation task.
        arms: The records of the arms.
        resampled: Their metrics on bootstrap resamples.
        draws: The draws of each learner, see `mean_effects`.
    """
    by_name = {arm_key(arm["learner"], arm["strategy"]): arm for arm in arms}
    comparisons = []
    for learner in task.config.learners if task.strategy != "none" else ():
        keys = arm_key(learner, task.strategy), arm_key(learner, "none")
        comparison = {
            "learner": learner,
            "strategy": task.strategy,
            "reference": "none",
            "differences": paired_differences(
                *(by_name[key]["test"] for key in keys), *(resampled[key] for key in keys)
            ),
            "draws": draws[learner],
        }
        verdict = strategy_verdict(
            comparison,
            strategy=task.strategy,
            rows=task.deciding_rows,
            counted=task.counted,
            equivalence=task.config.equivalence,
        )
        comparisons.append({**comparison, "verdict": verdict})
    return comparisons


def paired_differences(
    test: dict[str, float], reference: dict[str, float], resampled: Resampled, other: Resampled
) -> dict[str, Any]:
    """Return the difference on test by metric, with the interval of its paired resamples; None where undefined.

    Args:
        test: An arm's metrics on test.
        reference: The other arm's metrics, at least the same ones.
        resampled: The arm's available metrics on bootstrap resamples.
        other: The other arm's metrics on the same resamples.
    """
    differences = {}
    for metric, value in test.items():
        difference = value - reference[metric]
        interval = difference_interval(resampled[metric] - other[metric], difference) if metric in resampled else None
        differences[metric] = {
            "difference": None if np.isnan(difference) else difference,
            "low": interval.low if interval else None,
            "high": interval.high if interval else None,
        }
    return differences
