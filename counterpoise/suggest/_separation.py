"""Measure how well a single feature separates each class: the area under the ROC curve, one class against the rest.

The area is Mann and Whitney's statistic divided by the number of pairs, with ties counted half (Hanley and McNeil
1982): 0.5 means no separation, 1 perfect separation. All functions are pure and take NumPy arrays with one item per
row.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from counterpoise.table import Numbers, as_numbers, as_ordered, class_name, encode_values
from counterpoise.typing import Codes, Floats, Ints

if TYPE_CHECKING:
    import pandas as pd

Values = npt.NDArray[Any]

MIN_ROWS = 10
_FEW_VALUES = 50
_FEW_HITS = 3


@dataclass(frozen=True)
class Separation:
    """How well a feature separates its best-separated class.

    Attributes:
        area: Area under the ROC curve of this class against the rest, from 0.5 to 1.
        name: The class.
        rows: Its number of rows.
    """

    area: float
    name: str
    rows: int


def class_separation(feature: pd.Series[Any], label: pd.Series[Any]) -> Separation | None:
    """Return how well a feature alone separates a class from all others; None if no class has enough rows.

    >>> import pandas as pd
    >>> label = pd.Series(["no"] * 30 + ["yes"] * 10)
    >>> class_separation(pd.Series(range(40)), label)
    Separation(area=1.0, name='yes', rows=10)

    Args:
        feature: A column of any type; missing values are a level of their own.
        label: The label column; rows without a label are ignored.
    """
    labels = encode_values(label)
    labelled = labels.codes >= 0
    if not labelled.all():
        feature, codes = feature[labelled], labels.codes[labelled]
    else:
        codes = labels.codes
    areas = _areas(feature, codes, len(labels.values)) if len(codes) else np.array([np.nan])
    worst = worst_class(areas, codes)
    if worst is None:
        return None
    rows = int(np.count_nonzero(codes == worst))
    return Separation(float(areas[worst]), class_name(labels.values[worst]), rows)


def _areas(feature: pd.Series[Any], codes: Any, classes: int) -> Floats:
    numbers: Numbers | None = as_numbers(feature)
    if numbers is None:
        coded = encode_values(feature)
        numbers = as_ordered(coded)
        if numbers is None:
            return level_separation(coded.codes + 1, codes, classes)
    return number_separation(numbers.values, numbers.missing, codes, classes)


def ranking_area(values: Values, positive: npt.NDArray[np.bool_]) -> float:
    """Return the area under the ROC curve of the values as scores; 0.5 if either side has fewer than ten rows.

    >>> ranking_area(np.arange(40), np.arange(40) >= 30)
    1.0

    Args:
        values: Numbers without missing values.
        positive: Whether each row belongs to the class.
    """
    area = _rank_areas(np.sort(values), values, positive.astype(np.uint8), 2)[1]
    return 0.5 if np.isnan(area) else float(area)


def number_separation(values: Values, missing: npt.NDArray[np.bool_], codes: Codes, classes: int) -> Floats:
    """Return, by class, how well a number separates it from the rest: 0.5 to 1, or NaN for classes not scored.

    The best of three separations counts: by the order of the present values, in either direction; by whether the value
    is missing; and, if there are at most 50 different values, by each value as a level. A class is not scored if it or
    the rest has fewer than ten rows.

    >>> values, codes = np.array([*range(40), *[0] * 10]), np.repeat([0, 1, 0, 2], [10, 10, 20, 10])
    >>> number_separation(values, codes == 2, codes, 3).round(2)
    array([0.75, 0.67, 1.  ])

    Args:
        values: One number per row, of any sortable numeric type; any value where it is missing.
        missing: Whether each value is missing.
        codes: The class of each row, from 0.
        classes: The number of classes.
    """
    holes = bool(missing.any())
    present, own = (values[~missing], codes[~missing]) if holes else (values, codes)
    ordered = np.sort(present)
    areas = _rank_areas(ordered, present, own, classes)
    best = np.maximum(areas, 1 - areas)
    first = np.append(True, ordered[1:] != ordered[:-1])[: len(ordered)]
    if holes:
        best = np.fmax(best, _missing_areas(missing, codes, classes))
    if np.count_nonzero(first) <= _FEW_VALUES:
        levels = np.where(missing, 0, np.searchsorted(ordered[first], values) + 1)
        best = np.fmax(best, level_separation(levels, codes, classes))
    return best


def level_separation(levels: Codes, codes: Codes, classes: int) -> Floats:
    """Return, by class, how well the levels separate it from the rest: 0.5 to 1, or NaN for classes not scored.

    A level's score is its share of the class among the same rows. To keep many small levels from separating the class
    by chance, levels are pooled into one if they have fewer than ten rows, or neither contain nor would be expected to
    contain three rows of the rarer side (class or rest).

    >>> level_separation(np.repeat([0, 1], [30, 20]), np.repeat([0, 1], [40, 10]), 2)
    array([0.875, 0.875])

    Args:
        levels: The level of each row, from 0; a missing value has a level of its own.
        codes: The class of each row, from 0.
        classes: The number of classes.
    """
    rows = np.bincount(levels)
    areas = np.full(classes, np.nan)
    sizes = np.bincount(codes, minlength=classes)
    for code, own in _rows_by_class(codes, sizes):
        if _is_judged(sizes[code], len(codes)):
            areas[code] = _level_area(np.bincount(levels[own], minlength=len(rows)), rows)
    return areas


def worst_class(areas: Floats, codes: Codes) -> int | None:
    """Return the best-separated class, the rarest one in case of ties; None if no class is scored."""
    if np.isnan(areas).all():
        return None
    sizes = np.bincount(codes, minlength=len(areas))
    best = np.flatnonzero(areas >= np.nanmax(areas) - 1e-9)
    return int(best[np.argmin(sizes[best])])


def _rank_areas(ordered: Values, values: Values, codes: Codes, classes: int) -> Floats:
    """Return the area of each class, or NaN if not scored; the largest class takes the remaining ranks.

    Sorting all values without their rows is fast, and only the rows of the other classes are looked up.
    """
    total = len(values)
    sizes = np.bincount(codes, minlength=classes)
    largest = int(np.argmax(sizes))
    ranks = np.zeros(classes)
    for code, own in _rows_by_class(codes, sizes, without=largest):
        looked_up = np.sort(values[own])
        ranks[code] = (np.searchsorted(ordered, looked_up) + np.searchsorted(ordered, looked_up, "right")).sum() / 2
    ranks[largest] = total**2 / 2 - ranks.sum()
    pairs = np.where(_is_judged(sizes, total), sizes * (total - sizes), np.nan)
    areas: Floats = (ranks - sizes**2 / 2) / pairs
    return areas


def _missing_areas(missing: npt.NDArray[np.bool_], codes: Codes, classes: int) -> Floats:
    sizes = np.bincount(codes, minlength=classes)
    holes = np.bincount(codes[missing], minlength=classes)
    rest = np.where(_is_judged(sizes, len(codes)), len(codes) - sizes, np.nan)
    areas: Floats = 0.5 + np.abs(holes / np.maximum(sizes, 1) - (holes.sum() - holes) / rest) / 2
    return areas


def _level_area(hits: Ints, rows: Ints) -> float:
    """Return the area with the levels' shares as scores.

    Args:
        hits: Rows of the class by level.
        rows: All rows by level.
    """
    rare = hits if 2 * hits.sum() <= rows.sum() else rows - hits
    expected = rows * (rare.sum() / rows.sum())
    alone = (rows >= MIN_ROWS) & (np.maximum(rare, expected) >= _FEW_HITS)
    hits, rows = (np.append(each[alone], each[~alone].sum()) for each in (hits, rows))
    _, tied = np.unique(hits / np.maximum(rows, 1), return_inverse=True)
    inside, outside = np.bincount(tied, hits), np.bincount(tied, rows - hits)
    lower = np.cumsum(outside) - outside / 2
    return float(inside @ lower / (inside.sum() * outside.sum()))


def _rows_by_class(codes: Codes, sizes: Ints, without: int = -1) -> Iterator[tuple[int, Ints]]:
    """Yield the rows of each class that has any."""
    rows = np.arange(len(codes)) if without < 0 else np.flatnonzero(codes != without)
    small = codes[rows].astype(np.min_scalar_type(max(len(sizes), 1)))
    rows = rows[np.argsort(small, kind="stable")]
    start = 0
    for code in np.flatnonzero(sizes):
        if code != without:
            yield int(code), rows[start : start + sizes[code]]
            start += int(sizes[code])


def _is_judged(sizes: Any, total: int) -> Any:
    return (sizes >= MIN_ROWS) & (total - sizes >= MIN_ROWS)
