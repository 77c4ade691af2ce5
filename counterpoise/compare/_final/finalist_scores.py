"""The scores of the finalists: the labels of the untouched rows, the evaluation task, and each refit's arm."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from counterpoise.compare._rounds.training_rows import TrainingRows
from counterpoise.errors import EvaluationError
from counterpoise.evaluate import (
    Codes,
    EvaluatedArm,
    EvaluationTask,
    LabelCodes,
    Predictions,
    arm_key,
)
from counterpoise.records import Snapshot
from counterpoise.results import Candidate, Comparison, HeldOut, Refit
from counterpoise.split import expects_equal_rows
from counterpoise.table import SnapshotReader, read_labels
from counterpoise.typing import Floats


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
        equal_rows=held_out.equal_rows,
        amounts={name: np.load(path) for name, path in held_out.amounts.items()} if comparison.positive >= 0 else {},
        coincidences=held_out.equal_rows and _expects_equal_rows(comparison, held_out.test),
    )
    positive = None if comparison.positive < 0 else comparison.positive
    return EvaluationTask(codes, "none", positive, comparison.rules.evaluation)


def score_finalist(task: EvaluationTask, refit: Refit) -> FinalistScores:
    """Score a refit on test; one without probabilities by its ranking and its decisions."""
    outputs = {part: np.load(Path(refit.answers) / f"{part}.npy") for part in ("validation", "test")}
    if not refit.probabilities:
        scored = Predictions(refit.learner, refit.strategy, **outputs, notes=refit.notes)
        return FinalistScores(refit, scored, task.evaluate_ranking(scored))
    shares = {part: _by_class(scores, task) for part, scores in outputs.items()}
    predictions = Predictions(refit.learner, refit.strategy, **shares, notes=refit.notes)
    return FinalistScores(refit, predictions, task.evaluate(predictions))


def _expects_equal_rows(comparison: Comparison, test: Snapshot) -> bool:
    """Return whether equal test rows may well be independent."""
    features = TrainingRows(comparison).source.roles.features
    return expects_equal_rows(SnapshotReader(test).read_columns(features))


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
