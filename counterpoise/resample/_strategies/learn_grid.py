"""Learn the grid of each interpolated column from the parents of synthetic rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from counterpoise.resample._job import ResamplingJob
from counterpoise.resample._strategies.grid import (
    MOST_DECIMALS,
    Between,
    Grid,
    Path,
    decimals_of,
    in_precision,
    units_of,
)
from counterpoise.resample._strategies.grid_words import seconds_per_unit
from counterpoise.resample._strategies.interpolate import float_bits, is_present, whole_of
from counterpoise.resample._strategies.patterns import FEWEST_IN_SPIKE, MOST_LEVELS, find_atoms, find_pattern
from counterpoise.typing import Floats, Ints, Mask

LEARNT_ROWS = 20_000
"""Synthetic rows whose parents a grid is learnt from, evenly spaced over the recipe."""

_ON_GRID = 0.95  # of the values: the others may have more decimals
_LARGEST_DENOMINATOR = 10_000
_FEWEST_REPEATS = 3  # of each value on average, where a column has few values
_KNOTS = 65
_CLEARLY = 0.05  # of the Kolmogorov-Smirnov statistic
_PAIRS = 4_000  # of parents; their values are all learnt from
_COMPARED = 2_000  # pairs and values, to choose a scale
_FEWEST_VALUES = 20
_ERRORS = 4.0  # standard errors that the mean of uniform steps may be off


@dataclass(frozen=True)
class Pairs:
    """Values of parents in the unit of a grid's levels.

    Attributes:
        values: Of every parent once.
        first: Of the base rows.
        second: Of their neighbours.
        steps: The steps from the first to the second.
    """

    values: npt.NDArray[Any]
    first: npt.NDArray[Any]
    second: npt.NDArray[Any]
    steps: Floats


def learn_grids(job: ResamplingJob, recipe: pa.Table) -> tuple[Grid, ...]:
    """Return the grids of the interpolated columns, learnt from parents and steps; no other row is read.

    Args:
        job: The input of resampling.
        recipe: Parents and steps of the synthetic rows.
    """
    made = recipe.select(["parent_a", "parent_b", "lambda"]).filter(pc.is_valid(recipe["parent_b"]))
    if not made.num_rows:
        return ()
    chosen = np.unique(np.linspace(0, made.num_rows - 1, min(made.num_rows, LEARNT_ROWS)).astype(np.int64))
    one, other, steps = (column.to_numpy() for column in made.take(pa.array(chosen)).columns)
    first, second = job.train.positions(one), job.train.positions(other)
    parents = np.unique(np.concatenate([first, second]))
    table = job.reader.read_rows(job.train.rows[parents], job.numeric)
    few = _spread_over(np.arange(len(steps)), _PAIRS)
    places = np.searchsorted(parents, first[few]), np.searchsorted(parents, second[few])
    learnt = (_learn(name, table[name].combine_chunks(), places, steps[few]) for name in job.numeric)
    return tuple(grid for grid in learnt if grid is not None and not grid.plain)


def _learn(column: str, array: pa.Array, places: tuple[Ints, Ints], steps: Floats) -> Grid | None:
    """Return the grid of a column; None if it has too few values, or none that fit in 64 bits."""
    floating = pa.types.is_floating(array.type)
    present = np.asarray(is_present(array))
    if floating:
        values = np.asarray(array.cast(pa.float64()).to_numpy(zero_copy_only=False))
    else:
        values, fits = whole_of(array)
        present = present & fits
    if not present.any():
        return None
    both = present[places[0]] & present[places[1]]
    pairs = Pairs(values[present], values[places[0]][both], values[places[1]][both], steps[both])
    grid = (
        learn_floats(column, pairs, bits=float_bits(array.type)) if floating else learn_whole(column, pairs, array.type)
    )
    nearest = grid.path == "raw" and not grid.atoms and _are_uniform(pairs.steps)  # else it would move the mean
    return grid.model_copy(update={"nearest": nearest})


def _are_uniform(steps: Floats) -> bool:
    """Return whether steps from parent to parent are uniform, as far as their minimum and their mean tell."""
    if not len(steps):
        return False
    noise = _ERRORS / np.sqrt(12 * len(steps))
    return bool(steps.min() >= 0 and abs(steps.mean() - 0.5) <= noise)


def learn_whole(column: str, pairs: Pairs, kind: pa.DataType) -> Grid:
    """Return the grid of a column whose type stores whole numbers: integers, decimals, dates and times."""
    return _in_units(Grid(column=column, denominator=1, low=0, high=0), pairs, _rungs(kind))


def learn_floats(column: str, pairs: Pairs, *, bits: int) -> Grid:
    """Return the grid of a column of floating-point numbers.

    Args:
        column: Its name.
        pairs: The parents' values, without missing ones.
        bits: The significant bits of the column's type.
    """
    values, counts = np.unique(pairs.values, return_counts=True)
    narrow = min(bits, _precision(values))
    for precision in dict.fromkeys((bits, narrow)):  # cents may have been stored with fewer bits
        form = _Form.of(values, counts, precision)
        if form.denominator or form.digits:
            break
    found = {"denominator": form.denominator, "finer": form.finer, "digits": form.digits, "precision": form.precision}
    grid = Grid.model_validate({"column": column, "low": values[0], "high": values[-1], **found})
    if not form.denominator:
        return _free(grid, pairs)
    units = [units_of(part, form.denominator, form.precision) for part in (pairs.values, pairs.first, pairs.second)]
    both = units[1].exact & units[2].exact
    scaled = Pairs(units[0].units[units[0].exact], units[1].units[both], units[2].units[both], pairs.steps[both])
    decimal = str(form.denominator).strip("0") == "1"
    return _in_units(grid, scaled, [10**power for power in range(1, 19)] if decimal else [form.denominator])


@dataclass(frozen=True)
class _Form:
    """How the numbers of a column are written; fields are those of `Grid`."""

    denominator: int
    finer: int
    digits: int
    precision: int

    @classmethod
    def of(cls, values: Floats, counts: Ints, precision: int) -> _Form:
        """Return the form of distinct values that occur so often."""
        decimals = decimals_of(values, precision)
        order = np.argsort(decimals, kind="stable")
        reached = np.searchsorted(np.cumsum(counts[order]), _ON_GRID * counts.sum())
        main, most = int(decimals[order][min(reached, len(order) - 1)]), int(decimals.max())
        digits = _digits(values, decimals, precision)
        if main > MOST_DECIMALS:
            return cls(0 if digits else _common_denominator(values, precision), 0, digits, precision)
        cut = digits if digits and _are_cut(values, main, digits) else 0
        return cls(10**main, 10**most if main < most <= MOST_DECIMALS else 0, cut, precision)


def _are_cut(values: Floats, decimals: int, digits: int) -> bool:
    """Return whether large values have fewer decimals than small ones, because digits are limited."""
    sizes = np.abs(values[values != 0])
    while decimals <= 0 and decimals > -15 and (sizes % 10 ** (1 - decimals) == 0).all():
        decimals -= 1
    return int((np.floor(np.log10(sizes)) + 1 + decimals > digits).sum()) >= FEWEST_IN_SPIKE


def _precision(values: Floats) -> int:
    return next((bits for bits in (11, 24) if (in_precision(values, bits) == values).all()), 53)


def _digits(values: Floats, decimals: Ints, precision: int) -> int:
    """Return the significant digits that all values do with, or 0 if they need all that the type has.

    Args:
        values: The values.
        decimals: The decimals of each.
        precision: Their significant bits.
    """
    most = {53: 15, 24: 6, 11: 3}[precision]
    sizes, written = np.abs(values[values != 0]), decimals[values != 0]
    if not len(sizes):
        return 0
    if written.max() > MOST_DECIMALS:
        needed = _most_digits(sizes, precision, most)
    else:
        units = np.rint(sizes * 10.0**written)
        long = np.floor(np.log10(units)).astype(np.int64) + 1
        long -= units < 10.0 ** (long - 1)  # the logarithm of 999,999,999,999,999 is 15
        needed = int((long - _ending_zeros(units)).max())
    return needed if needed <= most else 0


def _ending_zeros(units: Floats) -> Ints:
    """Return the zeros at the end of whole numbers above 0."""
    zeros, left = np.zeros(len(units), dtype=np.int64), np.arange(len(units))
    while len(left):
        left = left[units[left] % 10.0 ** (zeros[left] + 1) == 0]
        zeros[left] += 1
    return zeros


def _most_digits(sizes: Floats, precision: int, enough: int) -> int:
    """Return the most significant digits of the shortest texts that give the values, or more than enough."""
    needed = 0
    texts = (np.format_float_scientific(value, unique=True, trim="-") for value in _typed(sizes, precision))
    for text in texts:
        needed = max(needed, len(text.partition("e")[0].replace(".", "")))
        if needed > enough:
            break
    return needed


def _typed(values: Floats, precision: int) -> npt.NDArray[Any]:
    return values.astype({53: np.float64, 24: np.float32, 11: np.float16}[precision])


def _common_denominator(values: Floats, precision: int) -> int:
    """Return a denominator of which all values are multiples, such as 3 or 255; 0 if there is none."""
    found = 1
    for value in values[:: max(1, len(values) // 50)]:
        if abs(value) > 2.0**32:
            return 0
        found = int(np.lcm(found, Fraction(float(value)).limit_denominator(_LARGEST_DENOMINATOR).denominator))
        if found > _LARGEST_DENOMINATOR:
            return 0
    return found if units_of(values, found, precision).exact.all() else 0


def _rungs(kind: pa.DataType) -> list[int]:
    """Return the units at which patterns of a type's values are looked for, ascending."""
    if not pa.types.is_temporal(kind):
        return [10**power for power in range(1, 19)]
    one = seconds_per_unit(kind)
    spans = [1e-6, 1e-3, 1.0, 60.0, 3_600.0, 86_400.0, 604_800.0]
    return [round(span / one) for span in spans if span / one > 1.5]


