"""What is told of an arm with two classes beside its metrics: operating points, thresholds, calibration, the top."""

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
    """Facts of one arm.

    Attributes:
        record: What is added to its entry in the metrics record.
        correction: Its entry in the published correction; None for the dummy.
    """

    record: dict[str, Any]
    correction: dict[str, Any] | None


def binary_facts(question: Question, answers: Predictions, *, threshold: float, seed: int) -> BinaryFacts:
    """Return an arm's facts: what validation decides is decided there, and judged on test.

    Args:
        question: The comparison; it has a positive class.
        answers: What the arm answers. Without resampling its strategy is none.
        threshold: The arm's threshold, chosen on validation.
        seed: The run's seed; every arm has streams of its own.
    """
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1):  # sums over rows: threads took three times the processor time
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
    """Return the threshold that the costs give, on the best probabilities there are, and its outcome on test."""
    _, test = _scored(question, answers)
    rng = child_generator(seed, "evaluate", "cost by formula", answers.learner, answers.strategy)
    found = cost_by_formula(replace(test, scores=made.best(test.scores)), config=question.config, rng=rng)
    return found and {"scale": "natural" if made.calibrator is None else "calibrated", **found}


def _scored(question: Question, answers: Predictions) -> tuple[ScoredRows, ScoredRows]:
    """Return validation and test with their scores."""
    codes, positive = question.codes, question.positive
    return (
        ScoredRows(
            answers.validation[:, positive], codes.validation == positive, groups=codes.groups.get("validation")
        ),
        ScoredRows(answers.test[:, positive], codes.test == positive, groups=codes.groups.get("test")),
    )
