"""The evaluation task: the class of interest, how an arm is evaluated, and which rows count towards a verdict."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from counterpoise.config import EvaluationConfig
from counterpoise.evaluate._arms import EvaluatedArm, Predictions
from counterpoise.evaluate._binary import evaluate_binary, evaluate_scores, positive_code
from counterpoise.evaluate._multiclass import evaluate_multiclass
from counterpoise.evaluate._tables import Codes, LabelCodes
from counterpoise.typing import Matrix


@dataclass(frozen=True)
class EvaluationTask:
    """The task of an evaluation, before any learner is trained.

    Attributes:
        codes: The labels of all tables.
        strategy: The strategy behind the resampled train rows.
        positive: The code of the class of interest; None with more than two classes.
        config: Learners, threshold rule and number of bootstrap resamples.
    """

    codes: LabelCodes
    strategy: str
    positive: int | None
    config: EvaluationConfig

    @classmethod
    def of(cls, codes: LabelCodes, *, strategy: str, config: EvaluationConfig) -> EvaluationTask:
        """Build the task from the labels and the configuration.

        Raises:
            ConfigError: With two classes, `evaluation.positive_class` names neither.
        """
        binary = len(codes.classes) == 2
        return cls(codes, strategy, positive_code(codes, config.positive_class) if binary else None, config)

    @property
    def strategies(self) -> tuple[str, ...]:
        """The strategies that learners are trained with."""
        return ("none",) if self.strategy == "none" else ("none", self.strategy)

    @property
    def positive_class(self) -> str | None:
        """The class of interest."""
        return None if self.positive is None else self.codes.classes[self.positive]

    @property
    def rankings(self) -> int:
        """The number of rankings per arm."""
        return len(np.unique(self.codes.test)) if self.positive is None else 1

    @property
    def deciding_rows(self) -> int:
        """The number of test rows (or groups of them) of the rarer class, or of the smallest non-empty one."""
        counts = self.units_by_class
        return int(counts.min() if self.positive is not None else counts[counts > 0].min())

    @property
    def units_by_class(self) -> npt.NDArray[np.int64]:
        """Test rows by class, or the number of groups that have such rows."""
        groups, classes = self.codes.groups.get("test"), len(self.codes.classes)
        if groups is None:
            return np.bincount(self.codes.test, minlength=classes)
        return np.array([len(np.unique(groups[self.codes.test == code])) for code in range(classes)])

    @property
    def test_units(self) -> tuple[int, int]:
        """The test rows of the class of interest and of the other class, or their groups; 0 with more classes."""
        if self.positive is None:
            return 0, 0
        counts = self.units_by_class
        return int(counts[self.positive]), int(counts[1 - self.positive])

    @property
    def counted(self) -> str:
        """The name of the rows that `deciding_rows` counts."""
        grouped = {"groups": "groups with ", "equal_rows": "distinct ", "rows": ""}[self.codes.unit]
        if self.positive is None:
            return f"{grouped or 'test '}rows in the smallest class"
        positives = int(self.units_by_class[self.positive])
        return grouped + ("positives" if positives == self.deciding_rows else "negatives")

    @property
    def chance(self) -> float:
        """The average precision of a random ranking: the test prevalence, or its mean over the classes."""
        if self.positive is None:
            return 1 / self.rankings
        return float((self.codes.test == self.positive).mean())

    @property
    def costs(self) -> dict[str, float]:
        """The costs of a false positive and a false negative."""
        config = self.config
        return {"false_positive": config.cost_false_positive, "false_negative": config.cost_false_negative}

    def called(self, probability: Matrix, threshold: float | None) -> Codes:
        """Return the class code that is decided on for each row: the most probable one, or by the threshold.

        Args:
            probability: Shape (rows, classes), or the scores of the class of interest.
            threshold: The threshold of the class of interest; None with more than two classes.
        """
        if self.positive is None or threshold is None:
            return np.asarray(probability.argmax(axis=1), np.int32)
        called = (probability if probability.ndim == 1 else probability[:, self.positive]) >= threshold
        return np.where(called, self.positive, 1 - self.positive).astype(np.int32)

    def evaluate(self, predictions: Predictions) -> EvaluatedArm:
        """Evaluate an arm: threshold from validation, then test once."""
        if self.positive is None:
            return evaluate_multiclass(predictions, self.codes)
        return evaluate_binary(predictions, self.codes, positive=self.positive, config=self.config)

    def evaluate_ranking(self, predictions: Predictions) -> EvaluatedArm:
        """Evaluate an arm whose scores are no probabilities, one per row: its ranking and its decisions."""
        assert self.positive is not None  # noqa: S101  # with more classes every arm needs probabilities
        return evaluate_scores(predictions, self.codes, positive=self.positive, config=self.config)