def _free(grid: Grid, pairs: Pairs) -> Grid:
    """Return the grid of values that have as many digits as their type, or a limited number of them."""
    levels, counts = np.unique(pairs.values, return_counts=True)
    few = len(levels) > 1 and _are_repeated(counts)
    found = {"levels": tuple(levels.tolist()) if few else (), "atoms": find_atoms(levels, counts)}
    return _with_path(grid.model_copy(update=found), pairs)


def _in_units(grid: Grid, pairs: Pairs, rungs: list[int]) -> Grid:
    levels, counts = np.unique(pairs.values, return_counts=True)
    if len(levels) < 2:
        bound = int(levels[0]) if len(levels) else 0
        return grid.model_copy(update={"low": bound, "high": bound})
    gaps = np.diff(levels.view(np.uint64))
    step = int(min(np.gcd.reduce(gaps), 2**62))
    width = int(levels[-1]) - int(levels[0])
    few = _are_repeated(counts) and width // step + 1 > 2 * len(levels)
    found: dict[str, Any] = {"step": step, "low": int(levels[0]), "high": int(levels[-1])}
    if few:
        found.update(levels=tuple(levels.tolist()), atoms=find_atoms(levels, counts))
    else:
        pattern = find_pattern(levels, counts, apart=_median_distance(pairs), rungs=[step, *rungs])
        found.update(period=pattern.period, atoms=pattern.atoms)
    return _with_path(grid.model_copy(update=found), pairs)


