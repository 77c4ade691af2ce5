"""Judging an arm where there are two classes."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from counterpoise.core.config import EvaluationConfig
from counterpoise.core.errors import ConfigError
from counterpoise.core.evaluate.arms import JudgedArm, Predictions
from counterpoise.core.evaluate.bootstrap import Resampled, Weights
from counterpoise.core.evaluate.correction import PriorCorrection
from counterpoise.core.evaluate.curves import pr_curve, reliability_bins, roc_curve
from counterpoise.core.evaluate.decisions import Confusion, choose_threshold, decision_metrics, four_counts
from counterpoise.core.evaluate.ranking import Ranking
from counterpoise.core.evaluate.tables import LabelCodes

__all__ = ["correction_record", "judge_binary", "log_losses", "positive_code", "prior_correction"]

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


def positive_code(codes: LabelCodes, wanted: str) -> int:
    """Return the code of the class of interest: the wanted one, else the rarer one in natural train.

    Raises:
        ConfigError: The wanted class is not among the classes.
    """
    if wanted and wanted not in codes.classes:
        raise ConfigError(
            "positive_class",
            expected="evaluation.positive_class to be one of the classes",
            found=f"{wanted!r}, while the classes are {', '.join(map(repr, codes.classes))}",
            remedy="correct evaluation.positive_class, or leave it empty for the rarer class",
        )
    if wanted:
        return codes.classes.index(wanted)
    counts = np.bincount(codes.train_natural, minlength=2)
    return int(counts[1] <= counts[0])


def judge_binary(predictions: Predictions, codes: LabelCodes, *, positive: int, config: EvaluationConfig) -> JudgedArm:
    """Choose the threshold on validation, then judge the arm on test once."""
    scores, truth = predictions.test[:, positive], codes.test == positive
    choice = choose_threshold(
        predictions.validation[:, positive], codes.validation == positive, metric=config.threshold
    )
    measure = _measure(scores, truth, choice.value)
    record = {
        "threshold": choice.value,
        "validation": {
            "threshold_metric": choice.score,
            "average_precision": _validation_ap(predictions, codes, positive),
        },
        "test": _first(measure(np.ones((1, len(scores)), np.int32))),
        "confusion": four_counts(scores >= choice.value, truth),
        "mean_probability": float(scores.mean()),
        "pr_curve": pr_curve(scores, truth),
        "roc_curve": roc_curve(scores, truth),
        "reliability": reliability_bins(scores, truth),
    }
    return JudgedArm(predictions.learner, predictions.strategy, record, measure)


def prior_correction(codes: LabelCodes, positive: int, *, resampled: bool) -> PriorCorrection:
    """Return the correction for the train tables, both of which hold both classes."""
    natural = float((codes.train_natural == positive).mean())
    training = float(np.average(codes.train_resampled == positive, weights=codes.weights)) if resampled else natural
    return PriorCorrection(natural=natural, training=training)


def correction_record(
    correction: PriorCorrection, arms: list[tuple[Predictions, JudgedArm]], codes: LabelCodes, *, positive: int
) -> dict[str, Any]:
    """Return the correction with what it does to each learner on test.

    Args:
        correction: The correction of the train table that the arms were trained on.
        arms: The learners trained on that table.
        codes: The labels.
        positive: The code of the positive class.
    """
    truth = codes.test == positive
    return {
        "positive_class": codes.classes[positive],
        **correction.as_dict(),
        "test_prevalence": float(truth.mean()),
        "learners": {
            predictions.learner: _corrected(correction, predictions.test[:, positive], truth, arm.record["threshold"])
            for predictions, arm in arms
        },
    }


def log_losses(probability: Floats) -> Floats:
    """Return minus the logarithm, of 2.2e-16 at least, as scikit-learn clips it."""
    return -np.log(np.clip(probability, np.finfo(np.float64).eps, 1.0))


def _corrected(correction: PriorCorrection, scores: Floats, truth: Mask, threshold: float) -> dict[str, Any]:
    after = correction.apply(scores)
    return {
        "threshold_training_scale": threshold,
        "threshold_natural_scale": float(correction.apply(threshold)),
        "before": _probability_quality(scores, truth),
        "after": {**_probability_quality(after, truth), "reliability": reliability_bins(after, truth)},
    }


def _probability_quality(scores: Floats, truth: Mask) -> dict[str, float]:
    return {
        "mean_probability": float(scores.mean()),
        "brier": float(np.mean((scores - truth) ** 2)),
        "log_loss": float(log_losses(np.where(truth, scores, 1 - scores)).mean()),
    }


def _measure(scores: Floats, truth: Mask, threshold: float) -> Any:
    """Return a function from row weights to the test metrics under them."""
    ranking = Ranking.from_scores(scores, truth)
    called = scores >= threshold
    columns = np.column_stack(
        [truth, truth & called, called, (scores - truth) ** 2, log_losses(np.where(truth, scores, 1 - scores))]
    ).astype(np.float64)

    def measure(weights: Weights) -> Resampled:
        quality = ranking.weigh(weights)
        positives, true, chosen, squares, losses = (weights @ columns).T
        rows = weights.sum(axis=1)
        return {
            "average_precision": quality.average_precision,
            "roc_auc": quality.roc_auc,
            **decision_metrics(Confusion.from_called(true, chosen, positives=positives, rows=rows)),
            "brier": squares / rows,
            "log_loss": losses / rows,
        }

    return measure


def _first(values: Resampled) -> dict[str, float]:
    return {metric: float(value[0]) for metric, value in values.items()}


def _validation_ap(predictions: Predictions, codes: LabelCodes, positive: int) -> float:
    scores = predictions.validation[:, positive]
    quality = Ranking.from_scores(scores, codes.validation == positive).weigh(np.ones((1, len(scores)), np.int32))
    return float(quality.average_precision[0])
