"""Row weights: the rows of a class weigh alike, and together as much as the rows that are wanted of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from counterpoise.strategies._kinds import Weighing

if TYPE_CHECKING:
    from counterpoise.typing import Codes, Floats


@dataclass(frozen=True, kw_only=True)
class ClassWeights(Weighing):
    """A strategy whose weights are wanted rows by rows, one constant per class."""

    def weigh(self, codes: Codes, wanted: Mapping[int, int]) -> Floats:
        """Return the weight of each row."""
        import numpy as np

        present = np.bincount(codes)
        by_class = np.ones(len(present))
        for code, number in wanted.items():
            by_class[code] = number / present[code]
        return np.asarray(by_class[codes])


STRATEGY = ClassWeights(
    name="weights",
    label="row weights",
    remark="weighs rows instead of repeating",
    family="over",
    chance=False,
    why_missed="",
    simplicity=3,
)
