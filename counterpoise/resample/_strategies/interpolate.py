"""Values of synthetic rows in the original space and the original types.

A number is between those of its parents: floats are interpolated; integers, decimals and dates are interpolated with
unbiased stochastic rounding within the parents' range. With a grid, every type is put on it. If one parent's value is
missing, the nearer parent decides; if both are missing, so is the value.
"""

from __future__ import annotations

import decimal
import math
from fractions import Fraction

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from counterpoise.resample._strategies.grid import Between, Grid, place_floats, place_whole
from counterpoise.runtime import child_seed
from counterpoise.typing import Floats, Ints, Mask

_DECIMAL_DIGITS = 80  # more than the 76 of Arrow's widest decimal


def rounding_draws(seed: int, numbers: Ints) -> Floats:
    """Return uniform draws in [0, 1) for the synthetic rows with the given numbers.

    The draws are addressed by row number (splitmix64), so that any subset of rows can be made on its own. All columns
    of a row share one draw: rounding is then monotone across columns, so a column that never exceeds another one in the
    source does not exceed it in synthetic rows either, and equal columns stay equal.
    """
    salt = np.uint64(child_seed(seed, "rounding"))
    words = salt + (numbers.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E37_79B9_7F4A_7C15)
    words = (words ^ (words >> np.uint64(30))) * np.uint64(0xBF58_476D_1CE4_E5B9)
    words = (words ^ (words >> np.uint64(27))) * np.uint64(0x94D0_49BB_1331_11EB)
    return np.asarray(((words ^ (words >> np.uint64(31))) >> np.uint64(11)) * 2.0**-53)


def interpolate(
    first: pa.Array, second: pa.Array, *, steps: Floats, draws: Floats, grid: Grid | None = None
) -> pa.Array:
    """Return the values of synthetic rows between their parents', in the parents' type.

    Args:
        first: Values of the base rows.
        second: Values of their neighbours.
        steps: The step from the first to the second as a share of their difference, below 1. Below 0 it leads away from
            the second: only floats follow, other values stay within their parents' range.
        draws: Uniform draws for rounding; unused for floats without a grid.
        grid: Where the column's values may be; None for anywhere that the type allows.
    """
    kind = first.type
    within = np.maximum(steps, 0.0)
    if grid is not None:
        between = _on_grid(grid, first, second, steps=steps, draws=draws)
    elif pa.types.is_floating(kind):
        between = _between_floats(first, second, steps)
    elif pa.types.is_decimal(kind):
        between = _between_decimals(first, second, within, draws)
    else:
        between = _between_integers(first, second, within, draws)
    present = pc.and_(is_present(first), is_present(second))
    nearer = pc.if_else(pa.array(steps < 0.5), first, second)
    return pc.if_else(present, between, nearer)


def is_present(array: pa.Array) -> pa.Array:
    """Return which values are neither null nor NaN."""
    return pc.invert(array.is_null(nan_is_null=True))


def float_bits(kind: pa.DataType) -> int:
    """Return the significant bits of a floating-point type; those of a double for other numbers."""
    return {16: 11, 32: 24}.get(kind.bit_width, 53) if pa.types.is_floating(kind) else 53


def whole_of(array: pa.Array) -> tuple[Ints, Mask]:
    """Return the units that a type stores as 64-bit integers, and where these are exact; missing values are 0."""
    if not pa.types.is_decimal(array.type):
        plain = pc.fill_null(_plain(array, _storage(array.type)), 0).to_numpy(zero_copy_only=False)
        if plain.dtype == np.uint64:
            return plain.astype(np.int64), plain < np.uint64(2**62)
        return plain.astype(np.int64), np.ones(len(plain), dtype=np.bool_)
    if array.type.bit_width > 128:
        return np.zeros(len(array), dtype=np.int64), np.zeros(len(array), dtype=np.bool_)
    wide = pc.fill_null(array.cast(pa.decimal128(38, array.type.scale)), decimal.Decimal(0))
    words = np.frombuffer(wide.buffers()[1], dtype=np.int64).reshape(-1, 2)[wide.offset : wide.offset + len(wide)]
    return words[:, 0].copy(), words[:, 1] == words[:, 0] >> 63


