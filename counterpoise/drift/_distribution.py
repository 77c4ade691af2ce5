"""Sort values into bins, using the same bins for a described delivery and for those compared with it."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np

from counterpoise.drift._records import Distribution
from counterpoise.table import class_name
from counterpoise.typing import Floats, Ints

if TYPE_CHECKING:
    import pandas as pd

Counts = Ints

_BINS = 10
_ROWS_PER_BIN = 25
_FEWEST_PARTS = 4
"""The minimum number of bins for the values that are not frequent, however few they are."""
_CATEGORIES = 30
_ROWS_PER_CATEGORY = 5
_STRETCHES = (30, 10)
_FEW_FILES = 10
_ORDERED = _ALL_DIFFERENT = 0.95
_BLOCK_ROWS = 1_000_000
_FREE_TEXT = 0.5
"""If a text column's most frequent values cover less than this share, it is described by text length."""


def describe_values(values: pd.Series[Any]) -> Distribution | None:
    """Return the distribution of a column's present values, or None if there is nothing to compare.

    Numbers fall into about ten bins. A value with at least a tenth of the rows has its own bin, the other values share
    the remaining bins equally, and values outside the range have bins that are still empty. Bins have at least 25 rows,
    so few rows give few bins. Texts are counted by value if the value has at least five rows.

    Args:
        values: Numbers, booleans or texts from `counterpoise.table.to_series`, in the order of the source.
    """
    import pandas as pd

    present = values.dropna()
    if present.empty or _is_time(present):
        return None
    if pd.api.types.is_bool_dtype(present.dtype) or _holds_texts(present):
        return _describe_texts(present)
    numbers = _numbers(present)
    return _describe_numbers(numbers, "number") if len(numbers) == len(present) else None


def count_values(values: pd.Series[Any], distribution: Distribution) -> Counts:
    """Count a column's present values in each bin of a distribution.

    Args:
        values: As in `describe_values`.
        distribution: The distribution that defines the bins; the result has the shape of its `counts`.
    """
    present = values.dropna()
    if distribution.kind == "category":
        return _count_texts(present, distribution.values)
    numbers = _lengths(present) if distribution.kind == "length" else _numbers(present)
    return _count_numbers(numbers, distribution.edges)


def bin_names(distribution: Distribution) -> list[str]:
    """Return a name for each bin.

    >>> bin_names(Distribution(kind="number", edges=(1.0, 5.0), counts=(0, 3, 0)))
    ['below 1', 'above 1 to 5', 'above 5']
    >>> bin_names(Distribution(kind="category", values=("a",), counts=(3, 1)))
    ["'a'", 'other values']
    """
    if distribution.kind == "category":
        return [*(repr(value) for value in distribution.values), "other values"]
    edges = distribution.edges
    if not edges:
        return ["any value"]
    inner = [_between(low, high) for low, high in itertools.pairwise(edges)]
    names = [f"below {np.nextafter(edges[0], np.inf):.6g}", *inner, f"above {edges[-1]:.6g}"]
    return names if distribution.kind == "number" else [f"{name} characters" for name in names]


def _between(low: float, high: float) -> str:
    return f"exactly {high:.6g}" if np.nextafter(high, -np.inf) == low else f"above {low:.6g} to {high:.6g}"


def _is_time(values: pd.Series[Any]) -> bool:
    return values.dtype.kind in "mM"


def _holds_texts(values: pd.Series[Any]) -> bool:
    import pandas as pd

    return pd.api.types.is_string_dtype(values.dtype) and isinstance(values.iloc[0], str)


def _numbers(values: pd.Series[Any]) -> Floats:
    """Return the values as floats, including decimals and infinite values; empty if the column is not numeric."""
    import pandas as pd

    if pd.api.types.is_numeric_dtype(values.dtype):
        return np.asarray(values.to_numpy(dtype=np.float64))
    if _holds_texts(values) or _is_time(values):
        return np.zeros(0)
    try:
        return np.asarray(values.astype("float64").to_numpy(), dtype=np.float64)
    except (TypeError, ValueError):
        return np.zeros(0)


def _lengths(values: pd.Series[Any]) -> Floats:
    return np.asarray(values.astype("str").str.len().to_numpy(dtype=np.float64))


def _describe_texts(present: pd.Series[Any]) -> Distribution:
    found = _texts(present).value_counts()
    ordered = sorted(found.items(), key=lambda item: (-item[1], str(item[0])))[:_CATEGORIES]
    fewest = 1 if present.dtype.kind == "b" else _ROWS_PER_CATEGORY
    named = tuple(str(value) for value, rows in ordered if rows >= fewest)
    if not named or sum(rows for _, rows in ordered) < _FREE_TEXT * len(present):
        return _describe_numbers(_lengths(present), "length")
    return Distribution(
        kind="category",
        values=named,
        counts=tuple(_count_texts(present, named).tolist()),
        design_effect=design_effect(_texts(present).map({name: code for code, name in enumerate(named)}).fillna(-1)),
    )


def _texts(present: pd.Series[Any]) -> pd.Series[Any]:
    """Return each value as text, with booleans as in JSON."""
    import pandas as pd

    if pd.api.types.is_bool_dtype(present.dtype):
        return present.astype(bool).map({True: class_name(True), False: class_name(False)})
    return present.astype("str")


def _count_texts(present: pd.Series[Any], values: tuple[str, ...]) -> Counts:
    counts = _texts(present).value_counts().reindex(list(values), fill_value=0).to_numpy(dtype=np.int64)
    return np.append(counts, len(present) - counts.sum())


