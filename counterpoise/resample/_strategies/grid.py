"""The value grid of a column: where synthetic values may be, so that no rule on digits tells them from real ones.

A grid is learnt from the parents of synthetic rows and stored with their recipe, so that the same rows can be made
again. Values are put on it between their parents and without bias: rounded up as often as the remainder says, or to
the nearest where the steps between parents are uniform, which comes to the same shares.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pydantic import Field, ValidationError, model_validator

from counterpoise.errors import IntegrityError
from counterpoise.records import Name, Number, Record
from counterpoise.typing import Floats, Ints, Mask

_KEY = b"counterpoise.grids"
_ASIDE = 1 / 64
"""How far a value beside a repeated one may be from its own parent, as a share of the parents' distance."""
_SWITCH = 1 - 0.5 / (1 - _ASIDE / 2)
"""The step up to which a repeated value is kept: slightly below 1/2, which offsets the mean of `_ASIDE`."""
_ROUNDED = 7  # significant digits
MOST_DECIMALS = 15
_EXACT_FLOATS = 2**51  # sums and differences of smaller whole numbers are exact in a double
_BLOCK = 4_096  # rows; the allocator returns larger temporary arrays to the system each time, at thrice the time
_EXACT_POWER = 22  # the largest power of ten that a double holds exactly

Unit = Annotated[int, Field(ge=0, lt=2**63)]
Values = Annotated[tuple[int | Number, ...], Field(max_length=1_000)]
Path = Literal["raw", "log", "rank"]


class Grid(Record):
    """Where the values of one column are.

    A value is `units / denominator`; for whole numbers, decimals and times, units are those that the type stores.

    Attributes:
        column: The column.
        denominator: Units per 1; 0 if values are on no grid.
        step: Values are a whole number of steps apart, in units.
        finer: The denominator of the few values that are not on the grid; 0 if they are on none.
        period: Digits below this many units are those of the nearer parent; 0 if values have no such pattern.
        digits: The most significant digits that values have; 0 if their decimals say it all.
        precision: The significant bits that values have: 53, 24 or 11.
        levels: The only values, ascending, in units (or as they are, without a grid); empty if there are many.
        atoms: Values that are repeated so often that nothing lies between them and others, in the unit of the levels.
        path: The scale on which values are interpolated.
        nearest: Whether values are rounded to the nearest, not up as often as the remainder says. Uniform steps give
            each value the same share either way, and correlations with other columns lose less.
        knots: Quantiles of the parents at even probabilities, in the unit of the levels, for the scale `rank`.
        low: The smallest value of a parent, in the unit of the levels.
        high: The largest.
    """

    column: Name
    denominator: Unit = 0
    step: Unit = 1
    finer: Unit = 0
    period: Unit = 0
    digits: Annotated[int, Field(ge=0, le=17)] = 0
    precision: Literal[53, 24, 11] = 53
    levels: Values = ()
    atoms: Values = ()
    path: Path = "raw"
    nearest: bool = False
    knots: Annotated[tuple[Number, ...], Field(max_length=1_000)] = ()
    low: int | Number
    high: int | Number

    @model_validator(mode="after")
    def _consistent(self) -> Grid:
        ordered = all(list(values) == sorted(values) for values in (self.levels, self.atoms, self.knots))
        if not ordered or self.low > self.high or self.step < 1 or (self.path == "rank") != (len(self.knots) > 1):
            raise ValueError(f"the grid of {self.column[:100]!r} contradicts itself")
        return self

    @property
    def plain(self) -> bool:
        """Whether values are interpolated as they are, without any change."""
        ungridded = not self.denominator and not self.digits and not self.levels and self.precision == 53
        return ungridded and not self.atoms and self.path == "raw"


def with_grids(recipe: pa.Table, grids: tuple[Grid, ...]) -> pa.Table:
    """Return a recipe that carries the grids of its columns."""
    stored = json.dumps([grid.model_dump(mode="json") for grid in grids])
    return recipe.replace_schema_metadata({**(recipe.schema.metadata or {}), _KEY: stored.encode()})


def grids_of(recipe: pa.Schema) -> dict[str, Grid]:
    """Return the grids that a recipe's schema carries, by column; none if it was made without.

    Raises:
        IntegrityError: What the recipe carries is no grid.
    """
    stored = (recipe.metadata or {}).get(_KEY, b"[]")
    try:
        return {grid.column: grid for grid in map(Grid.model_validate, json.loads(stored))}
    except (ValidationError, ValueError, TypeError, RecursionError) as error:
        raise IntegrityError(
            "unfit_recipe",
            expected="a recipe with the grid of each column",
            found=str(error)[:500],
            remedy="restore the version from a backup, or publish the dataset again",
        ) from error


