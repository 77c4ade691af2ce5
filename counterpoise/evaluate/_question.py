"""What a comparison asks: which class is of interest, how an arm is judged, and what counts towards a verdict."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from counterpoise.config import EvaluationConfig
from counterpoise.evaluate._arms import JudgedArm, Predictions
from counterpoise.evaluate._binary import judge_binary, positive_code
from counterpoise.evaluate._multiclass import judge_multiclass
from counterpoise.evaluate._tables import LabelCodes

__all__ = ["Question"]


@dataclass(frozen=True)
class Question:
    """A comparison before any learner is trained.

    Attributes:
        codes: The labels of all tables.
        strategy: What the resampled train rows went through.
        positive: The code of the class of interest; None with more than two classes.
        config: Learners, threshold rule and number of bootstrap resamples.
    """

    codes: LabelCodes
    strategy: str
    positive: int | None
    config: EvaluationConfig

    @classmethod
    def of(cls, codes: LabelCodes, *, strategy: str, config: EvaluationConfig) -> Question:
        """Build the question.

        Raises:
            ConfigError: With two classes, `evaluation.positive_class` names neither.
        """
        binary = len(codes.classes) == 2
        return cls(codes, strategy, positive_code(codes, config.positive_class) if binary else None, config)

    @property
    def strategies(self) -> tuple[str, ...]:
        """The train tables that learners are trained on."""
        return ("none",) if self.strategy == "none" else ("none", self.strategy)

    @property
    def positive_class(self) -> str | None:
        """The class of interest."""
        return None if self.positive is None else self.codes.classes[self.positive]

    @property
    def rankings(self) -> int:
        """How many rankings are judged an arm."""
        return len(np.unique(self.codes.test)) if self.positive is None else 1

    @property
    def deciding_rows(self) -> int:
        """Test rows of the rarer of two classes, or of the smallest class that has any; where grouped, their groups."""
        counts = self._units_by_class
        return int(counts.min() if self.positive is not None else counts[counts > 0].min())

    @property
    def _units_by_class(self) -> npt.NDArray[np.int64]:
        """Test rows by class, or the groups that have such rows."""
        groups, classes = self.codes.groups.get("test"), len(self.codes.classes)
        if groups is None:
            return np.bincount(self.codes.test, minlength=classes)
        return np.array([len(np.unique(groups[self.codes.test == code])) for code in range(classes)])

    @property
    def test_units(self) -> tuple[int, int]:
        """Test rows of the class of interest and the others, or the groups with such rows; 0 with more classes."""
        if self.positive is None:
            return 0, 0
        counts = self._units_by_class
        return int(counts[self.positive]), int(counts[1 - self.positive])

    @property
    def counted(self) -> str:
        """What `deciding_rows` counts."""
        grouped = "groups with " if self.codes.groups else ""
        if self.positive is None:
            return f"{grouped or 'test '}rows in the smallest class"
        positives = int(self._units_by_class[self.positive])
        return grouped + ("positives" if positives == self.deciding_rows else "negatives")

    @property
    def chance(self) -> float:
        """The average precision of a ranking by chance: the test prevalence, or its mean over the classes."""
        if self.positive is None:
            return 1 / self.rankings
        return float((self.codes.test == self.positive).mean())

    @property
    def costs(self) -> dict[str, float]:
        """What a false positive and a false negative cost."""
        config = self.config
        return {"false_positive": config.cost_false_positive, "false_negative": config.cost_false_negative}

    def judge(self, predictions: Predictions) -> JudgedArm:
        """Judge an arm: threshold from validation, test once."""
        if self.positive is None:
            return judge_multiclass(predictions, self.codes)
        return judge_binary(predictions, self.codes, positive=self.positive, config=self.config)
