"""Method `stable`: only the key decides where a row goes, so it stays there whatever rows are added."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from counterpoise.config import SplitConfig
from counterpoise.records import PARTITIONS
from counterpoise.split._allocation import partition_shares
from counterpoise.split._files import Partition
from counterpoise.split._leakage_removal import rows_to_exclude
from counterpoise.split._rare import exclude_absent_classes
from counterpoise.split._rows import Exclusion, Placement, SplitRows, without

_TOLERANCE = 0.1


def place_by_key(rows: SplitRows, by_key: Partition, *, config: SplitConfig, target: str) -> Placement:
    """Place rows by key, and exclude rows that would link partitions.

    Args:
        rows: The rows.
        by_key: The partition of each row's key.
        config: Sizes and policies.
        target: The label column.

    Raises:
        SplitError: A class is missing from a partition and `config.rare_classes` is `stop`.
    """
    exclusions = tuple(_equal_elsewhere(rows, by_key))
    placed = without(by_key, exclusions)
    exclusions += exclude_absent_classes(
        placed,
        rows,
        policy=config.rare_classes,
        target=target,
        why="the hash of their keys assigns them to other partitions",
        remedy="collect more rows or merge classes, or choose another split.salt before the first version",
    )
    placed = without(by_key, exclusions)
    return Placement(placed, exclusions, tuple(_unequal_shares(placed, rows, partition_shares(config))))


def _equal_elsewhere(rows: SplitRows, by_key: Partition) -> Iterator[Exclusion]:
    """Yield the rows whose features also occur in a later partition under another key."""
    if rows.content is None:
        return
    places = rows_to_exclude(by_key, {"equal_elsewhere": rows.content})["equal_elsewhere"]
    if len(places):
        note = (
            f"{len(places):,} rows of train or validation have the same features as rows with keys of a later "
            "partition: they are excluded (without columns.ids and columns.group the features are the key, and no "
            "rows are lost)"
        )
        yield Exclusion("equal_elsewhere", "", places, note)


def _unequal_shares(placed: Partition, rows: SplitRows, shares: tuple[float, ...]) -> Iterator[str]:
    """Yield a note for each class whose share of a partition is off by more than a tenth, by chance or large groups."""
    for code, name in enumerate(rows.classes):
        found = np.bincount(placed[(rows.labels == code) & (placed >= 0)], minlength=len(PARTITIONS))
        wanted = np.asarray(shares) * found.sum()
        if (np.abs(found - wanted) > np.maximum(1, wanted * _TOLERANCE)).any():
            counts = ", ".join(
                f"{part} {n:,} of {aim:,.0f}" for part, n, aim in zip(PARTITIONS, found, wanted, strict=True)
            )
            yield f"class {name!r} misses its shares ({counts}): keys decide, and shares even out with more keys"
