"""From a learner's predictions to calibrated probabilities, step by step.

There are three kinds of probability for the same rows: `before` is the learner's own; `after` is at natural prevalence,
by the prior correction; `calibrated` is the output of a calibrator that was fitted on validation. Threshold and
calibrator are both chosen on validation and evaluated once on test. A calibrator does not change the ranking, except
for the ties of isotonic regression; rankings are therefore always evaluated on the learner's own probabilities.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from counterpoise.evaluate._arms import Predictions
from counterpoise.evaluate._calibration.calibration import evaluate_probabilities
from counterpoise.evaluate._calibration.calibrators import Calibrator, CalibratorName, fit_calibrator
from counterpoise.evaluate._calibration.correction import PriorCorrection
from counterpoise.evaluate._operating_points import ScoredRows
from counterpoise.evaluate._tables import LabelCodes
from counterpoise.typing import Floats


@dataclass(frozen=True)
class Probabilities:
    """The steps from a learner's predictions to probabilities.

    Attributes:
        correction: The correction to natural prevalence.
        resampled: Whether the learner was trained at another prevalence.
        calibrator: The calibrator, applied after the correction; None if there is none.
        note: Why there is no calibrator.
        rows: The number of validation rows to fit it on.
        positives: The number of positives among them.
    """

    correction: PriorCorrection
    resampled: bool
    calibrator: Calibrator | None
    note: str
    rows: int
    positives: int

    def best(self, scores: Floats) -> Floats:
        """Return calibrated probabilities, or those at natural prevalence if there is no calibrator."""
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


def calibrate(predictions: Predictions, codes: LabelCodes, *, positive: int, method: CalibratorName) -> Probabilities:
    """Fit an arm's calibrator on validation, after the prior correction if its train rows were resampled."""
    resampled = predictions.strategy != "none"
    correction = prior_correction(codes, positive, resampled=resampled)
    truth = codes.validation == positive
    calibrator, note = fit_calibrator(correction.apply(predictions.validation[:, positive]), truth, method=method)
    return Probabilities(correction, resampled, calibrator, note, len(truth), int(truth.sum()))


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
        null; and a `note` that says why there is none.
    """
    stages = made.stages(test.scores)
    evaluated = evaluate_probabilities(stages, test.positive, resamples=resamples, rng=rng, groups=test.groups)
    return {
        **{kind: evaluated.get(kind) for kind in ("before", "after", "calibrated")},
        "calibrator": _calibrator(made),
        "note": made.note,
    }


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
    }


def _calibrator(made: Probabilities) -> dict[str, Any] | None:
    if made.calibrator is None:
        return None
    return {**made.calibrator.as_dict(), "rows": made.rows, "positives": made.positives}