def _describe_numbers(numbers: Floats, kind: Any) -> Distribution:
    edges = _edges(numbers)
    counter = kind == "number" and _is_counter(numbers)
    return Distribution(
        kind=kind,
        edges=edges,
        counts=tuple(_count_numbers(numbers, edges).tolist()),
        counter=counter,
        design_effect=1.0 if counter else design_effect(np.searchsorted(np.asarray(edges), numbers, side="left")),
    )


def design_effect(bins: Any) -> float:
    """Return the design effect: the number of rows that carry as much information as one independent row.

    It is the mean over the bins of the variance of a bin's share between stretches of the source, relative to that of
    independent rows, after Rao and Scott (The analysis of categorical data from complex sample surveys, JASA 76, 1981),
    and at least 1. The larger value for 30 and for 10 stretches counts, since similar rows may span longer stretches.

    >>> design_effect(np.arange(3000) % 7)
    1.0
    >>> design_effect(np.repeat(np.arange(30), 100)) > 90
    True

    Args:
        bins: The bin of each row as a number, in the order of the source.
    """
    codes = np.unique(np.asarray(bins), return_inverse=True)[1]
    if len(codes) < max(_STRETCHES) or codes.max(initial=0) < 1:
        return 1.0
    places = np.arange(len(codes))
    return max(1.0, *(effect_between(codes, places * stretches // len(codes)) for stretches in _STRETCHES))


def bin_codes(values: pd.Series[Any], distribution: Distribution) -> Counts:
    """Return the bin of each present value as a number; values without a bin share an additional one."""
    if distribution.kind == "category":
        known = {name: code for code, name in enumerate(distribution.values)}
        return np.asarray(_texts(values).map(known).fillna(len(known)).to_numpy(dtype=np.int64))
    numbers = _lengths(values) if distribution.kind == "length" else _numbers(values)
    return np.searchsorted(np.asarray(distribution.edges), numbers, side="left")


def effect_of_a_file(bins: Any, files: Counts) -> float:
    """Return how much shares vary between the files of a source: the design effect less 1, times the number of files.

    A folder grows by one file at a time. Files differ more than long stretches of many files: a daily file has one
    weekday, while a stretch of weeks has them all. With few files, this adds nothing to the effect of stretches.

    >>> effect_of_a_file(np.repeat(np.arange(40) % 7, 10), np.repeat(np.arange(40), 10))
    370.25641
    >>> effect_of_a_file(np.zeros(400), np.repeat(np.arange(40), 10))
    0.0

    Args:
        bins: The bin of each row as a number.
        files: The file of each row, as a number from 0 on.
    """
    codes = np.unique(np.asarray(bins), return_inverse=True)[1]
    number = len(np.unique(files))
    if number <= _FEW_FILES or codes.max(initial=0) < 1:
        return 0.0
    effect = effect_between(codes, np.unique(files, return_inverse=True)[1])
    return round(max(0.0, effect - 1) * number, 6)


def effect_between(codes: Counts, unit: Counts) -> float:
    """Return the design effect of bins from their variation between the units that contain the rows."""
    rows, number, units = len(codes), int(codes.max()) + 1, int(unit.max()) + 1
    counts = np.bincount(unit * number + codes, minlength=units * number).reshape(units, number)
    shares = counts.sum(axis=0) / rows
    differences = counts - counts.sum(axis=1, keepdims=True) * shares
    variances = units / (units - 1) * (differences**2).sum(axis=0) / rows**2
    effects = variances / (shares * (1 - shares) / rows)
    return float(((1 - shares) * effects).sum() / (number - 1))


def _is_counter(numbers: Floats) -> bool:
    """Return whether numbers count rows or time: they follow the row order, or are integers and nearly all distinct."""
    from scipy import stats

    if len(numbers) < max(_STRETCHES) or numbers.min() == numbers.max():
        return False
    whole = bool(np.all(numbers == np.floor(numbers)))
    if whole and len(np.unique(numbers)) >= _ALL_DIFFERENT * len(numbers):
        return True
    return bool(abs(stats.spearmanr(np.arange(len(numbers)), numbers).statistic) > _ORDERED)


def _edges(numbers: Floats) -> tuple[float, ...]:
    """Return bin edges: frequent values get their own bins, the others are divided at their quantiles."""
    finite = numbers[np.isfinite(numbers)]
    bins = int(np.clip(len(finite) // _ROWS_PER_BIN, 1, _BINS))
    values, counts = np.unique(finite, return_counts=True)
    frequent = values[counts * bins >= len(finite)] if bins > 1 else values[:0]
    others = np.repeat(values, np.where(np.isin(values, frequent), 0, counts))
    parts = min(len(others) // _ROWS_PER_BIN, max(_FEWEST_PARTS, round(bins * len(others) / max(1, len(finite)))))
    inner = np.linspace(0, 1, parts + 1)[1:-1] if parts > 1 else np.zeros(0)
    cuts = np.quantile(others, inner, method="inverted_cdf") if len(inner) else np.zeros(0)
    single = frequent[:_BINS] if len(values) > 1 else values
    outer = np.append(_just_below(values[:1]), values[-1:])
    return tuple(np.unique(np.concatenate([outer, cuts, single, _just_below(single)])).tolist())


def _just_below(values: Floats) -> Floats:
    """Return the next smaller floats; the smallest finite float stays, as the next one would be infinite."""
    return np.nextafter(values, np.finfo(np.float64).min)


def _count_numbers(numbers: Floats, edges: tuple[float, ...]) -> Counts:
    counts = np.zeros(len(edges) + 1, dtype=np.int64)
    for start in range(0, len(numbers), _BLOCK_ROWS):
        places = np.searchsorted(np.asarray(edges), numbers[start : start + _BLOCK_ROWS], side="left")
        counts += np.bincount(places, minlength=len(counts))
    return counts
