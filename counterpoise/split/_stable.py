"""Method `stable`: the key alone says where a row goes, so that it stays there whatever rows are added."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from counterpoise.config import SplitConfig
from counterpoise.records import PARTITIONS
from counterpoise.split._allocation import partition_shares
from counterpoise.split._files import Partition
from counterpoise.split._leakage_removal import rows_that_give_way
from counterpoise.split._rare import leave_out_absent
from counterpoise.split._rows import Apart, Placement, SplitRows, without

__all__ = ["place_by_key"]

_TOLERATED = 0.1


def place_by_key(rows: SplitRows, sides: Partition, *, config: SplitConfig, target: str) -> Placement:
    """Leave rows where their keys put them, and leave out what would tie partitions together.

    Args:
        rows: The rows.
        sides: The partition of each row's key.
        config: Sizes and policies.
        target: The label column.

    Raises:
        SplitError: A class is missing from a partition and `config.rare_classes` says to stop.
    """
    apart = tuple(_equal_elsewhere(rows, sides))
    placed = without(sides, apart)
    apart += leave_out_absent(
        placed,
        rows,
        policy=config.rare_classes,
        target=target,
        why="by the hash of their keys they stand elsewhere",
        remedy="collect more rows or merge classes, choose another split.salt before the first version",
    )
    placed = without(sides, apart)
    return Placement(placed, apart, tuple(_unequal_shares(placed, rows, partition_shares(config))))


def _equal_elsewhere(rows: SplitRows, sides: Partition) -> Iterator[Apart]:
    """Yield the rows whose features stand in a partition further on under another key."""
    if rows.content is None:
        return
    places = rows_that_give_way(sides, {"equal_elsewhere": rows.content})["equal_elsewhere"]
    if len(places):
        note = (
            f"{len(places):,} rows of train or validation equal, in their features, rows whose keys belong further on: "
            "they are left out (without columns.ids and group the features decide, and none need be)"
        )
        yield Apart("equal_elsewhere", "", places, note)


def _unequal_shares(placed: Partition, rows: SplitRows, shares: tuple[float, ...]) -> Iterator[str]:
    """Tell where chance or large groups keep a class more than a tenth away from its share of a partition."""
    for code, name in enumerate(rows.classes):
        found = np.bincount(placed[(rows.labels == code) & (placed >= 0)], minlength=len(PARTITIONS))
        wanted = np.asarray(shares) * found.sum()
        if (np.abs(found - wanted) > np.maximum(1, wanted * _TOLERATED)).any():
            counts = ", ".join(
                f"{part} {n:,} of {aim:,.0f}" for part, n, aim in zip(PARTITIONS, found, wanted, strict=True)
            )
            yield f"class {name!r} is off its shares ({counts}): keys decide, which even out as there are more of them"
