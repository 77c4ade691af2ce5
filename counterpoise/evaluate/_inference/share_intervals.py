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
from counterpoise.metrics import METRICS, OfDecisions


def share_intervals(record: dict[str, Any], predictions: Predictions, task: EvaluationTask) -> dict[str, Interval]:
    """Return the intervals of an arm's metrics that are shares of rows.

    Args:
        record: The arm's record, with its threshold and metrics.
        predictions: Its predictions.
        task: The evaluation task.

    Returns:
        The intervals by metric; none with more than two classes, and none for a ranker without a threshold.
    """
    if task.positive is None or record["threshold"] is None:
        return {}
    scores = predictions.test if predictions.test.ndim == 1 else predictions.test[:, task.positive]
    positive = task.codes.test == task.positive
    rows = {
        "called": scores >= record["threshold"],
        "positive": positive,
        "negative": ~positive,
        "all": np.ones(len(positive), np.bool_),
    }
    groups, found = task.codes.groups.get("test"), dict[str, Interval]()
    for name, metric in METRICS.items():
        share_of = metric.source.share_of if isinstance(metric.source, OfDecisions) else ""
        value = record["test"].get(name, np.nan)
        interval = share_interval(value, units(rows[share_of], groups)) if share_of and np.isfinite(value) else None
        if interval:
            found[name] = interval
    return found
