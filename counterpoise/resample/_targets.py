"""How many rows of each class the resampled train partition should have."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from counterpoise.config import ResamplingConfig
from counterpoise.errors import ResamplingError
from counterpoise.strategies import STRATEGIES

_ROUNDING = 1e-9  # a ratio times rows may be slightly below the whole number that it represents


def wanted_rows(counts: Mapping[str, int], config: ResamplingConfig) -> dict[str, int]:
    """Return the wanted rows of each class that has rows.

    Over-sampling raises every class to its ratio times the largest; under-sampling lowers every class to the smallest
    divided by its ratio. No class is changed in the other direction, see `unmet_ratios`. Cleaning strategies have no
    target: each class keeps its rows.

    >>> wanted_rows({"a": 100, "b": 10}, ResamplingConfig(strategy="smote", ratio=0.5))
    {'a': 100, 'b': 50}
    >>> wanted_rows({"a": 100, "b": 10}, ResamplingConfig(strategy="random_under", ratio=0.5))
    {'a': 20, 'b': 10}

    Raises:
        ResamplingError: A ratio is given for an unknown class.
    """
    present = {name: count for name, count in counts.items() if count}
    asked = _asked_rows(counts, config)
    if STRATEGIES[config.strategy].family == "under":
        return {name: min(count, asked.get(name, count)) for name, count in present.items()}
    return {name: max(count, asked.get(name, count)) for name, count in present.items()}


def unmet_ratios(counts: Mapping[str, int], config: ResamplingConfig) -> Iterator[str]:
    """Yield a note for each class that misses its ratio, because no class is changed in the other direction.

    >>> list(unmet_ratios({"a": 100, "b": 60}, ResamplingConfig(strategy="smote", ratio=0.5)))
    ["class 'b': 60 rows already are 0.6 of the largest class, above its ratio 0.5: none was added or dropped"]

    Raises:
        ResamplingError: A ratio is given for an unknown class.
    """
    asked, ratios, own = _asked_rows(counts, config), _class_ratios(counts, config), config.ratios()
    under = STRATEGIES[config.strategy].family == "under"
    end = _end(counts, under=under) if asked else 0
    for name, rows in asked.items():
        count, beyond = counts[name], (counts[name] < rows if under else counts[name] > rows)
        if beyond and count == end:
            if name in own:
                which = "smallest" if under else "largest"
                yield f"class {name!r} is the {which}, the reference of the others: its own ratio has no effect"
        elif beyond and under:
            yield (
                f"class {name!r}: the smallest class already is {end / count:.3g} of its {count:,} rows, "
                f"above its ratio {ratios[name]:g}: none was added or dropped"
            )
        elif beyond:
            yield (
                f"class {name!r}: {count:,} rows already are {count / end:.3g} of the largest class, "
                f"above its ratio {ratios[name]:g}: none was added or dropped"
            )


def _asked_rows(counts: Mapping[str, int], config: ResamplingConfig) -> dict[str, int]:
    """Return the rows that each class's ratio amounts to; empty for strategies without a target."""
    ratios, strategy = _class_ratios(counts, config), STRATEGIES[config.strategy]
    if not strategy.has_target:
        return {}
    under = strategy.family == "under"
    end = _end(counts, under=under)
    return {
        name: math.floor((end / ratios[name] if under else end * ratios[name]) + _ROUNDING)
        for name, count in counts.items()
        if count
    }


def _end(counts: Mapping[str, int], *, under: bool) -> int:
    """Return the rows of the reference class: the smallest that has rows, or the largest."""
    present = [count for count in counts.values() if count]
    return min(present) if under else max(present)


def _class_ratios(counts: Mapping[str, int], config: ResamplingConfig) -> dict[str, float]:
    own = config.ratios()
    if unknown := sorted(set(own) - set(counts)):
        raise ResamplingError(
            "unknown_class",
            expected=f"ratios of existing classes: {', '.join(map(repr, list(counts)[:20]))}",
            found=", ".join(map(repr, unknown)),
            remedy="correct resampling.ratio or resampling.class_ratios",
            values={"classes": unknown},
        )
    return {name: own.get(name, config.ratio) for name in counts}
