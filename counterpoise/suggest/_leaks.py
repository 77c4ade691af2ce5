"""Find features that reveal the label: each of them alone separates the rarer class almost perfectly."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from counterpoise.records import Snapshot
from counterpoise.suggest._profile import ColumnSummary
from counterpoise.suggest._separation import MIN_ROWS, ranking_area
from counterpoise.table import Labels, SnapshotReader
from counterpoise.typing import Mask

_FEW_VALUES = 20
_MIN_COVERAGE = 0.1
_PURITY = 0.99
_AREA = 0.995


def find_leaks(snapshot: Snapshot, labels: Labels, profiles: Sequence[ColumnSummary]) -> dict[str, str]:
    """Return the suspicious features of a two-class table, each with the reason.

    A number is suspicious if the area under its ROC curve is at least 0.995 in either direction; a feature with few
    values if one of them, in at least ten rows and a tenth of the rarer class, indicates that class in 99 % of its
    rows.

    Args:
        snapshot: The data.
        labels: Its label column.
        profiles: The features to check.
    """
    counts = labels.counts()
    if len(counts) != 2:
        return {}
    rare = int(np.argmin(list(counts.values())))
    positive = labels.codes == rare
    reader = SnapshotReader(snapshot)
    found = {}
    for profile in profiles:
        column = reader.read_columns([profile.name]).column(0)
        reason = _reason(profile, column, positive, labels.codes >= 0, labels.classes[rare])
        if reason:
            found[profile.name] = reason
    return found


def _reason(
    profile: ColumnSummary,
    column: pa.ChunkedArray,
    positive: Mask,
    labelled: Mask,
    name: str,
) -> str:
    if profile.distinct <= _FEW_VALUES and not pa.types.is_nested(profile.type):
        return _revealing_value(column, positive, labelled, name)
    if profile.is_number:
        values = column.cast(pa.float64(), safe=False).to_numpy()
        usable = np.isfinite(values) & labelled
        area = ranking_area(values[usable], positive[usable])
        if max(area, 1 - area) >= _AREA:
            return f"its order alone separates class {name!r} (ROC-AUC {max(area, 1 - area):.3f})"
    return ""


def _revealing_value(column: pa.ChunkedArray, positive: Mask, labelled: Mask, name: str) -> str:
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    distinct = pc.unique(column).drop_null()
    if len(distinct) < 2:
        return ""
    codes = np.asarray(pc.fill_null(pc.index_in(column, value_set=distinct), -1).to_numpy(), dtype=np.int64)
    usable = labelled & (codes >= 0)
    rows = np.bincount(codes[usable], minlength=len(distinct))
    hits = np.bincount(codes[usable & positive], minlength=len(distinct))
    enough = (rows >= MIN_ROWS) & (hits >= _MIN_COVERAGE * positive.sum())
    telling = np.flatnonzero(enough & (hits >= _PURITY * rows))
    if len(telling) == 0:
        return ""
    value, index = distinct[int(telling[0])].as_py(), telling[0]
    return f"{value!r} indicates class {name!r} in {hits[index]:,} of {rows[index]:,} rows"
