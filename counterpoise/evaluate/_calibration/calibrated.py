"""From a learner's predictions to calibrated probabilities, step by step.

There are three kinds of probability for the same rows: `before` is the learner's own; `after` is at natural prevalence,
by the prior correction; `calibrated` is what is published: the candidate that proved itself on validation, which may be
one of the other two. Threshold and candidate are chosen on validation and evaluated once on test. A calibrator does not
change the ranking, except for ties; rankings are therefore always evaluated on the learner's own probabilities.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from counterpoise.evaluate._arms import Predictions
from counterpoise.evaluate._calibration.calibration import evaluate_probabilities
from counterpoise.evaluate._calibration.calibrators import Calibrator, OwnProbabilities
from counterpoise.evaluate._calibration.candidate import TOLERANCE
from counterpoise.evaluate._calibration.correction import PriorCorrection
from counterpoise.evaluate._calibration.resolution import resolution
from counterpoise.evaluate._calibration.selection import (
    CONFIGURED,
    CalibratorName,
    Selection,
    ValidationScores,
    fit_calibrator,
    select,
)
from counterpoise.evaluate._calibration.wording import missed_words
from counterpoise.evaluate._operating_points import ScoredRows
from counterpoise.evaluate._tables import LabelCodes
from counterpoise.runtime import child_generator
from counterpoise.typing import Floats


@dataclass(frozen=True)
class Probabilities:
    """The steps from a learner's predictions to probabilities.

    Attributes:
        correction: The correction to natural prevalence.
        resampled: Whether the learner was trained at another prevalence.
        calibrator: What is published: applied after the correction, or the learner's own probabilities; None if there
            is nothing but the correction.
        note: Why there is no calibrator.
        rows: The number of validation rows to fit it on.
        positives: The number of positives among them.
        selection: The candidates and why one was chosen; None with calibration switched off.
    """

    correction: PriorCorrection
    resampled: bool
    calibrator: Calibrator | None
    note: str
    rows: int
    positives: int
    selection: Selection | None = None

    def best(self, scores: Floats) -> Floats:
        """Return the published probabilities, or those at natural prevalence if there is no calibrator."""
        if isinstance(self.calibrator, OwnProbabilities):
            return scores
        natural = self.correction.apply(scores)
        return natural if self.calibrator is None else self.calibrator.apply(natural)

    def stages(self, scores: Floats) -> dict[str, Floats]:
        """Return all kinds of probability; without resampling, `after` equals `before` and is omitted."""
        kinds = {"before": scores}
        if self.resampled:
            kinds["after"] = self.correction.apply(scores)
        if self.calibrator is not None:
            kinds["calibrated"] = self.best(scores)
        return kinds

    def best_threshold(self, threshold: float) -> float:
        """Convert a threshold on the learner's predictions to the scale of `best`; above 1, neither calls any row."""
        return threshold if threshold > 1 else float(self.best(np.array([threshold]))[0])


def prior_correction(codes: LabelCodes, positive: int, *, resampled: bool) -> PriorCorrection:
    """Return the prior correction of the train tables, both of which have both classes."""
    natural = float((codes.train_natural == positive).mean())
    training = float(np.average(codes.train_resampled == positive, weights=codes.weights)) if resampled else natural
    return PriorCorrection(natural=natural, training=training)


def calibrate(
    predictions: Predictions, codes: LabelCodes, *, positive: int, method: CalibratorName, seed: int
) -> Probabilities:
    """Choose an arm's published probabilities on validation, and fit what they need.

    Args:
        predictions: The arm's predictions.
        codes: The labels.
        positive: The code of the class of interest.
        method: The configured method.
        seed: The run's seed, for the folds that candidates are compared on.
    """
    own, truth = predictions.validation[:, positive], codes.validation == positive
    scores = ValidationScores(
        own=own,
        positive=truth,
        correction=prior_correction(codes, positive, resampled=predictions.strategy != "none"),
        resampled=predictions.strategy != "none",
        resolution=resolution(own, train_rows=_train_rows(codes)),
        groups=codes.groups.get("validation"),
    )
    sizes = len(truth), int(truth.sum())
    if method == "none":
        note = "calibration is switched off (evaluation.calibration)"
        return Probabilities(scores.correction, scores.resampled, None, note, *sizes)
    rng = child_generator(seed, "evaluate", "candidates", predictions.learner, predictions.strategy, positive)
    found = select(scores, rng=rng)
    if method != "auto":
        found = replace(found, method=method, why=CONFIGURED)
    calibrator, note = fit_calibrator(scores, method=found.method)
    return Probabilities(scores.correction, scores.resampled, calibrator, note, *sizes, found)


