"""Judge strategies by paired differences over folds: better beyond noise, or not.

The bound is that of Nadeau and Bengio ("Inference for the generalization error", Machine Learning 52, 2003): folds
share train rows, so the variance of a mean over J of them is s² (1/J + test rows / train rows). It is one-sided, and
Bonferroni's correction for the number of strategies and of learners holds the chance of a false "better" below 5 %, of
which a fifth is spent after one pass over the folds, and the rest after two.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from counterpoise.compare._corrected_error import corrected_error, falls_behind
from counterpoise.strategies import STRATEGIES

ERRORS = (0.01, 0.04)
"""The largest chances of choosing a strategy when none is better, after one pass over the folds and after two."""

LEAST_GAIN = 0.01
"""Of average precision, for a strategy to go on: less is not worth probabilities that have to be corrected."""

FEWEST_OF_A_CLASS = 10
"""Two a fold: of a class with fewer rows nothing can be shown."""


@dataclass(frozen=True)
class Pair:
    """A strategy's score on a fold, and the reference's without resampling."""

    score: float
    without: float

    @property
    def difference(self) -> float:
        """The gain by the strategy."""
        return self.score - self.without


Pairs = Mapping[int, Pair]
"""By fold; folds without a score are left out."""


@dataclass(frozen=True)
class Against:
    """A learner with the strategy, and the learner without resampling that it is compared with."""

    learner: str
    reference: str


@dataclass(frozen=True)
class Tried:
    """What is known of a strategy.

    Attributes:
        strategy: Its name.
        test_to_train: The number of test rows of a fold divided by its number of train rows.
        chances: The number of strategies times that of learners.
        folds: The number of folds of a pass.
        pairs: The pairs by fold, of each comparison.
        gainer: The learner that gains by the strategy over the best one without; empty if none is promising.
        refused: Why it could not be tried; empty if it could.
        passed_over: The strategy that was chosen before this one met all learners; empty if none was.
    """

    strategy: str
    test_to_train: float
    chances: int = 1
    folds: int = 5
    pairs: dict[Against, dict[int, Pair]] = field(default_factory=dict)
    gainer: str = ""
    refused: str = ""
    passed_over: str = ""

    @property
    def leader(self) -> str:
        """The learner that ranks best without resampling; empty before any has been tried."""
        return next((who.reference for who in self.pairs), "")

    def best(self) -> str:
        """Return the learner that gains, or the one that comes nearest to it."""
        means = {who.learner: mean_difference(found) for who, found in self._against_leader().items() if found}
        return self.gainer or max(means, key=lambda name: means[name], default=self.leader)

    def promising(self) -> str:
        """Return the learner with the largest gain of more than a corrected standard error; empty if there is none."""
        found = {who.learner: self._gains(pairs) for who, pairs in self._against_leader().items() if len(pairs) > 1}
        enough = {
            name: float(np.mean(gains))
            for name, gains in found.items()
            if np.mean(gains) > max(LEAST_GAIN, corrected_error(gains, test_to_train=self.test_to_train))
        }
        return max(enough, key=lambda name: enough[name], default="")

    def loser(self) -> str:
        """Return the learner that loses what matters and more than a corrected standard error; empty if none does."""
        for who, pairs in self.pairs.items():
            if who.learner == who.reference and who.learner != self.gainer:
                gains = self._gains(pairs)
                error = corrected_error(gains, test_to_train=self.test_to_train)
                if len(gains) > 1 and np.mean(gains) < -max(LEAST_GAIN, error):
                    return who.learner
        return ""

    @property
    def has_left(self) -> bool:
        """Whether the strategy takes no further part in the trial, whatever the other folds say."""
        return bool(self.refused or self.passed_over or (self.gainer and self.loser()))

    def by_fold(self) -> dict[int, float]:
        """Return the gain of the best learner over the leader without resampling, by fold."""
        pairs = self.pairs.get(Against(self.best(), self.leader), {})
        return {fold: pair.difference for fold, pair in pairs.items()}

    @property
    def low(self) -> float | None:
        """The lower bound of the mean gain; None for fewer than two folds."""
        gains = list(self.by_fold().values())
        return lower_bound(gains, test_to_train=self.test_to_train, level=self.confidence)

    @property
    def confidence(self) -> float:
        """The level of the bound."""
        return confidence(self.chances, passes=2 if max(self.by_fold(), default=0) >= self.folds else 1)

    @property
    def is_worth_more_folds(self) -> bool:
        """Whether other folds may prove a gain that these do not: whether it is at least two corrected errors."""
        gains = list(self.by_fold().values())
        error = corrected_error(gains, test_to_train=self.test_to_train)
        return not self.has_left and float(np.mean(gains)) >= 2 * error and (self.low or 0.0) <= 0

    @property
    def is_better(self) -> bool:
        """Whether a learner gained beyond noise, and none loses."""
        low = None if self.has_left or not self.gainer else self.low
        return low is not None and low > 0

    def _against_leader(self) -> dict[Against, dict[int, Pair]]:
        return {who: found for who, found in self.pairs.items() if who.reference == self.leader}

    @staticmethod
    def _gains(pairs: Pairs) -> list[float]:
        return [pair.difference for pair in pairs.values()]


def simplest(tried: Sequence[Tried]) -> str:
    """Return the simplest strategy within one corrected standard error of the best."""
    folds = sorted(set.intersection(*(set(one.by_fold()) for one in tried)))
    by_fold = {one.strategy: [one.by_fold()[fold] for fold in folds] for one in tried}
    best = max(by_fold.values(), key=lambda values: float(np.mean(values)))
    near = [
        name
        for name, values in by_fold.items()
        if values is best or not falls_behind(values, best, test_to_train=tried[0].test_to_train)
    ]
    return min(near, key=lambda name: (STRATEGIES[name].simplicity, -float(np.mean(by_fold[name]))))


def mean_difference(pairs: Pairs) -> float:
    """Return the mean difference over folds; 0 without any."""
    return float(np.mean([pair.difference for pair in pairs.values()])) if pairs else 0.0


def confidence(chances: int, *, passes: int = 1) -> float:
    """Return the level of each one-sided bound.

    >>> round(confidence(2), 4), round(confidence(2, passes=2), 4)
    (0.995, 0.98)

    Args:
        chances: The number of strategies times that of learners.
        passes: How many passes over the folds the bound is computed from.
    """
    return 1 - ERRORS[passes - 1] / max(1, chances)


def lower_bound(differences: Sequence[float], *, test_to_train: float, level: float) -> float | None:
    """Return the one-sided lower bound of a mean difference; None for fewer than two folds.

    Args:
        differences: One per fold.
        test_to_train: The number of test rows of a fold divided by its number of train rows.
        level: The level of confidence.

    >>> round(lower_bound([0.1, 0.2, 0.3], test_to_train=0.5, level=0.95), 4)
    -0.0666
    """
    from scipy.special import stdtrit

    if len(differences) < 2:
        return None
    factor = float(stdtrit(len(differences) - 1, level))
    return float(np.mean(differences)) - factor * corrected_error(differences, test_to_train=test_to_train)
