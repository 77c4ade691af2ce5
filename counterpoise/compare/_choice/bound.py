"""Judge strategies by paired differences over folds: better beyond noise, or not.

The bound is that of Nadeau and Bengio ("Inference for the generalization error", Machine Learning 52, 2003): folds
share train rows, so the variance of a mean over J of them is s² (1/J + test rows / train rows). It is one-sided, and
Bonferroni's correction for the number of strategies holds the chance of a false "better" below 5 %.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from counterpoise.compare._corrected_error import corrected_error, falls_behind
from counterpoise.strategies import STRATEGIES

ERROR = 0.05
"""The largest chance of choosing a strategy when none is better."""


@dataclass(frozen=True)
class Pair:
    """A strategy's score on a fold, and that of no resampling with the same learner."""

    score: float
    without: float

    @property
    def difference(self) -> float:
        """The gain by the strategy."""
        return self.score - self.without


Pairs = Mapping[int, Pair]
"""By fold; folds without a score are left out."""


@dataclass(frozen=True)
class Tried:
    """What is known of a strategy.

    Attributes:
        strategy: Its name.
        test_to_train: The number of test rows of a fold divided by its number of train rows.
        learners: The pairs by learner.
        refused: Why it could not be tried; empty if it could.
        passed_over: The strategy that was chosen before this one met all learners; empty if none was.
    """

    strategy: str
    test_to_train: float
    learners: dict[str, dict[int, Pair]] = field(default_factory=dict)
    refused: str = ""
    passed_over: str = ""

    def loser(self) -> str:
        """Return the learner that speaks against the strategy; empty if none does so far.

        The first learner must gain more than one corrected standard error, the others must not lose as much.
        """
        for place, (name, pairs) in enumerate(self.learners.items()):
            error = corrected_error([pair.difference for pair in pairs.values()], test_to_train=self.test_to_train)
            if mean_difference(pairs) <= (-error if place else error) or not pairs:
                return name
        return ""

    @property
    def has_left(self) -> bool:
        """Whether the strategy takes no further part in the trial, whatever the other folds say."""
        return bool(self.refused or self.passed_over or self.loser())

    def by_fold(self) -> list[float]:
        """Return the mean difference of the learners, for each fold that all of them have."""
        common = set.intersection(*(set(pairs) for pairs in self.learners.values()))
        return [float(np.mean([pairs[fold].difference for pairs in self.learners.values()])) for fold in sorted(common)]

    def low(self, strategies: int) -> float | None:
        """Return the lower bound of the mean difference; None for fewer than two folds."""
        return lower_bound(self.by_fold(), test_to_train=self.test_to_train, level=confidence(strategies))

    def is_promising(self) -> bool:
        """Whether the learners' mean gained a corrected standard error: if not, more folds will hardly prove it."""
        values = self.by_fold()
        return bool(values) and float(np.mean(values)) > corrected_error(values, test_to_train=self.test_to_train)

    def is_better(self, strategies: int) -> bool:
        """Whether no learner speaks against it, and their mean gained beyond noise."""
        low = None if self.has_left else self.low(strategies)
        return low is not None and low > 0


def simplest(tried: Sequence[Tried]) -> str:
    """Return the simplest strategy within one corrected standard error of the best."""
    by_fold = {one.strategy: one.by_fold() for one in tried}
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


def confidence(strategies: int) -> float:
    """Return the level of each one-sided bound if a number of strategies is tried.

    >>> round(confidence(2), 3)
    0.975
    """
    return 1 - ERROR / max(1, strategies)


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
