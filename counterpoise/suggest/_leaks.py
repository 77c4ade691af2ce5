"""Find features that reveal the label: each of them alone tells the rarer class, or all of several, almost surely."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from counterpoise.records import Snapshot
from counterpoise.suggest._profile import ColumnSummary
from counterpoise.suggest._separation import MIN_ROWS, ranking_area
from counterpoise.table import Labels, SnapshotReader, plain_values
from counterpoise.typing import Ints, Mask

_FEW_VALUES = 20
_VALUES_PER_CLASS = 2
_MIN_COVERAGE = 0.1
_PURITY = 0.99
_AREA = 0.998
_USUAL = 0.5


def find_leaks(snapshot: Snapshot, labels: Labels, profiles: Sequence[ColumnSummary]) -> dict[str, str]:
    """Return the suspicious features, each with the reason.

    With two classes, a number is suspicious if the area under its ROC curve is at least 0.998 in either direction; a
    feature with few values if one of them, in at least ten rows and a tenth of the rarer class, indicates that class in
    99 % of its rows; any feature if having a value does, or none, or another than the one that most rows have. With
    more classes, a feature with few values is suspicious if they tell all classes in 99 % of the rows.

    Args:
        snapshot: The data.
        labels: Its label column.
        profiles: The features to check.
    """
    counts = labels.counts()
    reader = SnapshotReader(snapshot)
    rare = int(np.argmin(list(counts.values()))) if counts else 0
    positive = labels.codes == rare
    found = {}
    for profile in profiles if len(counts) > 1 else ():
        column = reader.read_columns([profile.name]).column(0)
        if len(counts) > 2:
            reason = _telling_all(profile, column, labels)
        else:
            reason = _reason(profile, column, positive, labels.codes >= 0, labels.classes[rare])
        if reason:
            found[profile.name] = reason
    return found


def _telling_all(profile: ColumnSummary, column: pa.ChunkedArray, labels: Labels) -> str:
    """Return the reason if the values of a feature tell all of several classes, as a copy of the label does."""
    classes = len(labels.classes)
    few = classes <= profile.distinct <= _VALUES_PER_CLASS * classes and classes * MIN_ROWS <= profile.rows
    if not few or pa.types.is_nested(profile.type):
        return ""
    codes, distinct = _coded(column)
    usable = (labels.codes >= 0) & (codes >= 0)
    pairs = codes[usable] * classes + labels.codes[usable]
    table = np.bincount(pairs, minlength=len(distinct) * classes).reshape(len(distinct), classes)
    told = table[np.arange(len(distinct)), table.argmax(axis=1)]
    all_named = len(np.unique(table.argmax(axis=1))) == classes
    if not all_named or told.sum() < _PURITY * (labels.codes >= 0).sum():
        return ""
    return f"its values tell all {classes} classes in {told.sum():,} of {usable.sum():,} rows"


def _reason(
    profile: ColumnSummary,
    column: pa.ChunkedArray,
    positive: Mask,
    labelled: Mask,
    name: str,
) -> str:
    gaps = np.asarray(column.is_null(nan_is_null=pa.types.is_floating(profile.type)).to_numpy())
    if told := _revealing_side({"having a value": ~gaps, "a missing value": gaps}, positive, labelled, name):
        return told
    if profile.distinct <= _FEW_VALUES and not pa.types.is_nested(profile.type):
        return _revealing_value(column, positive, labelled, name)
    if profile.is_number:
        values = column.cast(pa.float64(), safe=False).to_numpy()
        usable = np.isfinite(values) & labelled
        usual = profile.quantiles[2] if profile.quantiles else 0
        unusual = usable & (values != usual)
        if np.count_nonzero(unusual) < _USUAL * np.count_nonzero(usable):
            told = _revealing_side({f"a value other than {usual:g}": unusual}, positive, labelled, name)
        area = ranking_area(values[usable], positive[usable])
        if not told and max(area, 1 - area) >= _AREA:
            return f"its order alone separates class {name!r} (ROC-AUC {max(area, 1 - area):.3f})"
    return told


def _revealing_side(sides: Mapping[str, Mask], positive: Mask, labelled: Mask, name: str) -> str:
    """Return the reason if the rows of one side indicate the class; sides are named."""
    for what, side in sides.items():
        rows = np.count_nonzero(side & labelled)
        hits = np.count_nonzero(side & positive)
        if _is_telling(np.array([rows]), np.array([hits]), positive)[0]:
            return f"{what} indicates class {name!r} in {hits:,} of {rows:,} rows"
    return ""


def _revealing_value(column: pa.ChunkedArray, positive: Mask, labelled: Mask, name: str) -> str:
    codes, distinct = _coded(column)
    if len(distinct) < 2:
        return ""
    usable = labelled & (codes >= 0)
    rows = np.bincount(codes[usable], minlength=len(distinct))
    hits = np.bincount(codes[usable & positive], minlength=len(distinct))
    telling = np.flatnonzero(_is_telling(rows, hits, positive))
    if len(telling) == 0:
        return ""
    value, index = distinct[int(telling[0])].as_py(), telling[0]
    return f"{value!r} indicates class {name!r} in {hits[index]:,} of {rows[index]:,} rows"


def _coded(column: pa.ChunkedArray) -> tuple[Ints, pa.Array]:
    """Return the position of each value among the distinct ones, -1 where it is missing or NaN, and these."""
    column = plain_values(column)
    distinct = pc.unique(column).drop_null()
    return np.asarray(pc.fill_null(pc.index_in(column, value_set=distinct), -1).to_numpy(), dtype=np.int64), distinct


def _is_telling(rows: Ints, hits: Ints, positive: Mask) -> Mask:
    """Return whether each value's rows indicate the class."""
    telling: Mask = (rows >= MIN_ROWS) & (hits >= _MIN_COVERAGE * positive.sum()) & (hits >= _PURITY * rows)
    return telling
