"""The scores of the finalists: the labels of the untouched rows, the evaluation task, and each refit's arm."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from counterpoise.compare._rounds.training_rows import TrainingRows
from counterpoise.errors import EvaluationError
from counterpoise.evaluate import (
    Codes,
    EvaluatedArm,
    EvaluationTask,
    LabelCodes,
    Predictions,
    Resampled,
    arm_key,
    pr_curve,
    roc_curve,
)
from counterpoise.metrics import HEADLINE, Measured, Ranking
from counterpoise.records import Snapshot
from counterpoise.results import Candidate, Comparison, HeldOut, Refit
from counterpoise.table import SnapshotReader, read_labels
from counterpoise.typing import Copies, Floats


@dataclass(frozen=True)
class FinalistScores:
    """A refit with its predictions and its arm."""

    refit: Refit
    predictions: Predictions
    arm: EvaluatedArm

    @property
    def candidate(self) -> Candidate:
        """The candidate that was refitted."""
        return Candidate(strategy=self.refit.strategy, learner=self.refit.learner)

    @property
    def key(self) -> str:
        """The key of its resampled metrics."""
        return arm_key(self.refit.learner, self.refit.strategy)


def task_of(comparison: Comparison, held_out: HeldOut) -> EvaluationTask:
    """Return the evaluation task: the labels of all partitions and the settings.

    Raises:
        EvaluationError: A validation or test row has a class that the comparison does not know.
    """
    train = TrainingRows(comparison).source.labels.codes
    codes = LabelCodes(
        classes=comparison.classes,
        train_natural=train,
        train_resampled=train,
        validation=_codes(comparison, held_out.validation, "validation"),
        test=_codes(comparison, held_out.test, "test"),
        groups={name: np.load(path) for name, path in held_out.groups.items()},
    )
    positive = None if comparison.positive < 0 else comparison.positive
    return EvaluationTask(codes, "none", positive, comparison.rules.evaluation)


def score_finalist(task: EvaluationTask, refit: Refit) -> FinalistScores:
    """Score a refit on test; one without probabilities by its ranking only."""
    outputs = {part: np.load(Path(refit.answers) / f"{part}.npy") for part in ("validation", "test")}
    if not refit.probabilities:
        scored = Predictions(refit.learner, refit.strategy, **outputs, notes=refit.notes)
        return FinalistScores(refit, scored, _score_ranking(scored, task))
    shares = {part: _by_class(scores, task) for part, scores in outputs.items()}
    predictions = Predictions(refit.learner, refit.strategy, **shares, notes=refit.notes)
    return FinalistScores(refit, predictions, task.evaluate(predictions))


def _codes(comparison: Comparison, rows: Snapshot, name: str) -> Codes:
    """Return the labels of untouched rows as class codes of the comparison."""
    labels = read_labels(SnapshotReader(rows), comparison.rules.columns.target)
    unknown = [one for one in labels.classes if one not in comparison.classes]
    if unknown or (labels.codes < 0).any():
        raise EvaluationError(
            "unknown_class",
            expected=f"in {name} only classes that train has",
            found=", ".join(map(repr, unknown)) or "rows without a class",
            remedy="raise tournament.max_train_rows, or set tournament.final to false",
        )
    places = np.array([comparison.classes.index(one) for one in labels.classes], np.int32)
    return places[labels.codes]


def _by_class(scores: Floats, task: EvaluationTask) -> Floats:
    """Return probabilities of shape (rows, classes); with two classes the scores are those of the class of interest."""
    if task.positive is None:
        return scores
    return np.column_stack([scores, 1 - scores] if task.positive == 0 else [1 - scores, scores])


def _score_ranking(scored: Predictions, task: EvaluationTask) -> EvaluatedArm:
    """Score a model without probabilities: its ranking, and nothing that needs a threshold."""
    validation, test = (
        (rows, truth == task.positive)
        for rows, truth in ((scored.validation, task.codes.validation), (scored.test, task.codes.test))
    )
    known, ranking = Ranking.from_scores(*validation), Ranking.from_scores(*test)

    def measure(weights: Copies) -> Resampled:
        return Measured([ranking.weigh(weights)]).metrics()

    record: dict[str, Any] = {
        "threshold": None,
        "validation": {HEADLINE.name: float(known.weigh(_once(validation[0])).average_precision[0])},
        "test": {metric: float(value[0]) for metric, value in measure(_once(test[0])).items()},
        "pr_curve": pr_curve(*test),
        "roc_curve": roc_curve(*test),
    }
    return EvaluatedArm(scored.learner, scored.strategy, record, measure)


def _once(rows: Floats) -> Copies:
    return np.ones((1, len(rows)), np.int32)
