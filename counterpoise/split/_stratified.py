"""Methods `random` and `grouped`: draw by class with exact shares, keeping tied rows together."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from counterpoise.config import SplitConfig
from counterpoise.records import PARTITIONS
from counterpoise.split._allocation import GroupedRows, allocate_groups, partition_shares, partition_targets
from counterpoise.split._files import REJECTED, Partition
from counterpoise.split._groups import group_codes, link_groups
from counterpoise.split._rare import RareClasses, check_every_partition, find_rare
from counterpoise.split._rows import Exclusion, Placement, SplitRows

_TOLERANCE = 0.1


def place_at_random(rows: SplitRows, *, config: SplitConfig, seed: int, target: str) -> Placement:
    """Assign rows, or whole groups of them, to partitions at random.

    Args:
        rows: The rows.
        config: Sizes and policies.
        seed: The run's seed.
        target: The label column.

    Raises:
        SplitError: A class would be missing from a partition and `config.rare_classes` is `stop`.
    """
    tied = GroupedRows(_tied(rows), rows.labels, rows.classes)
    rare = find_rare(tied, config.rare_classes)
    placed = _place(tied, rare, config, seed)
    check_every_partition(placed, tied, rare)
    few = tuple(f"class {rows.classes[code]!r} has too few rows: {config.rare_classes}" for code in rare)
    left_out = np.flatnonzero(placed == REJECTED)
    exclusions = (Exclusion("rare_class", target, left_out, ""),) if len(left_out) else ()
    return Placement(placed, exclusions, (*few, *_unequal_shares(placed, tied, rare, partition_shares(config))))


def _tied(rows: SplitRows) -> np.ndarray:
    """Return one code per row, equal for rows that stay together because of features or group."""
    if rows.content is None:
        return np.arange(len(rows.labels), dtype=np.int64) if rows.group is None else rows.group
    return rows.content if rows.group is None else link_groups(rows.group, rows.content)


def _place(rows: GroupedRows, rare: RareClasses, config: SplitConfig, seed: int) -> Partition:
    """Return the partition of each row; the policy places rare classes and, if `train_only`, the rows tied to them."""
    shares = partition_shares(config)
    is_rare = np.isin(rows.labels, list(rare))
    fixed = is_rare
    if config.rare_classes == "train_only":
        fixed = np.isin(rows.groups, np.unique(rows.groups[is_rare]))
    fixed_partition = REJECTED if config.rare_classes == "reject" else PARTITIONS.index("train")
    placed = np.full(len(rows.labels), fixed_partition, dtype=np.int8)
    if not fixed.any():
        return allocate_groups(rows, shares=shares, seed=seed)
    free = GroupedRows(group_codes(rows.groups[~fixed].astype(np.uint64)), rows.labels[~fixed], rows.classes)
    placed[~fixed] = allocate_groups(free, shares=shares, seed=seed)
    return placed


def _unequal_shares(
    placed: Partition, rows: GroupedRows, rare: RareClasses, shares: tuple[float, ...]
) -> Iterator[str]:
    """Yield a note for each class that tied rows keep more than a tenth away from its share of a partition."""
    for code, name in enumerate(rows.classes):
        own = rows.labels == code
        wanted = partition_targets(int(own.sum()), shares)
        found = np.bincount(placed[own & (placed >= 0)], minlength=len(PARTITIONS))
        if code in rare or not (np.abs(found - wanted) > np.maximum(1, wanted * _TOLERANCE)).any():
            continue
        largest = int(np.bincount(rows.groups[own]).max())
        counts = ", ".join(f"{part} {n:,} of {aim:,}" for part, n, aim in zip(PARTITIONS, found, wanted, strict=True))
        yield f"class {name!r} misses its shares ({counts}): up to {largest:,} of its rows are tied together"
