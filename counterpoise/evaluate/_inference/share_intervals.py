"""Intervals of the decision metrics that are shares of rows: Wilson's, as at operating points.

A bootstrap of three right alerts out of three knows nothing else: it says 1.000 to 1.000.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from counterpoise.evaluate._arms import Predictions
from counterpoise.evaluate._inference.bootstrap import Interval
from counterpoise.evaluate._inference.intervals import share_interval, units
from counterpoise.evaluate._task import EvaluationTask


def share_intervals(record: dict[str, Any], predictions: Predictions, task: EvaluationTask) -> dict[str, Interval]:
    """Return the intervals of precision, recall, specificity and accuracy of an arm; empty with more than two classes.

    Args:
        record: The arm's record, with its threshold and metrics.
        predictions: Its predictions.
        task: The evaluation task.
    """
    if task.positive is None:
        return {}
    scores = predictions.test if predictions.test.ndim == 1 else predictions.test[:, task.positive]
    positive = task.codes.test == task.positive
    of = {
        "precision": scores >= record["threshold"],
        "recall": positive,
        "specificity": ~positive,
        "accuracy": np.ones(len(positive), np.bool_),
    }
    groups = task.codes.groups.get("test")
    known = {name: record["test"][name] for name in of if np.isfinite(record["test"].get(name, np.nan))}
    found = {name: share_interval(value, units(of[name], groups)) for name, value in known.items()}
    return {name: interval for name, interval in found.items() if interval}