def _from_whole(values: Ints, kind: pa.DataType) -> pa.Array:
    """Return values of a type from the units that it stores."""
    if not pa.types.is_decimal(kind):
        return pa.array(values).cast(_storage(kind)).view(kind)
    words = np.column_stack([values, values >> 63])
    wide = pa.decimal128(38, kind.scale)
    return pa.Array.from_buffers(wide, len(values), [None, pa.py_buffer(words.tobytes())]).cast(kind)


def _on_grid(grid: Grid, first: pa.Array, second: pa.Array, *, steps: Floats, draws: Floats) -> pa.Array:
    kind = first.type
    if pa.types.is_floating(kind):
        a, b = (np.asarray(array.cast(pa.float64()).to_numpy(zero_copy_only=False)) for array in (first, second))
        return pa.array(place_floats(grid, a, b, steps=steps, draws=draws)).cast(kind)
    (one, fits), (other, also) = whole_of(first), whole_of(second)
    made = place_whole(grid, Between(one, other, np.maximum(steps, 0.0), draws))
    known = fits & also
    if known.all():
        return _from_whole(made, kind)
    placed = _from_whole(np.where(known, made, 0), kind)
    return pc.if_else(pa.array(known), placed, interpolate(first, second, steps=steps, draws=draws))


def _between_floats(first: pa.Array, second: pa.Array, steps: Floats) -> pa.Array:
    a, b = (np.asarray(array.cast(pa.float64()).to_numpy(zero_copy_only=False)) for array in (first, second))
    return pa.array(a + steps * (b - a)).cast(first.type)


def _between_integers(first: pa.Array, second: pa.Array, steps: Floats, draws: Floats) -> pa.Array:
    storage = _storage(first.type)
    a, b = (pc.fill_null(_plain(array, storage), 0).to_numpy(zero_copy_only=False) for array in (first, second))
    return pa.array(_round_between(a, b, steps, draws)).cast(storage).view(first.type)


def _storage(kind: pa.DataType) -> pa.DataType:
    """Return the integer type that stores a column's values."""
    if pa.types.is_temporal(kind):
        return pa.int32() if kind.bit_width == 32 else pa.int64()
    return kind


def _plain(array: pa.Array, storage: pa.DataType) -> pa.Array:
    return array if array.type == storage else array.view(storage)


def _round_between(a: npt.NDArray[np.integer], b: npt.NDArray[np.integer], steps: Floats, draws: Floats) -> Ints:
    """Return whole numbers between a and b with the right expectation: round down or up with matching probability.

    The distance is computed in unsigned 64-bit arithmetic, which is exact for every pair of 64-bit integers.
    """
    wide = np.uint64 if a.dtype == np.uint64 else np.int64
    start, rises = a.astype(wide).view(np.uint64), a <= b
    end = b.astype(wide).view(np.uint64)
    distance = np.where(rises, end - start, start - end)
    offset = steps * distance
    away = np.floor(offset) + (draws < offset - np.floor(offset))
    down = np.ceil(offset) - (draws < np.ceil(offset) - offset)
    whole = np.minimum(np.where(rises, away, down).astype(np.uint64), distance)
    return np.asarray(np.where(rises, start + whole, start - whole).view(wide))


def _between_decimals(first: pa.Array, second: pa.Array, steps: Floats, draws: Floats) -> pa.Array:
    """Interpolate units of the decimals' last place with Python's integers: exact at every precision."""
    scale = first.type.scale
    values: list[decimal.Decimal | None] = []
    with decimal.localcontext(prec=_DECIMAL_DIGITS):
        for a, b, step, draw in zip(first.to_pylist(), second.to_pylist(), steps, draws, strict=True):
            if a is None or b is None:
                values.append(None)
                continue
            start, end = int(a.scaleb(scale)), int(b.scaleb(scale))
            offset = Fraction(float(step)) * (end - start)
            whole = math.floor(offset) + int(draw < offset - math.floor(offset))
            values.append(decimal.Decimal(start + whole).scaleb(-scale))
    return pa.array(values, type=first.type)
