"""Check the draws of a comparison against their mean."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping

from counterpoise.results import Difference, Draws
from counterpoise.verify._differences import unequal


def draws_differences(draws: Draws | None, differences: Mapping[str, Difference]) -> Iterator[str]:
    """Yield contradictions between the draws of a comparison, their mean, and the published draw, in sentences.

    Args:
        draws: The draws; None if there is only the published one.
        differences: The differences of the published draw by metric.
    """
    if draws is None:
        return
    several = draws.number > 1
    yield from unequal("repeated", draws.sampler or draws.learner, several)
    yield from unequal("metrics", sorted(draws.effects), sorted(differences) if several else [])
    for metric, effect in draws.effects.items():
        yield from unequal(f"number of {metric}", len(effect.values), draws.number)
        known = [value for value in effect.values if value is not None]
        whole = len(known) == draws.number
        yield from unequal(f"mean of {metric}", effect.difference, sum(known) / len(known) if whole else None)
        if whole and several:
            yield from unequal(f"spread of {metric}", effect.between, statistics.stdev(known))
        if metric in differences:
            yield from unequal(f"first of {metric}", effect.values[0], differences[metric].difference)
        if effect.low is not None and (effect.high is None or effect.low > effect.high):
            yield f"{metric} from {effect.low} to {effect.high}"
