"""How many rows of each class the resampled train partition should have."""

from __future__ import annotations

import math
from collections.abc import Mapping

from counterpoise.core.config import StrategyName

__all__ = ["wanted_rows"]


def wanted_rows(counts: Mapping[str, int], *, strategy: StrategyName, ratio: float) -> dict[str, int]:
    """Return the wanted rows of each class that has any.

    Over-sampling raises every class to `ratio` times the largest; under-sampling lowers every class to the smallest
    divided by `ratio`. No class is changed the other way.

    >>> wanted_rows({"a": 100, "b": 10}, strategy="smote", ratio=0.5)
    {'a': 100, 'b': 50}
    >>> wanted_rows({"a": 100, "b": 10}, strategy="random_under", ratio=0.5)
    {'a': 20, 'b': 10}
    """
    present = {name: count for name, count in counts.items() if count}
    if strategy == "none":
        return present
    if strategy == "random_under":
        most = math.floor(min(present.values()) / ratio + 1e-9)
        return {name: min(count, most) for name, count in present.items()}
    least = math.floor(max(present.values()) * ratio + 1e-9)
    return {name: max(count, least) for name, count in present.items()}