@dataclass(frozen=True)
class Between:
    """Pairs of parents' values in the unit of a grid's levels, and where to go between them.

    Attributes:
        first: Values of the base rows: int64, or float64 without a grid.
        second: Values of their neighbours.
        steps: The step from the first to the second as a share of their difference, in [0, 1].
        draws: Uniform draws for rounding; 1/2 rounds to the nearest.
    """

    first: npt.NDArray[Any]
    second: npt.NDArray[Any]
    steps: Floats
    draws: Floats | float

    def fractions(self, grid: Grid) -> Floats:
        """Return how far values are from the first to the second parent, on the grid's scale, as a share."""
        fractions = self.steps
        if grid.path != "raw":
            first, second = self.first.astype(np.float64), self.second.astype(np.float64)
            fractions = np.clip(_on_scale(grid, first, second, self.steps), 0.0, 1.0)
        return self._beside_atoms(grid, fractions) if grid.atoms else fractions

    def _beside_atoms(self, grid: Grid, fractions: Floats) -> Floats:
        """Return the fractions where a repeated value is kept or left: the nearer parent decides."""
        steps = self.steps
        one, other = (np.isin(values, np.array(grid.atoms)) for values in (self.first, self.second))
        leaves = np.where(steps < _SWITCH, 0.0, 1 - _ASIDE * (1 - steps) / (1 - _SWITCH))
        enters = np.where(1 - steps < _SWITCH, 1.0, _ASIDE * steps / (1 - _SWITCH))
        chosen = np.where(one & other, (steps >= 0.5).astype(np.float64), np.where(one, leaves, enters))
        return np.asarray(np.where(one | other, chosen, fractions))

    def on_levels(self, levels: npt.NDArray[np.int64] | Floats, fractions: Floats) -> npt.NDArray[np.generic]:
        """Return values among the only ones that a column has."""
        target = self.first + fractions * (self.second - self.first)
        above = np.clip(np.searchsorted(levels, target, side="left"), 1, len(levels) - 1)
        low, high = levels[above - 1], levels[above]
        made = np.where(self.draws < (target - low) / (high - low), high, low)
        return np.asarray(np.clip(made, np.minimum(self.first, self.second), np.maximum(self.first, self.second)))

    def on_lattice(self, fractions: Floats, *, spacing: Ints | int, anchored: Mask | bool) -> npt.NDArray[Any]:
        """Return whole units between both parents, exactly for every pair of 64-bit integers.

        Args:
            fractions: How far values are from the first parent, as a share.
            spacing: The distance of allowed values from each other, by row or of all.
            anchored: Whether the second parent is one of them; otherwise the first one is.
        """
        rises = self.first <= self.second
        start, width = self._from_the_smaller()
        target = np.where(rises, fractions, 1 - fractions) * width
        if width.dtype == np.float64 and np.all(spacing == 1):
            low = np.floor(target)
            return np.asarray(start + low + (self.draws < target - low))
        wide = np.asarray(spacing).astype(width.dtype)
        upper = rises == anchored  # whether the anchor is the larger one of both values
        phase = np.where(upper, width % wide, np.zeros_like(wide))
        steps = np.maximum(np.floor((target - phase) / wide), 0).astype(width.dtype)
        below = target < phase
        low = np.where(below, np.zeros_like(wide), np.minimum(phase + steps * wide, width))
        high = np.where(below, phase, low + np.minimum(wide, width - low))
        rest = np.divide(target - low, high - low, out=np.zeros(len(target)), where=high > low)
        made = start + np.where(self.draws < rest, high, low)
        return np.asarray(made.view(np.int64) if made.dtype == np.uint64 else made)

    def _from_the_smaller(self) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        """Return the smaller parent and the distance to the larger: as floats if these hold all sums exactly.

        Floats take a fraction of the time of unsigned integers.
        """
        start, end = np.minimum(self.first, self.second), np.maximum(self.first, self.second)
        if len(start) and start.min() > -_EXACT_FLOATS and end.max() < _EXACT_FLOATS:
            return start.astype(np.float64, copy=False), (end - start).astype(np.float64, copy=False)
        lowest = start.astype(np.int64).view(np.uint64)
        return lowest, end.astype(np.int64).view(np.uint64) - lowest