def _are_repeated(counts: Ints) -> bool:
    """Return whether a column has few values, of which most occur several times: not only some that are frequent."""
    return len(counts) <= min(MOST_LEVELS, counts.sum() / _FEWEST_REPEATS) and bool(np.median(counts) >= 2)


def _median_distance(pairs: Pairs) -> float:
    """Return the median distance of parents that differ; 0 if none do."""
    apart = np.abs(pairs.second.astype(np.float64) - pairs.first.astype(np.float64))
    apart = apart[apart > 0]
    return float(np.median(apart)) if len(apart) else 0.0


def _with_path(grid: Grid, pairs: Pairs) -> Grid:
    """Return the grid with the scale on which values between parents are most like the parents' own.

    The scale is raw unless another one is clearly better: its Kolmogorov-Smirnov statistic is lower by 0.05.
    """
    if grid.levels:
        return grid
    clear = _spread_over(np.flatnonzero(_clear(grid, pairs.first, pairs.second)), _COMPARED)
    values = np.sort(pairs.values[_spread_over(np.flatnonzero(_clear(grid, pairs.values)), _COMPARED)])
    if min(len(clear), len(values)) < _FEWEST_VALUES:
        return grid
    values = values.astype(np.float64)
    between = Between(pairs.first[clear], pairs.second[clear], np.maximum(pairs.steps[clear], 0.0), np.zeros(0))
    best, least = grid, np.inf
    for other in _paths(grid, values):
        start = between.first.astype(np.float64)
        made = start + between.fractions(other) * (between.second - start)
        statistic = _kolmogorov_smirnov(values, np.sort(made))
        if statistic < least - _CLEARLY:
            best, least = other, statistic
        if least <= _CLEARLY:
            break  # none can be clearly better
    return grid.model_copy(update={"path": best.path, "knots": best.knots})


def _clear(grid: Grid, values: npt.NDArray[Any], others: npt.NDArray[Any] | None = None) -> Mask:
    """Return which values are not repeated ones, and differ from their others."""
    chosen = np.ones(len(values), dtype=np.bool_) if others is None else values != others
    for side in (values, others) if grid.atoms else ():
        if side is not None:
            chosen &= ~np.isin(side, np.array(grid.atoms))
    return chosen


def _spread_over(places: Ints, most: int) -> Ints:
    """Return at most so many of the places, evenly spaced."""
    return places[:: max(1, -(-len(places) // most))]


def _paths(grid: Grid, values: Floats) -> Iterator[Grid]:
    plain: Path = "raw"
    yield grid.model_copy(update={"path": plain, "atoms": ()})
    if values[0] > 0:
        yield grid.model_copy(update={"path": "log", "atoms": ()})
    knots = np.quantile(values, np.linspace(0, 1, _KNOTS))
    if (np.diff(knots) > 0).all():
        yield grid.model_copy(update={"path": "rank", "knots": tuple(knots.tolist()), "atoms": ()})


def _kolmogorov_smirnov(one: Floats, other: Floats) -> float:
    """Return the largest difference of two distribution functions, from ascending values."""
    both = np.concatenate([one, other])
    shares = [np.searchsorted(values, both, side="right") / len(values) for values in (one, other)]
    return float(np.abs(shares[0] - shares[1]).max())
