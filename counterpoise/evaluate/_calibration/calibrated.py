"""From what a learner answers to a probability that can be taken at its word, step by step.

Three kinds of probability of the same rows: `before` is the learner's own; `after` is at natural prevalence, by the
prior correction; `calibrated` has gone through a calibrator that was fitted on validation. Threshold and calibrator are
both chosen there, and test judges both once. A calibrator changes no ranking but for ties that isotonic regression
makes, which is why rankings are always judged on the learner's own probabilities.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from counterpoise.evaluate._arms import Predictions
from counterpoise.evaluate._calibration.calibration import judge_probabilities
from counterpoise.evaluate._calibration.calibrators import Calibrator, CalibratorName, fit_calibrator
from counterpoise.evaluate._calibration.correction import PriorCorrection
from counterpoise.evaluate._operating_points import ScoredRows
from counterpoise.evaluate._tables import LabelCodes
from counterpoise.typing import Floats

__all__ = [
    "Probabilities",
    "calibrate",
    "calibration_record",
    "correction_record",
    "learner_correction",
    "prior_correction",
]


@dataclass(frozen=True)
class Probabilities:
    """How a learner's answers become probabilities.

    Attributes:
        correction: To natural prevalence.
        resampled: Whether the learner was trained at another prevalence.
        calibrator: From there to what validation showed; None where there is none.
        note: Why there is none.
        rows: Validation rows that it was fitted on, or would have been.
        positives: The positives among them.
    """

    correction: PriorCorrection
    resampled: bool
    calibrator: Calibrator | None
    note: str
    rows: int
    positives: int

    def best(self, scores: Floats) -> Floats:
        """Return calibrated probabilities, those at natural prevalence where there is no calibrator."""
        natural = self.correction.apply(scores)
        return natural if self.calibrator is None else self.calibrator.apply(natural)

    def stages(self, scores: Floats) -> dict[str, Floats]:
        """Return the kinds of probability that there are; without resampling `after` is `before`, and left out."""
        kinds = {"before": scores}
        if self.resampled:
            kinds["after"] = self.correction.apply(scores)
        if self.calibrator is not None:
            kinds["calibrated"] = self.best(scores)
        return kinds

    def best_threshold(self, threshold: float) -> float:
        """Return a threshold on the learner's answers in the scale of `best`; above 1 nobody is called in either."""
        return threshold if threshold > 1 else float(self.best(np.array([threshold]))[0])


def prior_correction(codes: LabelCodes, positive: int, *, resampled: bool) -> PriorCorrection:
    """Return the correction for the train tables, both of which hold both classes."""
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
    """Return how good each kind of probability is on test, and the calibrator.

    Args:
        made: How they are made.
        test: The test rows with the learner's probabilities.
        resamples: Bootstrap resamples wanted for the intervals.
        rng: Where they come from.

    Returns:
        `before`, `after` and `calibrated` as by `judge_probabilities`, null where there is no such kind, `calibrator`
        with its method, parameters and the `rows` and `positives` of validation that it was fitted on, or null, and a
        `note` why there is none.
    """
    stages = made.stages(test.scores)
    judged = judge_probabilities(stages, test.positive, resamples=resamples, rng=rng, groups=test.groups)
    return {
        **{kind: judged.get(kind) for kind in ("before", "after", "calibrated")},
        "calibrator": _calibrator(made),
        "note": made.note,
    }


def correction_record(
    correction: PriorCorrection, learners: dict[str, dict[str, Any]], *, positive_class: str, test_prevalence: float
) -> dict[str, Any]:
    """Return what is published beside the version: the prior correction and by learner all that follows it.

    Args:
        correction: That of the train table that all of these learners were trained on.
        learners: By learner what `learner_correction` returns.
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
    """Return a learner's threshold in each scale, its kinds of probability on test, and its calibrator.

    Args:
        made: How its probabilities are made.
        calibration: Its `calibration_record`.
        scores: Its probabilities on test.
        threshold: Its threshold, in the scale of its own probabilities.
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
