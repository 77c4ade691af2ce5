"""The predictions of a model on a fold, and their metrics."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from counterpoise.compare._rounds.answer_checks import called_classes, probabilities_by_class, ranking_scores
from counterpoise.errors import EvaluationError
from counterpoise.evaluate import macro_metrics
from counterpoise.metrics import RANKING_METRICS, Confusion, Measured, Ranking, names, row_losses
from counterpoise.typing import Ints, Matrix


@dataclass(frozen=True)
class ModelOutput:
    """The output of a model for a fold's test rows.

    Attributes:
        scores: With two classes, one score per row, higher for more likely positive; otherwise shape (rows, classes).
        called: The predicted class of each row, 0 or 1; None if the model does not decide or there are more classes.
        probabilities: Whether the scores are probabilities.
    """

    scores: npt.NDArray[np.float64]
    called: npt.NDArray[np.bool_] | None
    probabilities: bool


def predict_classes(model: Any, features: Matrix, *, classes: int) -> ModelOutput:
    """Predict with a classifier: the more probable class is chosen, unless the model has its own threshold.

    Args:
        model: A fitted classifier whose classes are codes.
        features: The test rows.
        classes: The number of classes; one that the model never saw has probability 0.

    Raises:
        EvaluationError: The model gives no probabilities, and there are more than two classes.
        LearnerAnswerError: The output is invalid.
    """
    rows = len(features)
    if hasattr(model, "predict_proba"):
        probability = probabilities_by_class(model.predict_proba(features), model, rows=rows, classes=classes)
        if classes > 2:
            return ModelOutput(probability, None, probabilities=True)
        tuned = hasattr(model, "best_threshold_")
        called = (
            called_classes(model.predict(features), rows=rows) == 1 if tuned else probability[:, 1] > probability[:, 0]
        )
        return ModelOutput(probability[:, 1], called, probabilities=True)
    if classes > 2:
        raise EvaluationError(
            "no_probabilities",
            expected="a learner with predict_proba, because there are more than two classes",
            found=type(model).__name__,
            remedy="choose another learner",
        )
    scores = ranking_scores(model.decision_function(features), rows=rows)
    called = called_classes(model.predict(features), rows=rows) == 1
    return ModelOutput(scores, called, probabilities=False)


def detect_anomalies(model: Any, features: Matrix, *, decides: bool = False) -> ModelOutput:
    """Return an anomaly detector's score of each row, higher for more unusual rows.

    Args:
        model: A fitted detector.
        features: The test rows.
        decides: Whether its own decisions count, which follow from its contamination.
    """
    rows = len(features)
    scores = -ranking_scores(model.score_samples(features), rows=rows)
    called = called_classes((model.predict(features) == -1).astype(np.int64), rows=rows) == 1 if decides else None
    return ModelOutput(scores, called, probabilities=False)


def measure(output: ModelOutput, truth: Ints) -> dict[str, float | None]:
    """Return the metrics of a fold; None where a metric is undefined.

    Args:
        output: The model's output.
        truth: The true class codes; with two classes 1 for the class of interest.
    """
    if output.scores.ndim == 2:
        found = macro_metrics(output.scores, truth.astype(np.int32))
    else:
        found = _binary(output, truth == 1)
    return {name: _number(found.get(name, math.nan)) for name in names("folds")}


def measure_together(outputs: Sequence[ModelOutput], truths: Sequence[Ints]) -> dict[str, float | None]:
    """Return the metrics of the ranking of all out-of-fold scores of one repeat together; None where undefined.

    The average precision of a few positives is too high in the mean: in folds of 6 positives by .06 (600 rows, 5 %).
    That of all positives together is not, though it compares scores of different models: .277 where .282 is true.

    Args:
        outputs: The model's output on each fold.
        truths: The true class codes of each fold.
    """
    scores, truth = np.concatenate([output.scores for output in outputs]), np.concatenate(truths)
    found = measure(ModelOutput(scores, None, probabilities=False), truth)
    return {name: found[name] for name in RANKING_METRICS if name in found}


def _binary(output: ModelOutput, truth: npt.NDArray[np.bool_]) -> dict[str, float]:
    scores = output.scores
    ranking = Ranking.from_scores(scores, truth).weigh(np.ones((1, len(truth)), np.int32))
    counts = None
    if output.called is not None:
        true, called = np.array([(truth & output.called).sum()]), np.array([output.called.sum()])
        counts = Confusion.from_called(true, called, positives=float(truth.sum()), rows=float(len(truth)))
    losses = row_losses(scores, truth) if output.probabilities else {}
    means = {name: np.array([loss.mean()]) for name, loss in losses.items()}
    measured = Measured([ranking], counts, means).metrics()
    return {name: float(value[0]) for name, value in measured.items()}


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
