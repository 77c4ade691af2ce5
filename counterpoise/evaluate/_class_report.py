"""Precision, recall and F1 of every class and their means over classes, as in scikit-learn's classification report."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from counterpoise.evaluate._inference.bootstrap import Resampled, interval_of
from counterpoise.metrics import METRICS, Confusion, CountsByClass, decision_metrics

FIGURES = ("precision", "recall", "f1")
AVERAGES = ("macro", "weighted")
"""The mean over the classes, and the mean weighted by their rows; both over the classes with rows."""


def of_two_classes(decisions: Confusion, positive: int, present: npt.NDArray[np.integer[Any]]) -> CountsByClass:
    """Return the decisions about one class as counts of both.

    Args:
        decisions: Decisions about the positive class.
        positive: Its code, 0 or 1.
        present: The codes of the classes that have rows.
    """
    called = decisions.true_positives + decisions.false_positives, decisions.true_negatives + decisions.false_negatives
    own = decisions.true_positives + decisions.false_negatives, decisions.true_negatives + decisions.false_positives
    right = decisions.true_positives, decisions.true_negatives
    order = [1, 0] if positive == 1 else [0, 1]
    parts = [np.stack([pair[place] for place in order]) for pair in (right, called, own)]
    return CountsByClass(parts[0], parts[1], parts[2], present)


def class_scores(counts: CountsByClass, classes: tuple[str, ...]) -> list[dict[str, Any]]:
    """Return one record per class that has rows, from one set of decisions.

    Args:
        counts: The decisions, with one set of weights.
        classes: The names of all classes.
    """
    scores = decision_metrics(counts.each_against_the_rest)
    rows = float(counts.rows[0])
    return [
        {
            "class": classes[code],
            "rows": int(counts.actual[code, 0]),
            "prevalence": float(counts.actual[code, 0] / rows),
            **{name: float(scores[name][place, 0]) for name in FIGURES},
        }
        for place, code in enumerate(counts.present)
    ]


def report_figures(counts: CountsByClass, single: npt.NDArray[np.integer[Any]]) -> Resampled:
    """Return the F1 of single classes and the means over classes, one value per set of weights.

    Args:
        counts: The decisions.
        single: Codes of classes with rows, whose own F1 is wanted.
    """
    scores = decision_metrics(counts.each_against_the_rest)
    places = {int(code): place for place, code in enumerate(counts.present)}
    shares = counts.actual[counts.present] / counts.rows
    own = {of_class("f1", int(code)): scores["f1"][places[int(code)]] for code in single}
    macro = {of_average("macro", name): scores[name].mean(axis=0) for name in FIGURES}
    weighted = {of_average("weighted", name): (scores[name] * shares).sum(axis=0) for name in FIGURES}
    return own | macro | weighted


def class_averages(figures: Resampled) -> dict[str, dict[str, Any]]:
    """Return the means over classes.

    Args:
        figures: The figures of test itself: `report_figures` of one set of weights.
    """
    return {one: {name: float(figures[of_average(one, name)][0]) for name in FIGURES} for one in AVERAGES}


def with_average_intervals(averages: dict[str, dict[str, Any]], resampled: Resampled) -> dict[str, dict[str, Any]]:
    """Return the means over classes with their bootstrap intervals; those whose resamples all agree have none.

    Args:
        averages: The means from `class_averages`.
        resampled: The same figures of resamples; empty without resamples.
    """
    return {one: values | {"intervals": _intervals(one, values, resampled)} for one, values in averages.items()}


def _intervals(average: str, values: dict[str, float], resampled: Resampled) -> dict[str, dict[str, float]]:
    intervals = {}
    for name in FIGURES:
        drawn = resampled.get(of_average(average, name), np.zeros(0))
        found = interval_of(drawn, values[name], within=METRICS[name].range)
        if found and found.low < found.high:
            intervals[name] = {"low": found.low, "high": found.high}
    return intervals


def of_class(metric: str, code: int) -> str:
    """Return the name of a class's metric among the resampled metrics."""
    return f"{metric} of class {code}"


def of_average(average: str, metric: str) -> str:
    """Return the name of a mean over classes among the resampled metrics."""
    return f"{average} {metric}"