def _on_scale(grid: Grid, first: Floats, second: Floats, steps: Floats) -> Floats:
    """Return how far values are from the first to the second parent, on the logarithmic or rank scale."""
    apart = np.where(first == second, 1.0, second - first)
    if grid.path == "log":
        positive = (first > 0) & (second > 0)
        a, b = np.where(positive, first, 1.0), np.where(positive, second, 1.0)
        return np.where(positive, (a * (b / a) ** steps - a) / np.where(a == b, 1.0, b - a), steps)
    places = np.linspace(0, 1, len(grid.knots))
    a, b = (np.interp(values, grid.knots, places) for values in (first, second))
    return np.asarray((np.interp(a + steps * (b - a), places, grid.knots) - first) / apart)


def place_whole(grid: Grid, pairs: Between) -> Ints:
    """Return values of a column whose type stores whole numbers."""
    pairs = replace(pairs, draws=_rounding(grid, pairs.draws))
    return _in_units(grid, pairs, grid.period or grid.step).astype(np.int64)


def _rounding(grid: Grid, draws: Floats | float) -> Floats | float:
    """Return the draws that round the values of a column."""
    return 0.5 if grid.nearest else draws


def _in_units(grid: Grid, pairs: Between, spacing: Ints | int) -> npt.NDArray[Any]:
    fractions = pairs.fractions(grid)
    if len(grid.levels) > 1:
        return pairs.on_levels(np.array(grid.levels), fractions)
    anchored = pairs.steps >= 0.5 if grid.period else False
    return pairs.on_lattice(fractions, spacing=spacing, anchored=anchored)


def place_floats(grid: Grid, first: Floats, second: Floats, *, steps: Floats, draws: Floats) -> Floats:
    """Return values of a column of floating-point numbers.

    Args:
        grid: The column's grid.
        first: Values of the base rows; a missing value gives a meaningless result.
        second: Values of their neighbours.
        steps: The step from the first to the second as a share of their difference.
        draws: Uniform draws for rounding.
    """
    if not len(first):
        return first
    starts = range(0, len(first), _BLOCK)
    with np.errstate(all="ignore"):
        made = [
            _place_block(grid, *(part[start : start + _BLOCK] for part in (first, second, steps, draws)))
            for start in starts
        ]
    return np.concatenate(made)


def _place_block(grid: Grid, first: Floats, second: Floats, steps: Floats, draws: Floats) -> Floats:
    away = steps < 0
    if grid.denominator and away.any():
        second = np.where(away, _mirrored(grid, first, second), second)
        steps = np.abs(steps)
    pairs = Between(first, second, np.maximum(steps, 0.0), _rounding(grid, draws))
    if not grid.denominator:
        made = _off_grid(grid, pairs)
        further = np.clip(first + steps * (second - first), grid.low, grid.high)
        made = np.where(away & ~np.isin(first, np.array(grid.atoms)), further, made)
    else:
        made = _on_grid(grid, pairs)
    if grid.digits:
        made = _significant(made, grid, pairs.draws)
        made = np.clip(made, np.minimum(first, second), np.maximum(first, second))
    if grid.precision < 53:
        made = made.astype(np.float32 if grid.precision == 24 else np.float16).astype(np.float64)
    return np.asarray(made)


def _mirrored(grid: Grid, first: Floats, second: Floats) -> Floats:
    """Return the value as far on the other side of the first parent as the second is, within what parents have."""
    unit = grid.finer or grid.denominator
    return np.clip(
        np.rint((2 * first - second) * unit) / unit, grid.low / grid.denominator, grid.high / grid.denominator
    )


def _off_grid(grid: Grid, pairs: Between) -> Floats:
    fractions = pairs.fractions(grid)
    if len(grid.levels) > 1:
        made = pairs.on_levels(np.array(grid.levels, dtype=np.float64), fractions)
    else:
        made = pairs.first + fractions * (pairs.second - pairs.first)
    kept = np.where(fractions == 1, pairs.second, made)
    return np.asarray(np.where(pairs.first == pairs.second, pairs.first, kept))


