"""Further facts of an arm with two classes: operating points, thresholds, calibration, and the top of its ranking."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from counterpoise.evaluate._amounts import amount_point, row_costs
from counterpoise.evaluate._arms import DUMMY, Predictions
from counterpoise.evaluate._calibration.calibrated import (
    Probabilities,
    calibrate,
    calibration_record,
    learner_correction,
)
from counterpoise.evaluate._decision_curves.curves import PublishedTest
from counterpoise.evaluate._explorer import threshold_counts
from counterpoise.evaluate._operating_points import (
    FixedThreshold,
    ScoredRows,
    cost_by_formula,
    fixed_thresholds,
    operating_points,
)
from counterpoise.evaluate._task import EvaluationTask
from counterpoise.evaluate._top import at_the_top
from counterpoise.runtime import child_generator


@dataclass(frozen=True)
class BinaryFacts:
    """The facts of one arm.

    Attributes:
        record: The fields that it adds to the arm's metrics record.
        correction: The arm's part of the published correction; None for the dummy.
        published: The arm's published probabilities on test; None for the dummy.
    """

    record: dict[str, Any]
    correction: dict[str, Any] | None = None
    published: PublishedTest | None = None


def binary_facts(task: EvaluationTask, predictions: Predictions, *, threshold: float, seed: int) -> BinaryFacts:
    """Return the facts of an arm: decisions are made on validation and evaluated on test.

    Args:
        task: The evaluation task; it has a positive class.
        predictions: The arm's predictions. Without resampling their strategy is none.
        threshold: The arm's threshold, chosen on validation.
        seed: The run's seed; every arm has its own random streams.
    """
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1):  # sums over rows: several threads took three times the CPU time
        return _facts(task, predictions, threshold=threshold, seed=seed)


def _facts(task: EvaluationTask, predictions: Predictions, *, threshold: float, seed: int) -> BinaryFacts:
    validation, test = _scored(task, predictions)
    top = at_the_top(test.scores, test.positive, groups=test.groups)
    if predictions.learner == DUMMY:
        return BinaryFacts({"operating_points": [], "thresholds": None, "top": top, "calibration": None})
    rng = child_generator(seed, "evaluate", "operating points", predictions.learner, predictions.strategy)
    fixed = fixed_thresholds(task.config)
    points = operating_points(validation, test, config=task.config, rng=rng, fixed=fixed)
    if test.missed is not None:
        points.append(amount_point(validation, test, config=task.config, rng=rng))
    made = calibrate(predictions, task.codes, positive=task.positive or 0, method=task.config.calibration, seed=seed)
    for point in points:
        if point["rule"] == "cost":
            point["by_formula"] = _by_formula(task, predictions, made, seed=seed)
    chosen = [threshold, *(point["threshold"] for point in points)]
    calibration = calibration_record(
        made,
        test,
        resamples=task.config.bootstrap,
        rng=child_generator(seed, "evaluate", "calibration", predictions.learner, predictions.strategy),
    )
    record = {
        "operating_points": points,
        "thresholds": threshold_counts(validation, test, chosen=chosen, costs=task.costs),
        "top": top,
        "calibration": calibration,
    }
    return BinaryFacts(
        record,
        learner_correction(made, calibration, test.scores, threshold=threshold),
        PublishedTest(
            predictions.learner, predictions.strategy, made.best(test.scores), made.best_threshold(threshold)
        ),
    )


def ranking_facts(
    task: EvaluationTask, predictions: Predictions, *, own: float | None, seed: int
) -> dict[str, list[dict[str, Any]]]:
    """Return the operating points and the top of an arm whose scores are no probabilities, one per row.

    Args:
        task: The evaluation task; it has a positive class.
        predictions: The arm's scores.
        own: The threshold of the model itself, of a detector whose contamination is set.
        seed: The run's seed.
    """
    validation, test = _scored(task, predictions)
    fixed = [] if own is None else [FixedThreshold("contamination", "the share that contamination sets", own)]
    rng = child_generator(seed, "evaluate", "operating points", predictions.learner, predictions.strategy)
    points = operating_points(validation, test, config=task.config, rng=rng, fixed=fixed)
    if test.missed is not None:
        points.append(amount_point(validation, test, config=task.config, rng=rng))
    return {"operating_points": points, "top": at_the_top(test.scores, test.positive, groups=test.groups)}


def _by_formula(
    task: EvaluationTask, predictions: Predictions, made: Probabilities, *, seed: int
) -> dict[str, Any] | None:
    """Return the theoretical threshold for the costs, on the best available probabilities, and its outcome on test."""
    _, test = _scored(task, predictions)
    rng = child_generator(seed, "evaluate", "cost by formula", predictions.learner, predictions.strategy)
    found = cost_by_formula(replace(test, scores=made.best(test.scores)), config=task.config, rng=rng)
    return found and {"scale": "natural" if made.calibrator is None else "calibrated", **found}


def _scored(task: EvaluationTask, predictions: Predictions) -> tuple[ScoredRows, ScoredRows]:
    """Return the scored validation and test rows."""
    codes, positive = task.codes, task.positive
    parts = (("validation", predictions.validation, codes.validation), ("test", predictions.test, codes.test))
    validation, test = (
        ScoredRows(
            scores if scores.ndim == 1 else scores[:, positive],
            labels == positive,
            codes.groups.get(name),
            row_costs(codes, name, labels == positive),
        )
        for name, scores, labels in parts
    )
    return validation, test
