"""Train every arm: a learner on a train table, with predictions for validation and test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from counterpoise.config import LearnerName
from counterpoise.evaluate._features import FeatureEncoder, FeaturePlan
from counterpoise.evaluate._inference.bootstrap import Resampled
from counterpoise.evaluate._learners import RANDOM_LEARNERS, fit_learner, gathered_warnings
from counterpoise.evaluate._tables import Codes, EvaluationTables, LabelCodes, ResampledTrain, codes_of
from counterpoise.runtime import child_seed
from counterpoise.typing import Copies, Floats, Matrix

DUMMY = "dummy"


@dataclass(frozen=True)
class Predictions:
    """The predictions of one trained arm.

    Attributes:
        learner: The learner's name.
        strategy: The strategy that its train rows were resampled with.
        validation: Probabilities, shape (validation rows, classes).
        test: Probabilities, shape (test rows, classes).
        notes: Warnings of the learner during training.
    """

    learner: str
    strategy: str
    validation: Matrix
    test: Matrix
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class EvaluatedArm:
    """An arm with its metrics on test.

    Attributes:
        learner: The learner's name.
        strategy: The strategy that its train rows were resampled with.
        record: Its part of the metrics record, without intervals.
        measure: Computes its test metrics under given row weights.
        notes: Notes for the reader on how it was evaluated.
    """

    learner: str
    strategy: str
    record: dict[str, Any]
    measure: Callable[[Copies], Resampled]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class StrategyArms:
    """All learners on one train table.

    Attributes:
        strategy: The strategy that the train rows were resampled with.
        predictions: One per learner.
        features: How the columns were encoded.
        notes: Notes for the reader on the encoding.
    """

    strategy: str
    predictions: tuple[Predictions, ...]
    features: dict[str, Any]
    notes: tuple[str, ...]


def dummy_predictions(tables: EvaluationTables, codes: LabelCodes) -> Predictions:
    """Return the predictions of a baseline that only knows the natural class shares."""
    shares = np.bincount(codes.train_natural, minlength=len(codes.classes)) / len(codes.train_natural)
    return Predictions(
        DUMMY, "none", np.tile(shares, (tables.validation.num_rows, 1)), np.tile(shares, (tables.test.num_rows, 1))
    )


def train_arms(
    tables: EvaluationTables, codes: LabelCodes, *, strategies: tuple[str, ...], learners: tuple[LearnerName, ...],
    seed: int,
) -> Iterator[StrategyArms | Predictions]:  # fmt: skip
    """Train each learner on each train table; yield each arm when it is ready, and its strategy after its last arm.

    Encoders, imputers, scalers and learners see only their own train table. Both arms of a learner get the same seed.
    """
    fitting = FittingTask.of(tables, codes, seed=seed)
    for strategy in strategies:
        if strategy == "none":
            train, labels = tables.train_natural, _TrainLabels(codes.train_natural, len(codes.classes))
        else:
            train = tables.train_resampled
            labels = _TrainLabels(codes.train_resampled, len(codes.classes), codes.weights)
        encoded = fitting.encode(train)
        done = []
        for learner in learners:
            done.append(_train_one(learner, strategy, encoded, labels, seed=child_seed(seed, "evaluate", learner)))
            yield done[-1]
        yield StrategyArms(strategy, tuple(done), encoded.features, (*fitting.plan.notes(), *encoded.notes))


def draws_at_random(learner: str) -> bool:
    """Return whether a learner's predictions depend on its seed."""
    return learner in RANDOM_LEARNERS


@dataclass(frozen=True)
class FittingTask:
    """What is common to all fits of an evaluation.

    Attributes:
        tables: The tables to predict.
        codes: Their labels.
        plan: How columns are encoded.
        seed: The run's seed.
    """

    tables: EvaluationTables
    codes: LabelCodes
    plan: FeaturePlan
    seed: int

    @classmethod
    def of(cls, tables: EvaluationTables, codes: LabelCodes, *, seed: int) -> FittingTask:
        """Plan the encoding by the natural train rows."""
        return cls(tables, codes, FeaturePlan.of(tables.train_natural, tables.target), seed)

    def encode(self, train: pa.Table) -> _Encoded:
        """Encode a train table, and validation and test as it is."""
        return _encode(
            FeatureEncoder(self.plan, seed=child_seed(self.seed, "evaluate", "features")), train, self.tables
        )

    def fit(
        self, strategy: str, train: ResampledTrain, *, learners: tuple[LearnerName, ...], draw: int
    ) -> list[Predictions]:
        """Train learners on a further draw; those with a seed of their own get another one for each draw."""
        codes = codes_of(train.table, self.tables.target, classes=self.codes.classes)
        labels, encoded = _TrainLabels(codes, len(self.codes.classes), train.weights), self.encode(train.table)
        return [
            _train_one(name, strategy, encoded, labels, seed=child_seed(self.seed, "evaluate", name, "draw", draw))
            for name in learners
        ]


@dataclass(frozen=True)
class _TrainLabels:
    """Class codes of train rows, and their weights."""

    codes: Codes
    classes: int
    weights: Floats | None = None


@dataclass(frozen=True)
class _Encoded:
    train: Matrix
    validation: Matrix
    test: Matrix
    features: dict[str, Any]
    notes: tuple[str, ...]


def _encode(encoder: FeatureEncoder, train: pa.Table, tables: EvaluationTables) -> _Encoded:
    with gathered_warnings() as notes:
        features = encoder.fit_transform(train)
        validation, test = encoder.transform(tables.validation), encoder.transform(tables.test)
    if encoder.infinite:
        notes.append("infinite values counted as missing for the learners")
    return _Encoded(features, validation, test, encoder.describe(), tuple(notes))


def _train_one(
    learner: LearnerName, strategy: str, encoded: _Encoded, labels: _TrainLabels, *, seed: int
) -> Predictions:
    fitted, notes = fit_learner(
        learner, encoded.train, labels.codes, classes=labels.classes, seed=seed, weights=labels.weights
    )
    with gathered_warnings() as more:
        validation, test = fitted.probabilities(encoded.validation), fitted.probabilities(encoded.test)
    return Predictions(learner, strategy, validation, test, (*notes, *more))
