"""A grid in words, and the units of types that store times."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pyarrow as pa

from counterpoise.resample._strategies.grid import Grid


def describe_grid(grid: Grid, kind: pa.DataType) -> str:
    """Return a grid in words, for a reader who knows the column."""
    return "; ".join(_words(grid, kind)) or "as they are"


def _words(grid: Grid, kind: pa.DataType) -> Iterator[str]:
    if len(grid.levels) > 1:
        yield f"one of {len(grid.levels)} values that occur"
    elif grid.denominator and not grid.digits:
        yield f"steps of {_size(grid, grid.step, kind)}"
    if grid.finer:
        yield "the few with more decimals where the nearer parent has them"
    if grid.period and not grid.levels:
        yield f"below {_size(grid, grid.period, kind)} as the nearer parent"
    if grid.digits:
        yield f"at most {grid.digits} significant digits"
    if grid.precision < (kind.bit_width if pa.types.is_floating(kind) and kind.bit_width < 64 else 53):
        yield f"{grid.precision} significant bits"
    if grid.atoms:
        yield f"{len(grid.atoms)} repeated {'value' if len(grid.atoms) == 1 else 'values'} kept as in the nearer parent"
    if grid.path != "raw":
        yield f"interpolated on the {grid.path} scale"


_SPANS: Mapping[str, float] = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0}
_NAMES = ((86_400.0, "day"), (3_600.0, "hour"), (60.0, "minute"), (1.0, "second"), (1e-3, "ms"), (1e-6, "µs"))


def _size(grid: Grid, units: int, kind: pa.DataType) -> str:
    if pa.types.is_decimal(kind):
        return f"{units / 10**kind.scale:g}"
    if not pa.types.is_temporal(kind):
        return f"{units / grid.denominator:g}"
    seconds = units * seconds_per_unit(kind)
    for span, name in _NAMES:
        if seconds >= span * 0.999:
            number = seconds / span
            return f"{number:g} {name}{'s' if number != 1 and len(name) > 2 else ''}"
    return f"{seconds:g} seconds"


def seconds_per_unit(kind: pa.DataType) -> float:
    """Return the length of the unit in which a temporal type stores its values."""
    if pa.types.is_date32(kind):
        return 86_400.0
    return 1e-3 if pa.types.is_date64(kind) else _SPANS[kind.unit]