def _on_grid(grid: Grid, pairs: Between) -> Floats:
    """Return values on the grid, or on the finer one or none where the nearer parent's is not on it."""
    unit = grid.finer or grid.denominator
    more = unit // grid.denominator
    one, other = (_scaled(values, unit, grid.precision) for values in (pairs.first, pairs.second))
    spacing: Ints | int = grid.period or grid.step
    if more > 1:
        main = np.where(pairs.steps < 0.5, one.units, other.units) % more == 0
        spacing = np.where(main, spacing * more, 1).astype(np.int64)
    whole = Between(one.units, other.units, pairs.steps, pairs.draws)
    scaled = grid if more == 1 else grid.model_copy(update=_times(grid, more))
    made = _in_units(scaled, whole, spacing) / unit
    known = one.exact & other.exact
    if known.all():
        return np.asarray(made)
    free = pairs.first + pairs.steps * (pairs.second - pairs.first)
    round_to = grid.step / grid.denominator
    snapped = np.floor(free / round_to + pairs.draws) * grid.step / grid.denominator
    inside = (snapped >= np.minimum(pairs.first, pairs.second)) & (snapped <= np.maximum(pairs.first, pairs.second))
    parent = np.where(pairs.steps < 0.5, pairs.first, pairs.second)
    on = np.where(pairs.steps < 0.5, one.exact, other.exact)
    return np.asarray(np.where(known, made, np.where(~on, free, np.where(inside, snapped, parent))))


def _times(grid: Grid, more: int) -> dict[str, object]:
    """Return the grid's values in units that are finer by a factor."""
    return {name: tuple(value * more for value in getattr(grid, name)) for name in ("levels", "atoms", "knots")}


def _significant(values: Floats, grid: Grid, draws: Floats | float) -> Floats:
    """Return values rounded to the grid's significant digits, without bias.

    Many digits are rounded to the nearest, which keeps thirds as they are; the bias is below a millionth.
    """
    size = np.abs(values)
    exponent = np.floor(np.log10(np.where(size > 0, size, 1.0))).astype(np.int64)
    places = np.clip(grid.digits - 1 - exponent, -_EXACT_POWER, _EXACT_POWER)
    power = 10.0 ** np.abs(places)
    scaled = np.where(places >= 0, values * power, values / power)
    nearest = np.rint(scaled)
    low = np.where(np.abs(scaled - nearest) < 1e-6, nearest, np.floor(scaled))
    whole = nearest if grid.digits >= _ROUNDED else low + (draws < scaled - low)
    rounded = np.where(places >= 0, whole / power, whole * power)
    return np.asarray(np.where((size > 0) & np.isfinite(size), rounded, values))


@dataclass(frozen=True)
class Units:
    """Values as whole units, and whether that says them exactly."""

    units: Ints
    exact: Mask


def units_of(values: Floats, denominator: int, precision: int) -> Units:
    """Return floating-point values in units of a denominator.

    Args:
        values: The values.
        denominator: Units per 1.
        precision: The significant bits of the values; units beyond these would say nothing.

    >>> units_of(np.array([0.07, 1 / 3]), 100, 53)
    Units(units=array([ 7, 33]), exact=array([ True, False]))
    """
    scaled = _scaled(values, denominator, precision)
    return Units(scaled.units.astype(np.int64), scaled.exact)


@dataclass(frozen=True)
class _Scaled:
    """Values as whole units in floating point, and whether that says them exactly."""

    units: Floats
    exact: Mask


def _scaled(values: Floats, denominator: int, precision: int) -> _Scaled:
    scaled = np.rint(values * denominator)
    within = np.abs(scaled) < 2.0**precision  # false for missing and infinite values
    units = np.where(within, scaled, 0.0)
    return _Scaled(units, within & (in_precision(units / denominator, precision) == values))


def decimals_of(values: Floats, precision: int) -> Ints:
    """Return the decimals that values are written with, or `MOST_DECIMALS` + 1 if they need more digits than are exact.

    >>> decimals_of(np.array([3.0, 0.25, 1 / 3]), 53)
    array([ 0,  2, 16])
    """
    found = np.full(len(values), MOST_DECIMALS + 1)
    for decimals in range(MOST_DECIMALS, -1, -1):
        found[units_of(values, 10**decimals, precision).exact] = decimals
    return found


def in_precision(values: Floats, precision: int) -> Floats:
    """Return values as a type of so many significant bits holds them."""
    if precision == 53:
        return values
    with np.errstate(over="ignore"):
        return values.astype(np.float32 if precision == 24 else np.float16).astype(np.float64)
