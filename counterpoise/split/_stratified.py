"""Methods `random` and `grouped`: drawn by class with exact shares, rows that are tied together in one piece."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from counterpoise.config import SplitConfig
from counterpoise.records import PARTITIONS
from counterpoise.split._allocation import GroupedRows, allocate_groups, partition_shares, partition_targets
from counterpoise.split._files import REJECTED, Partition
from counterpoise.split._groups import group_codes, link_groups
from counterpoise.split._rare import RareClasses, check_every_partition, find_rare
from counterpoise.split._rows import Apart, Placement, SplitRows

__all__ = ["place_at_random"]

_TOLERATED = 0.1


def place_at_random(rows: SplitRows, *, config: SplitConfig, seed: int, target: str) -> Placement:
    """Draw which rows, or whole groups of them, go where.

    Args:
        rows: The rows.
        config: Sizes and policies.
        seed: The run's seed.
        target: The label column.

    Raises:
        SplitError: A class would be missing from a partition and `config.rare_classes` says to stop.
    """
    tied = GroupedRows(_tied(rows), rows.labels, rows.classes)
    rare = find_rare(tied, config.rare_classes)
    placed = _place(tied, rare, config, seed)
    check_every_partition(placed, tied, rare)
    few = tuple(f"class {rows.classes[code]!r} has too few rows: {config.rare_classes}" for code in rare)
    left_out = np.flatnonzero(placed == REJECTED)
    apart = (Apart("rare_class", target, left_out, ""),) if len(left_out) else ()
    return Placement(placed, apart, (*few, *_unequal_shares(placed, tied, rare, partition_shares(config))))


def _tied(rows: SplitRows) -> np.ndarray:
    """Return codes that are equal for rows which stay together, by features or group."""
    if rows.content is None:
        return np.arange(len(rows.labels), dtype=np.int64) if rows.group is None else rows.group
    return rows.content if rows.group is None else link_groups(rows.group, rows.content)


def _place(rows: GroupedRows, rare: RareClasses, config: SplitConfig, seed: int) -> Partition:
    """Return the partition of each row: rare classes go where the policy says, with rows tied to them."""
    shares = partition_shares(config)
    is_rare = np.isin(rows.labels, list(rare))
    apart = is_rare
    if config.rare_classes == "train_only":
        apart = np.isin(rows.groups, np.unique(rows.groups[is_rare]))
    aside = REJECTED if config.rare_classes == "reject" else PARTITIONS.index("train")
    placed = np.full(len(rows.labels), aside, dtype=np.int8)
    if not apart.any():
        return allocate_groups(rows, shares=shares, seed=seed)
    free = GroupedRows(group_codes(rows.groups[~apart].astype(np.uint64)), rows.labels[~apart], rows.classes)
    placed[~apart] = allocate_groups(free, shares=shares, seed=seed)
    return placed


def _unequal_shares(
    placed: Partition, rows: GroupedRows, rare: RareClasses, shares: tuple[float, ...]
) -> Iterator[str]:
    """Tell where tied rows keep a class more than a tenth away from the share of a partition that it should have."""
    for code, name in enumerate(rows.classes):
        own = rows.labels == code
        wanted = partition_targets(int(own.sum()), shares)
        found = np.bincount(placed[own & (placed >= 0)], minlength=len(PARTITIONS))
        if code in rare or not (np.abs(found - wanted) > np.maximum(1, wanted * _TOLERATED)).any():
            continue
        largest = int(np.bincount(rows.groups[own]).max())
        counts = ", ".join(f"{part} {n:,} of {aim:,}" for part, n, aim in zip(PARTITIONS, found, wanted, strict=True))
        yield f"class {name!r} is off its shares ({counts}): up to {largest:,} of its rows are tied together"
