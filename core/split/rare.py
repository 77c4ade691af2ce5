"""Classes with too few separate rows to stand in every partition."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from counterpoise.core.errors import SplitError
from counterpoise.core.records import PARTITIONS
from counterpoise.core.rejects import REJECTS_SCHEMA
from counterpoise.core.split.allocation import GroupedRows
from counterpoise.core.split.files import Partition

__all__ = ["RareClasses", "check_every_partition", "find_rare", "rare_rejects"]

RareClasses = dict[int, int]
"""Class code to number of separate groups."""


def find_rare(rows: GroupedRows, policy: Literal["stop", "train_only", "reject"]) -> RareClasses:
    """Return the classes with fewer separate groups than partitions.

    Raises:
        SplitError: There are some and the policy is to stop, or fewer than two other classes are left.
    """
    groups = rows.groups_by_class()
    rare = {code: int(n) for code, n in enumerate(groups) if 0 < n < len(PARTITIONS)}
    left = int((groups >= len(PARTITIONS)).sum())
    if rare and (policy == "stop" or left < 2):
        raise _rare_error(rows, rare, enough_left=left >= 2)
    return rare


def _rare_error(rows: GroupedRows, rare: RareClasses, *, enough_left: bool) -> SplitError:
    counts = np.bincount(rows.labels, minlength=len(rows.classes))
    shown = [f"{rows.classes[code]!r} ({counts[code]} rows, {number} distinct)" for code, number in rare.items()]
    remedy = "collect more rows or merge classes"
    return SplitError(
        "rare_classes",
        expected=f"at least {len(PARTITIONS)} separate rows of every class, one for each partition",
        found=f"too few of {', '.join(shown)}",
        remedy=f"{remedy}, or set split.rare_classes to train_only or reject"
        if enough_left
        else f"{remedy}: fewer than two classes are frequent enough",
        values={"classes": {rows.classes[code]: int(counts[code]) for code in rare}},
    )


def rare_rejects(rows: npt.NDArray[np.int64], names: list[str], target: str) -> pa.Table:
    """Return rejected rows of rare classes, as a rejects table."""
    reason, column = ["rare_class"] * len(rows), [target] * len(rows)
    return pa.table([rows, reason, column, names], schema=REJECTS_SCHEMA)


def check_every_partition(partition: Partition, rows: GroupedRows, rare: RareClasses) -> None:
    """Check that every class that is not rare stands in every partition.

    Raises:
        SplitError: One does not, because its rows are tied together.
    """
    wanted = set(_classes(rows.labels)) - set(rare)
    for number, name in enumerate(PARTITIONS):
        present = _classes(rows.labels[partition == number])
        missing = [rows.classes[code] for code in sorted(wanted.difference(present))]
        if missing:
            tied = "their rows are tied together by equal features or groups"
            raise SplitError(
                "partition_lacks_class",
                expected=f"every class in the {name} partition",
                found=f"none of {', '.join(map(repr, missing))}: {tied}",
                remedy="set split.duplicates to ignore, widen the groups, or set split.rare_classes",
                values={"partition": name, "classes": missing},
            )


def _classes(labels: npt.NDArray[np.int32]) -> list[int]:
    return [int(code) for code in np.flatnonzero(np.bincount(labels))]
