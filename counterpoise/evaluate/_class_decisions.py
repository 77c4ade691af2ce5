"""Decisions with more than two classes: a threshold for each class against the rest, and the class of least cost."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from counterpoise.config import EvaluationConfig
from counterpoise.errors import ConfigError
from counterpoise.evaluate._arms import DUMMY, Predictions
from counterpoise.evaluate._inference.bootstrap import affordable_resamples, interval_of, iter_weights
from counterpoise.evaluate._inference.class_intervals import smallest_classes
from counterpoise.evaluate._inference.intervals import difference_interval
from counterpoise.evaluate._metrics.curves import reliability_bins
from counterpoise.evaluate._operating_points import ScoredRows, fixed_thresholds, operating_points
from counterpoise.evaluate._tables import Codes, LabelCodes
from counterpoise.evaluate._task import EvaluationTask
from counterpoise.runtime import child_generator
from counterpoise.typing import Floats, Matrix

MOST_CLASSES = 10
"""The number of classes with operating points, smallest first: each takes as long as those of two classes."""


def class_costs(config: EvaluationConfig, classes: tuple[str, ...]) -> Matrix | None:
    """Return the costs by true class (rows) and predicted class (columns); None if none are configured.

    A class without costs costs 1 if it is missed; the right class costs nothing.

    Raises:
        ConfigError: A cost is of no class, or is no number from 0 on.
    """
    given = json.loads(config.class_costs or "{}")
    if not given:
        return None
    costs = 1 - np.eye(len(classes))
    for name, value in given.items():
        own = _place(name, classes)
        for other, cost in value.items() if isinstance(value, dict) else [(each, value) for each in classes]:
            costs[own, _place(other, classes)] = _cost(cost)
    np.fill_diagonal(costs, 0)
    return costs


def least_cost(probability: Matrix, costs: Matrix) -> Codes:
    """Return for each row the class with the least expected cost; the first of several.

    >>> least_cost(np.array([[0.7, 0.3]]), np.array([[0.0, 1.0], [10.0, 0.0]])).tolist()
    [1]

    Args:
        probability: Shape (rows, classes).
        costs: Costs by true class and predicted class.
    """
    return np.asarray((probability @ costs).argmin(axis=1), np.int32)


def at_natural_prevalence(probability: Matrix, codes: LabelCodes) -> Matrix:
    """Return the probabilities of a learner on resampled rows at the natural shares of the classes (Saerens, 2002)."""
    size = len(codes.classes)
    natural = np.bincount(codes.train_natural, minlength=size)
    trained = np.bincount(codes.train_resampled, weights=codes.weights, minlength=size)
    ratio = np.divide(natural, trained, out=np.zeros(size), where=trained > 0)
    moved = probability * ratio
    total = moved.sum(axis=1, keepdims=True)
    return np.asarray(np.divide(moved, total, out=probability.copy(), where=total > 0))


def add_class_decisions(
    task: EvaluationTask, arm: dict[str, Any], predictions: Predictions, *, costs: Matrix | None, seed: int
) -> None:
    """Add each class's calibration and operating points, and the decisions of least cost, to an arm's record.

    Args:
        task: The evaluation task of more than two classes.
        arm: The arm's record.
        predictions: Its predictions.
        costs: The costs by true and predicted class; None if none are configured.
        seed: The run's seed; every arm and class has its own random stream.
    """
    few = set(smallest_classes(task.codes.test)[:MOST_CLASSES].tolist())
    for entry in arm["per_class"]:
        code = task.codes.classes.index(entry["class"])
        entry.update(_calibration(predictions.test[:, code], task.codes.test == code))
        wanted = predictions.learner != DUMMY and code in few
        entry["operating_points"] = _points(task, predictions, code, seed=seed) if wanted else []
    known = costs is not None and predictions.learner != DUMMY
    arm["expected_cost"] = _expected_cost(task, predictions, costs, seed=seed) if known and costs is not None else None


def _calibration(probability: Floats, truth: Any) -> dict[str, Any]:
    return {
        "mean_probability": float(probability.mean()),
        "brier": float(((probability - truth) ** 2).mean()),
        "reliability": reliability_bins(probability, truth),
    }


def _points(task: EvaluationTask, predictions: Predictions, code: int, *, seed: int) -> list[dict[str, Any]]:
    """Return the operating points of one class against the rest."""
    codes, parts = task.codes, (predictions.validation, predictions.test)
    labels = {"validation": codes.validation, "test": codes.test}
    validation, test = (
        ScoredRows(scores[:, code], labels[name] == code, codes.groups.get(name))
        for name, scores in zip(labels, parts, strict=True)
    )
    if not validation.positive.any() or validation.positive.all():
        return []
    rng = child_generator(seed, "evaluate", "class", predictions.learner, predictions.strategy, codes.classes[code])
    return operating_points(validation, test, config=task.config, rng=rng, fixed=fixed_thresholds(task.config))


def _expected_cost(task: EvaluationTask, predictions: Predictions, costs: Matrix, *, seed: int) -> dict[str, Any]:
    """Return the cost per thousand rows of the most probable class and of the class of least expected cost.

    The probabilities are the learner's own or those at natural prevalence, whichever cost less on validation.
    """
    codes = task.codes
    scales = {"own": (predictions.validation, predictions.test)}
    if predictions.strategy != "none":
        validation, test = (at_natural_prevalence(part, codes) for part in scales["own"])
        scales["natural"] = validation, test
    spent = {name: costs[codes.validation, least_cost(part[0], costs)].mean() for name, part in scales.items()}
    scale = min(spent, key=lambda name: float(spent[name]))
    called = {"argmax": predictions.test.argmax(axis=1), "least_cost": least_cost(scales[scale][1], costs)}
    rows = {name: costs[codes.test, one] for name, one in called.items()}
    drawn = _resampled(task, np.column_stack(list(rows.values())), predictions, seed=seed)
    record: dict[str, Any] = {"scale": scale}
    for place, name in enumerate(rows):
        record[name] = _spent(rows[name], drawn[:, place], called[name], codes)
    difference = record["least_cost"]["cost"] - record["argmax"]["cost"]
    found = difference_interval(drawn[:, 1] - drawn[:, 0], difference)
    bounds = {"low": found.low if found else None, "high": found.high if found else None}
    return {**record, "difference": {"difference": difference, **bounds}}


def _resampled(task: EvaluationTask, spent: Matrix, predictions: Predictions, *, seed: int) -> Matrix:
    """Return the costs per thousand rows of resamples of test, one column per way to decide."""
    codes, number = task.codes, affordable_resamples(len(spent), task.config.bootstrap)
    rng = child_generator(seed, "evaluate", "class costs", predictions.learner, predictions.strategy)
    drawn = iter_weights(codes.test, resamples=number, rng=rng, groups=codes.groups.get("test"))
    parts = [1000 * (weights @ spent) / weights.sum(axis=1, keepdims=True) for weights in drawn]
    return np.concatenate([np.zeros((0, spent.shape[1])), *parts])


def _spent(rows: Floats, drawn: Floats, called: Codes, codes: LabelCodes) -> dict[str, Any]:
    size, cost = len(codes.classes), float(1000 * rows.mean())
    found = interval_of(drawn, cost, within=(0, np.inf))
    cells = np.bincount(codes.test.astype(np.int64) * size + called, minlength=size * size).reshape(size, size)
    return {
        "cost": cost,
        "low": found.low if found else None,
        "high": found.high if found else None,
        "confusion_matrix": cells.tolist(),
    }


def _place(name: str, classes: tuple[str, ...]) -> int:
    if name not in classes:
        raise ConfigError(
            "class_costs",
            expected="evaluation.class_costs to name classes",
            found=f"{name!r}, while the classes are {', '.join(map(repr, classes[:20]))}",
            remedy="correct evaluation.class_costs",
        )
    return classes.index(name)


def _cost(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < np.inf:
        raise ConfigError(
            "class_costs",
            expected="costs that are numbers from 0 on",
            found=repr(value)[:100],
            remedy='write for example {"fraud": 10} or {"fraud": {"ok": 10, "theft": 2}} in evaluation.class_costs',
        )
    return float(value)
