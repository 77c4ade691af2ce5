"""The independent units of two deliveries: groups, or sets of equal rows where the split keeps them together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np

from counterpoise.config import ColumnsConfig
from counterpoise.drift._distribution import effect_between
from counterpoise.drift._records import SourceProfile, SourceUnits, UnitCount, UnitEffect
from counterpoise.drift._stability import UnitEffects
from counterpoise.records import Snapshot
from counterpoise.split import NearRows, content_hashes, expects_equal_rows, group_codes, link_groups
from counterpoise.table import SnapshotReader, SourceTable
from counterpoise.typing import Codes, Ints, Mask

EqualRows = Literal["together", "near", "ignore"]

_SAMPLE = 20_000
"""The number of rows from which follows whether equal rows are coincidences."""


def find_units(snapshot: Snapshot, columns: ColumnsConfig, duplicates: EqualRows) -> tuple[SourceUnits, Ints] | None:
    """Return the units of a source and the unit of each row as a number; None if rows are independent by nature.

    Equal rows are independent if few discrete features make them by coincidence.

    Args:
        snapshot: The source.
        columns: The roles of its columns.
        duplicates: Whether the split keeps equal rows together (`split.duplicates`).
    """
    equal_rows = "ignore" if _are_coincidences(SourceTable(snapshot, columns)) else duplicates
    if not columns.group and equal_rows == "ignore":
        return None
    codes = unit_codes(snapshot, columns, equal_rows)
    return SourceUnits(group=columns.group, equal_rows=equal_rows, all=count_units(codes)), codes


@lru_cache(maxsize=1)
def unit_codes(snapshot: Snapshot, columns: ColumnsConfig, equal_rows: EqualRows) -> Ints:
    """Return the unit of each row as a number, linked where rows of two groups are equal.

    The last result is cached, since a run needs them before and after comparing its source with the last version.

    Args:
        snapshot: The source.
        columns: The roles of its columns.
        equal_rows: As in `SourceUnits`.
    """
    found = []
    if columns.group:
        found.append(group_codes(SnapshotReader(snapshot).read_columns([columns.group]).column(0)))
    features = SourceTable(snapshot, columns).roles.features
    if equal_rows == "near":
        found.append(NearRows.of(snapshot, features, np.arange(snapshot.rows)).codes)
    elif equal_rows == "together":
        found.append(group_codes(content_hashes(snapshot, features)))
    return found[0] if len(found) == 1 else link_groups(*found)


def count_units(codes: Ints) -> UnitCount:
    """Return the number and the size of units.

    >>> count_units(np.array([0, 0, 0, 1])).size
    2.5
    """
    sizes = np.unique(codes, return_counts=True)[1]
    return UnitCount(rows=len(codes), units=len(sizes), size=float((sizes**2).sum() / max(1, len(codes))))


def unit_effect(bins: Codes | Mask, codes: Ints, *, constant: UnitEffect | None = None) -> UnitEffect:
    """Return how alike the rows of a unit are.

    >>> unit_effect(np.repeat([0, 1, 0, 1], 5), np.repeat(np.arange(4), 5))
    UnitEffect(effect=6.666667, size=5.0)

    Args:
        bins: The bin of each row as a number.
        codes: The unit of each row as a number.
        constant: How alike they are taken to be if all rows have the same bin; not at all by default.
    """
    shares, unit = (np.unique(each, return_inverse=True)[1] for each in (bins, codes))
    counted = count_units(unit)
    if counted.units < 2 or counted.units == counted.rows:
        return UnitEffect()
    otherwise = 1.0 if constant is None else constant.for_size(counted.size)
    effect = effect_between(shares, unit) if shares.max() else otherwise
    return UnitEffect(effect=round(max(1.0, effect), 6), size=round(counted.size, 6))


@dataclass(frozen=True)
class LaterRows:
    """The unit of each row of a later delivery, and which of the rows are in the class that was the minority."""

    codes: Ints
    minority: Mask

    @classmethod
    def of(cls, profile: SourceProfile, snapshot: Snapshot, columns: ColumnsConfig) -> LaterRows | None:
        """Return the rows of a delivery; None if rows are independent, or if columns are missing."""
        named = {columns.target, *columns.key_columns(), *columns.drop}
        units, present = profile.units, {column.name for column in snapshot.columns}
        if units is None or units.group != columns.group or not present.issuperset(named):
            return None
        labels = SourceTable(snapshot, columns).labels
        minority = labels.classes.index(profile.minority) if profile.minority in labels.classes else -2
        return cls(unit_codes(snapshot, columns, units.equal_rows), labels.codes == minority)

    def among(self, stretches: Sequence[tuple[int, int]] | None) -> tuple[UnitCount, UnitCount]:
        """Return the units of some stretches, of all rows for None, and those of the minority class in them."""
        chosen = np.full(len(self.codes), stretches is None)
        for first, stop in stretches or ():
            chosen[first:stop] = True
        return count_units(self.codes[chosen]), count_units(self.codes[chosen & self.minority])


@dataclass(frozen=True)
class UnitsOfBoth:
    """The units of an earlier delivery, and those of the later rows and of the minority class in them."""

    before: SourceUnits
    later: tuple[UnitCount, UnitCount]

    def effects(self, found: UnitEffect, *, minority: bool = False, sampled: bool = False) -> UnitEffects | None:
        """Return the design effects of some shares before and now; None if there are none.

        Units are as alike as before. Their size grows as the mean number of rows of a unit does.

        Args:
            found: The effect before.
            minority: Whether the shares are those within the minority class.
            sampled: Whether the earlier shares are those of the sample that the effect was measured in.
        """
        before, later = (self.before.minority if minority else self.before.all), self.later[minority]
        if not (before.rows and later.rows):
            return None
        larger = (later.rows / later.units) / (before.rows / before.units)
        earlier = found.effect if sampled else found.for_size(before.size)
        now = found.for_size(before.size * larger)
        return (
            UnitEffects(before=earlier, later=now, number=before.rows / before.size) if max(earlier, now) > 1 else None
        )


def _are_coincidences(source: SourceTable) -> bool:
    """Return whether equal rows of a source may well be independent, from a sample of its rows."""
    rows = source.snapshot.rows
    chosen = np.arange(rows) if rows <= _SAMPLE else np.linspace(0, rows - 1, _SAMPLE).astype(np.int64)
    return expects_equal_rows(source.reader.read_rows(chosen, source.roles.features))
