"""Classes that are too rare for every partition."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from counterpoise.errors import SplitError
from counterpoise.records import PARTITIONS
from counterpoise.split._allocation import GroupedRows
from counterpoise.split._files import Partition
from counterpoise.split._rows import Exclusion, SplitRows

RareClasses = dict[int, int]
"""Number of separate groups by class code."""


def find_rare(rows: GroupedRows, policy: Literal["stop", "train_only", "reject"]) -> RareClasses:
    """Return the classes with fewer separate groups than partitions.

    Raises:
        SplitError: Some classes are rare and the policy is `stop`, or fewer than two other classes remain.
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
        expected=f"at least {len(PARTITIONS)} separate rows of every class, one per partition",
        found=f"too few of {', '.join(shown)}",
        remedy=f"{remedy}, or set split.rare_classes to train_only or reject"
        if enough_left
        else f"{remedy}: fewer than two classes are frequent enough",
        values={"classes": {rows.classes[code]: int(counts[code]) for code in rare}},
    )


def check_every_partition(partition: Partition, rows: GroupedRows, rare: RareClasses) -> None:
    """Check that every partition contains every class that is not rare.

    Raises:
        SplitError: A class is missing from a partition because its rows are tied together.
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


def exclude_absent_classes(
    partition: Partition, rows: SplitRows, *, policy: Literal["stop", "train_only", "reject"], target: str, why: str,
    remedy: str,
) -> tuple[Exclusion, ...]:  # fmt: skip
    """Return the rows of classes that are missing from a partition, if the policy is to reject them.

    Args:
        partition: One partition code per row.
        rows: The rows.
        policy: The policy for such classes.
        target: The label column.
        why: The cause, for the error.
        remedy: The remedy, for the error.

    Raises:
        SplitError: Such classes exist and the policy is not `reject`, or fewer than two other classes remain.
    """
    present = [set(_classes(rows.labels[partition == number])) for number in range(len(PARTITIONS))]
    wanted = set(_classes(rows.labels))
    absent = sorted(code for code in wanted if not all(code in found for found in present))
    if not absent:
        return ()
    left = len(wanted) - len(absent)
    if policy != "reject" or left < 2:
        number = next(number for number, found in enumerate(present) if not wanted <= found)
        missing = [rows.classes[code] for code in sorted(wanted - present[number])]
        further = ", or set split.rare_classes to reject" if left >= 2 else ""
        raise SplitError(
            "partition_lacks_class",
            expected=f"every class in the {PARTITIONS[number]} partition",
            found=f"none of {', '.join(map(repr, missing))}: {why}",
            remedy=remedy + further,
            values={"partition": PARTITIONS[number], "classes": missing},
        )
    names = ", ".join(repr(rows.classes[code]) for code in absent)
    places = np.flatnonzero(np.isin(rows.labels, absent) & (partition >= 0))
    return (Exclusion("rare_class", target, places, f"missing from a partition and excluded: {names}"),)