def _train_rows(codes: LabelCodes) -> int:
    """Return the number of different source rows that can have been trained on."""
    natural, resampled = len(codes.train_natural), len(codes.train_resampled)
    return natural if codes.weights is not None else min(natural, resampled)


def calibration_record(
    made: Probabilities, test: ScoredRows, *, resamples: int, rng: np.random.Generator
) -> dict[str, Any]:
    """Return the quality of each kind of probability on test, and the calibrator.

    Args:
        made: The steps to the probabilities.
        test: The test rows with the learner's probabilities.
        resamples: The number of bootstrap resamples for the intervals.
        rng: The random generator of the resamples.

    Returns:
        `before`, `after` and `calibrated` as returned by `evaluate_probabilities`, null for a missing kind;
        `calibrator` with its method, parameters and the `rows` and `positives` of validation that it was fitted on, or
        null; a `note` that says why there is none; the `published` method with the candidates; and `mean_note`, which
        says if the published mean is more than 5 % from the prevalence of test.
    """
    stages = made.stages(test.scores)
    evaluated = evaluate_probabilities(stages, test.positive, resamples=resamples, rng=rng, groups=test.groups)
    return {
        **{kind: evaluated.get(kind) for kind in ("before", "after", "calibrated")},
        "calibrator": _calibrator(made),
        "note": made.note,
        "published": made.selection.as_dict() if made.selection else None,
        "mean_note": mean_note(float(made.best(test.scores).mean()), float(test.positive.mean())),
    }


def mean_note(mean: float, prevalence: float) -> str:
    """Return how far the mean of published probabilities is from the prevalence, or an empty text within 5 % of it.

    >>> mean_note(0.6, 0.5)
    'the mean of the published probabilities on test is 20 % above the prevalence'
    """
    if abs(mean - prevalence) <= TOLERANCE * prevalence:
        return ""
    return missed_words(mean - prevalence, prevalence, of="the mean of the published probabilities on test")


def correction_record(
    correction: PriorCorrection, learners: dict[str, dict[str, Any]], *, positive_class: str, test_prevalence: float
) -> dict[str, Any]:
    """Return the published correction of a version: the prior correction, and the further steps for each learner.

    Args:
        correction: The correction for the train table of these learners.
        learners: The result of `learner_correction` by learner.
        positive_class: The name of the positive class.
        test_prevalence: The share of positives in test.
    """
    return {
        "positive_class": positive_class,
        **correction.as_dict(),
        "test_prevalence": test_prevalence,
        "learners": learners,
    }


def learner_correction(
    made: Probabilities, calibration: dict[str, Any], scores: Floats, *, threshold: float
) -> dict[str, Any]:
    """Return a learner's threshold on each scale, the quality of its probabilities on test, and its calibrator.

    Args:
        made: The steps to its probabilities.
        calibration: Its `calibration_record`.
        scores: Its probabilities on test.
        threshold: Its threshold, on the scale of its own probabilities.
    """
    calibrated = None
    if made.calibrator is not None:
        best = made.best_threshold(threshold)
        otherwise = (made.best(scores) >= best) != (scores >= threshold)
        calibrated = {
            **(_calibrator(made) or {}),
            "threshold_calibrated_scale": best,
            "decided_otherwise": int(otherwise.sum()),
            **calibration["calibrated"],
        }
    return {
        "threshold_training_scale": threshold,
        "threshold_natural_scale": float(made.correction.apply(threshold)),
        "before": calibration["before"],
        "after": calibration["after"] or calibration["before"],
        "calibrated": calibrated,
        "calibrated_note": made.note,
        "published": calibration["published"],
        "mean_note": calibration["mean_note"],
    }


def _calibrator(made: Probabilities) -> dict[str, Any] | None:
    if made.calibrator is None:
        return None
    return {**made.calibrator.as_dict(), "rows": made.rows, "positives": made.positives}
