"""What moving the threshold alone gives, and what resampling adds to that, in decisions instead of ranking.

Without resampling, a threshold of 0.5 calls few positives of a rare class. Much of what resampling seems to gain is the
gain of another threshold (Elor and Averbuch-Elor 2022, "To SMOTE, or not to SMOTE?", arXiv:2201.08528), so the strategy
is compared with no resampling at a threshold that was chosen on validation by the same rule.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from counterpoise.evaluate._arms import Predictions
from counterpoise.evaluate._task import EvaluationTask
from counterpoise.metrics import METRICS, Confusion, decision_metrics
from counterpoise.results import learner_label, strategy_label
from counterpoise.text import number, signed

_HALF = 0.5
_OTHERWISE = "f1"
"""The metric in words where the threshold's rule is a condition or a cost."""


def threshold_alone(
    task: EvaluationTask, predictions: Sequence[Predictions], record: Mapping[str, Any]
) -> dict[str, Any] | None:
    """Return the record of the verdict's learner; None with more than two classes.

    Args:
        task: The evaluation task.
        predictions: Those of all arms.
        record: The metrics record, with arms, comparisons and the verdict's learner.
    """
    if task.positive is None:
        return None
    learner, metric = record["verdict_learner"], _metric(task)
    arm = next(one for one in record["arms"] if (one["learner"], one["strategy"]) == (learner, "none"))
    natural = next(one for one in predictions if (one.learner, one.strategy) == (learner, "none"))
    compared = [one for one in record["comparisons"] if one["learner"] == learner]
    added = compared[0]["differences"][metric] if compared else None
    found = {
        "learner": learner,
        "metric": metric,
        "at_half": _at_half(task, natural, metric),
        "tuned": _known(arm["test"][metric]),
        "threshold": arm["threshold"],
        "added": added,
    }
    return {**found, "text": threshold_alone_text(found, task.strategy)}


def _metric(task: EvaluationTask) -> str:
    return task.config.threshold if task.config.threshold in METRICS else _OTHERWISE


def _at_half(task: EvaluationTask, natural: Predictions, metric: str) -> float | None:
    positive, called = task.codes.test == task.positive, natural.test[:, task.positive] >= _HALF
    right, all_called = np.array([(called & positive).sum()]), np.array([called.sum()])
    counts = Confusion.from_called(right, all_called, positives=float(positive.sum()), rows=float(len(positive)))
    return _known(float(decision_metrics(counts)[metric][0]))


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def threshold_alone_text(found: Mapping[str, Any], strategy: str) -> str:
    """Return what moving the threshold alone gives, and what the strategy adds, in a sentence.

    Args:
        found: The record without its text.
        strategy: The version's strategy.
    """
    label = METRICS[found["metric"]].label
    text = (
        f"Moving the threshold alone gives {learner_label(found['learner'])} {label} {number(found['tuned'])} "
        f"({number(found['at_half'])} at 0.5)"
    )
    added = found["added"]
    if added is None:
        return f"{text}; nothing was resampled."
    name = strategy_label(strategy)
    if added["difference"] is None:
        return f"{text}; {name} cannot be compared, because {label} is undefined."
    bounds = "" if added["low"] is None else f", 95 % CI {number(added['low'])} to {number(added['high'])}, paired"
    return f"{text}; {name} adds {signed(added['difference'])}{bounds}."
