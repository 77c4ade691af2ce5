"""Further facts of an arm with two classes: operating points, thresholds, calibration, and the top of its ranking."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from counterpoise.evaluate._arms import DUMMY, Predictions
from counterpoise.evaluate._calibration.calibrated import (
    Probabilities,
    calibrate,
    calibration_record,
    learner_correction,
)
from counterpoise.evaluate._explorer import threshold_counts
from counterpoise.evaluate._operating_points import ScoredRows, cost_by_formula, operating_points
from counterpoise.evaluate._question import Question
from counterpoise.evaluate._top import at_the_top
from counterpoise.runtime import child_generator

__all__ = ["BinaryFacts", "binary_facts"]


@dataclass(frozen=True)
class BinaryFacts:
    """The facts of one arm.

    Attributes:
        record: The fields that it adds to the arm's metrics record.
        correction: The arm's part of the published correction; None for the dummy.
    """

    record: dict[str, Any]
    correction: dict[str, Any] | None


def binary_facts(question: Question, answers: Predictions, *, threshold: float, seed: int) -> BinaryFacts:
    """Return the facts of an arm: decisions are made on validation and evaluated on test.

    Args:
        question: The evaluation task; it has a positive class.
        answers: The arm's predictions. Without resampling their strategy is none.
        threshold: The arm's threshold, chosen on validation.
        seed: The run's seed; every arm has its own random streams.
    """
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1):  # sums over rows: several threads took three times the CPU time
        return _facts(question, answers, threshold=threshold, seed=seed)


def _facts(question: Question, answers: Predictions, *, threshold: float, seed: int) -> BinaryFacts:
    validation, test = _scored(question, answers)
    top = at_the_top(test.scores, test.positive, groups=test.groups)
    if answers.learner == DUMMY:
        return BinaryFacts({"operating_points": [], "thresholds": None, "top": top, "calibration": None}, None)
    rng = child_generator(seed, "evaluate", "operating points", answers.learner, answers.strategy)
    points = operating_points(validation, test, config=question.config, rng=rng)
    made = calibrate(answers, question.codes, positive=question.positive or 0, method=question.config.calibration)
    for point in points:
        if point["rule"] == "cost":
            point["by_formula"] = _by_formula(question, answers, made, seed=seed)
    chosen = [threshold, *(point["threshold"] for point in points)]
    calibration = calibration_record(
        made,
        test,
        resamples=question.config.bootstrap,
        rng=child_generator(seed, "evaluate", "calibration", answers.learner, answers.strategy),
    )
    record = {
        "operating_points": points,
        "thresholds": threshold_counts(validation, test, chosen=chosen, costs=question.costs),
        "top": top,
        "calibration": calibration,
    }
    return BinaryFacts(record, learner_correction(made, calibration, test.scores, threshold=threshold))


def _by_formula(question: Question, answers: Predictions, made: Probabilities, *, seed: int) -> dict[str, Any] | None:
    """Return the theoretical threshold for the costs, on the best available probabilities, and its outcome on test."""
    _, test = _scored(question, answers)
    rng = child_generator(seed, "evaluate", "cost by formula", answers.learner, answers.strategy)
    found = cost_by_formula(replace(test, scores=made.best(test.scores)), config=question.config, rng=rng)
    return found and {"scale": "natural" if made.calibrator is None else "calibrated", **found}


def _scored(question: Question, answers: Predictions) -> tuple[ScoredRows, ScoredRows]:
    """Return the scored validation and test rows."""
    codes, positive = question.codes, question.positive
    return (
        ScoredRows(
            answers.validation[:, positive], codes.validation == positive, groups=codes.groups.get("validation")
        ),
        ScoredRows(answers.test[:, positive], codes.test == positive, groups=codes.groups.get("test")),
    )
