"""Values that are more frequent than the values around them: one by one, or by their place within a unit.

Zeros among amounts are values by themselves; whole amounts among cents, prices in .99 and weekdays are patterns.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import pdtrc

from counterpoise.typing import Floats, Ints

MOST_LEVELS = 1_000
FEWEST_IN_SPIKE = 5
_FEWEST_VALUES = 20
_ATOM_SHARE = 0.02
_ATOM_RATIO = 4
_NEARBY = 5
_CHANCE = 0.05  # expected values of a column that stand out by chance, with Poisson counts
_SPIKE = 3  # times as often as expected
_PATTERN = 0.05  # of the values, or of the possible last digits

Atoms = tuple[int | float, ...]


@dataclass(frozen=True)
class Pattern:
    """Which values of a column are frequent.

    Attributes:
        period: The largest unit below which values have a pattern; 0 if they have none.
        atoms: Values that are frequent by themselves, or by a pattern of a unit that is too large for the period.
    """

    period: int
    atoms: Atoms


def find_atoms(levels: npt.NDArray[Any], counts: Ints) -> Atoms:
    """Return the values that are much more frequent than the values around them.

    Args:
        levels: The distinct values, ascending.
        counts: How often each occurs.
    """
    needed = max(FEWEST_IN_SPIKE, _ATOM_SHARE * counts.sum())
    return tuple(levels[place].item() for place in np.flatnonzero(counts >= needed) if _stands_out(counts, int(place)))


def find_pattern(levels: Ints, counts: Ints, *, apart: float, rungs: list[int]) -> Pattern:
    """Return the pattern of whole numbers.

    Values keep the digits of the nearer parent below a period, so it is at most twice the distance of parents.

    Args:
        levels: The distinct values, ascending.
        counts: How often each occurs.
        apart: The median distance of parents.
        rungs: The smallest distance of values, and the units at which patterns are looked for, ascending.
    """
    atoms = find_atoms(levels, counts)
    if len(levels) < 2 or counts.sum() < _FEWEST_VALUES:
        return Pattern(0, atoms)
    limited = _limited(levels, counts, atoms)
    reach = max(2 * apart, _middle_half(levels, limited) / 2)
    period, lower = 0, rungs[0]
    for rung in rungs[1:]:
        if rung <= lower or rung % lower:
            continue
        if rung > reach:
            break
        frequent = _frequent_places(levels, limited, rung, lower)
        if rung <= 2 * apart:
            period = rung if len(frequent) or _avoids(levels, limited, rung, lower) else period
        elif len(frequent) and (held := np.isin(levels % rung, frequent)).sum() <= MOST_LEVELS:
            return Pattern(period, tuple(levels[held | np.isin(levels, atoms)].tolist()))
        lower = rung
    return Pattern(period, _beyond_pattern(levels, counts, atoms, period))


def _middle_half(levels: Ints, counts: Ints) -> float:
    """Return the distance of the quartiles: within a larger unit, a hump of the distribution looks like a pattern."""
    low, high = np.searchsorted(np.cumsum(counts), [counts.sum() / 4, 3 * counts.sum() / 4])
    return float(levels[high]) - float(levels[low])


def _stands_out(counts: Ints, place: int) -> bool:
    """Return whether a value is more frequent than those around it, by more than chance explains among all values."""
    usual = _usual(counts, place)
    if not usual or counts[place] < _ATOM_RATIO * usual:
        return False
    return bool(pdtrc(counts[place] - 1, usual) * len(counts) <= _CHANCE)


def _usual(counts: Ints, place: int) -> float:
    """Return how frequent the values next to one are, on the side where they are more so; 0 if there are too few."""
    sides = counts[max(place - _NEARBY, 0) : place], counts[place + 1 : place + 1 + _NEARBY]
    if sum(map(len, sides)) < _NEARBY:
        return 0.0
    return max(float(np.median(side)) for side in sides if len(side) > _NEARBY // 2)


def _limited(levels: Ints, counts: Ints, atoms: Atoms) -> Ints:
    """Return how often values occur, for repeated ones no more than it takes to be one.

    So a single repeated value, which is a multiple of much, is no pattern; but repeated tens are one.
    """
    limited = counts.copy()
    for place in np.flatnonzero(np.isin(levels, atoms)):
        limited[place] = min(counts[place], _ATOM_RATIO * int(_usual(counts, int(place))))
    return limited


def _beyond_pattern(levels: Ints, counts: Ints, atoms: Atoms, period: int) -> Atoms:
    """Return the repeated values that are more frequent than others at the same place of the pattern, if one is known.

    Where tens are more frequent than other numbers, 50 is as frequent as 40 and 60.
    """
    if not period:
        return atoms
    kept: list[int | float] = []
    for atom in atoms:
        alike = np.flatnonzero((levels - atom) % period == 0)
        place = int(np.searchsorted(levels[alike], atom))
        if len(alike) <= _NEARBY or _stands_out(counts[alike], place):
            kept.append(atom)
    return tuple(kept)


def _frequent_places(levels: Ints, counts: Ints, rung: int, lower: int) -> Ints:
    """Return the places within a unit that values prefer more than their places below it explain; none if few do."""
    places, which = np.unique(levels % rung, return_inverse=True)
    held = np.bincount(which, weights=counts)
    below, part = np.unique(places % lower, return_inverse=True)
    expected: Floats = np.bincount(part, weights=held, minlength=len(below))[part] * lower / rung
    spikes = (held >= FEWEST_IN_SPIKE) & (held >= _SPIKE * expected)
    return places[spikes & bool((held - expected)[spikes].sum() >= _PATTERN * counts.sum())]


def _avoids(levels: Ints, counts: Ints, rung: int, lower: int) -> bool:
    """Return whether values hardly ever have some of the digits within a unit, such as two days of the week."""
    total, ratio = counts.sum(), rung // lower
    if ratio > 60 or total < 8 * ratio:
        return False
    digits = np.bincount((levels % rung) // lower, weights=counts, minlength=ratio)
    return bool((digits <= 0.1 * total / ratio).sum() >= 2 * _PATTERN * ratio)
