"""The sampler that represents the run's strategy in the leak simulation: random over-sampling or SMOTE."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from counterpoise.strategies import STRATEGIES
from counterpoise.typing import Mask, Matrix

_NEIGHBORS = 5
_ROUNDING = 1e-9
"""So that 0.3 of ten rows are three, though the floating-point product is slightly less."""


@dataclass(frozen=True)
class LeakSampler:
    """A sampler that adds rows of the rarer of two classes.

    Attributes:
        name: `random_over` repeats rows, `smote` interpolates between neighbours; empty if the strategy adds none.
        ratio: The wanted size of the rarer class as a share of the larger one.
        seed: The random seed.
    """

    name: str
    ratio: float
    seed: int

    @classmethod
    def of(cls, strategy: str, *, ratio: float, seed: int) -> LeakSampler:
        """Return the sampler for a strategy: SMOTE for synthetic rows, repetition for copies and weights."""
        known = STRATEGIES[strategy]
        added = "random_over" if known.sees == "labels" else "smote"
        return cls(added if known.grows else "", ratio, seed)

    def adds_to(self, positive: Mask) -> int:
        """Return the number of rows to add to the rarer class."""
        fewer, more = sorted((int(positive.sum()), int((~positive).sum())))
        return max(0, math.floor(self.ratio * more + _ROUNDING) - fewer)

    def resample(self, features: Matrix, positive: Mask) -> tuple[Matrix, Mask]:
        """Return the rows together with the added ones.

        Args:
            features: Encoded, scaled features without missing values, shape (rows, columns).
            positive: Which rows are of the class of interest; the rarer class has at least two.
        """
        from imblearn.over_sampling import SMOTE, RandomOverSampler

        if not (added := self.adds_to(positive)):
            return features, positive
        rarer = bool(positive.sum() < (~positive).sum())
        fewer = int((positive == rarer).sum())
        wanted = {rarer: fewer + added}
        if self.name == "smote":
            neighbors = min(_NEIGHBORS, fewer - 1)
            sampler = SMOTE(sampling_strategy=wanted, k_neighbors=neighbors, random_state=self.seed)
        else:
            sampler = RandomOverSampler(sampling_strategy=wanted, random_state=self.seed)
        matrix, labels = sampler.fit_resample(features, positive)
        return np.asarray(matrix), np.asarray(labels, dtype=np.bool_)
