"""Facts on the independent units of each partition: their number and sizes, and what large ones do to the split."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from counterpoise.records import PARTITIONS, UnitSizes
from counterpoise.split._allocation import partition_targets
from counterpoise.split._files import Partition
from counterpoise.split._groups import Units, link_groups, unit_sizes
from counterpoise.split._rows import SplitRows
from counterpoise.text import share
from counterpoise.typing import Ints

_LARGE = 0.05
"""The share of a class's rows from which a unit is large."""
_UNLIKE = 0.15
"""The share of a class's rows that some partition does not represent from which a note says so."""
_NAMES = {"groups": ("group", "groups"), "equal_rows": ("set of equal rows", "sets of equal rows")}


def units_of(rows: SplitRows, placed: Partition) -> Units:
    """Return the independent units of the rows that are in a partition, one code per such row.

    A group that spans partitions, as a split in time allows, is one unit in each.
    """
    where = np.flatnonzero(placed >= 0)
    own = placed[where].astype(np.int64)
    content = None if rows.content is None else _codes(rows.content[where] * len(PARTITIONS) + own)
    group = None if rows.group is None else _codes(rows.group[where] * len(PARTITIONS) + own)
    if group is None:
        return Units.of(np.arange(len(where)) if content is None else content, grouped=False)
    return Units.of(group if content is None else link_groups(group, content), grouped=True)


def sizes_by_partition(units: Units, placed: Partition) -> dict[str, UnitSizes]:
    """Return the number and the sizes of each partition's units; nothing if these are single rows."""
    if units.kind == "rows":
        return {}
    own = placed[placed >= 0]
    sizes = np.bincount(units.codes)
    where = np.empty(len(sizes), np.int8)
    where[units.codes] = own
    return {name: unit_sizes(sizes[where == number]) for number, name in enumerate(PARTITIONS)}


def notes_on_large_units(rows: SplitRows, placed: Partition, units: Units, shares: tuple[float, ...]) -> Iterator[str]:
    """Yield a note for each class in which a unit exceeds a partition, or makes partitions unlike the source.

    Args:
        rows: The rows that were split.
        placed: Their partitions.
        units: The units of the rows that are in a partition.
        shares: The partitions' shares of rows.
    """
    if units.kind == "rows":
        return
    labels, own = rows.labels[placed >= 0], placed[placed >= 0]
    for code, name in enumerate(rows.classes):
        members = labels == code
        if not members.any():
            continue
        sizes, where = _sizes_of(units.codes[members], own[members])
        if (note := _unlike(_NAMES[units.kind], sizes, where)) is not None:
            yield f"class {name!r}: {note}{_exceeding(int(sizes.max()), partition_targets(int(sizes.sum()), shares))}"


def _codes(codes: Ints) -> Ints:
    """Return the codes without gaps, numbered by first appearance."""
    import pandas as pd

    return np.asarray(pd.factorize(codes)[0], np.int64)


def _sizes_of(codes: Ints, placed: Partition) -> tuple[Ints, Ints]:
    """Return the sizes of the units with these rows, and their partitions."""
    found, first, sizes = np.unique(codes, return_index=True, return_counts=True)
    del found
    return sizes.astype(np.int64), placed[first].astype(np.int64)


def _unlike(words: tuple[str, str], sizes: Ints, where: Ints) -> str | None:
    """Return how large units make the rows of a class in some partition unlike those of the source; None if not.

    The measure is the total variation distance: the share of a partition's rows that would have to be exchanged for
    large units to be what they are in the source.
    """
    large = (sizes > _LARGE * sizes.sum()) & (sizes > 1)
    totals = np.bincount(where, weights=sizes, minlength=len(PARTITIONS))
    source = sizes / sizes.sum()
    distances = [
        np.maximum(source - np.where(where == part, sizes / totals[part], 0), 0)[large].sum()
        for part in np.flatnonzero(totals)
    ]
    if (distance := max(distances)) <= _UNLIKE:
        return None
    told = ", ".join(f"{int((where[large] == part).sum()):,} in {name}" for part, name in enumerate(PARTITIONS))
    unit = words[0] if large.sum() == 1 else words[1]
    return (
        f"{int(large.sum()):,} {unit} with more than {share(_LARGE)} of its rows, "
        f"the largest with {int(sizes.max()):,} ({share(source.max())}): {told}; so {share(distance)} of the source's "
        "rows are not represented in some partition"
    )


def _exceeding(largest: int, wanted: Ints) -> str:
    """Return a clause on the partitions for which the largest unit is too large; empty if there are none."""
    pairs = zip(PARTITIONS, wanted.tolist(), strict=True)
    exceeded = [f"{part} ({rows:,})" for part, rows in pairs if largest > rows]
    return f"; the largest exceeds what should be in {' and in '.join(exceeded)}" if exceeded else ""
