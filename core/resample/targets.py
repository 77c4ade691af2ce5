"""How many rows of each class the resampled train partition should have."""

from __future__ import annotations

import math
from collections.abc import Mapping

from counterpoise.core.config import ResamplingConfig
from counterpoise.core.errors import ResamplingError
from counterpoise.core.strategies import STRATEGIES

__all__ = ["wanted_rows"]


def wanted_rows(counts: Mapping[str, int], config: ResamplingConfig) -> dict[str, int]:
    """Return the wanted rows of each class that has any.

    Over-sampling raises every class to its ratio times the largest; under-sampling lowers every class to the smallest
    divided by its ratio. No class is changed the other way. Cleaning strategies have no target: each class stays.

    >>> wanted_rows({"a": 100, "b": 10}, ResamplingConfig(strategy="smote", ratio=0.5))
    {'a': 100, 'b': 50}
    >>> wanted_rows({"a": 100, "b": 10}, ResamplingConfig(strategy="random_under", ratio=0.5))
    {'a': 20, 'b': 10}

    Raises:
        ResamplingError: A ratio is given for a class that is not there.
    """
    present = {name: count for name, count in counts.items() if count}
    ratios = _class_ratios(counts, config)
    family = STRATEGIES[config.strategy].family
    if family == "under":
        least = min(present.values())
        return {name: min(count, math.floor(least / ratios[name] + 1e-9)) for name, count in present.items()}
    if family in ("over", "combine"):
        most = max(present.values())
        return {name: max(count, math.floor(most * ratios[name] + 1e-9)) for name, count in present.items()}
    return present


def _class_ratios(counts: Mapping[str, int], config: ResamplingConfig) -> dict[str, float]:
    own = config.ratios()
    if unknown := sorted(set(own) - set(counts)):
        raise ResamplingError(
            "unknown_class",
            expected=f"ratios of classes that are there: {', '.join(map(repr, list(counts)[:20]))}",
            found=", ".join(map(repr, unknown)),
            remedy="correct resampling.ratio or resampling.class_ratios",
            values={"classes": unknown},
        )
    return {name: own.get(name, config.ratio) for name in counts}
