"""The input and output of a split method."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from counterpoise.split._files import REJECTED, Partition
from counterpoise.split._groups import Codes
from counterpoise.typing import Ints


@dataclass(frozen=True)
class SplitRows:
    """The rows to place in partitions.

    Attributes:
        labels: One class code per row, none negative.
        classes: Class names by code.
        content: One code per row, the same for rows with equal features; None if these may be separated.
        group: One group code per row, where each missing group is its own; None without groups.
    """

    labels: npt.NDArray[np.int32]
    classes: tuple[str, ...]
    content: Codes | None = None
    group: Codes | None = None


@dataclass(frozen=True)
class Exclusion:
    """Rows that a split excludes for one reason.

    Attributes:
        reason: The reason code in snake case, as recorded in `rejected/`.
        column: The column whose value is the reason; empty if there is none.
        places: The positions of the excluded rows, ascending.
        note: The reason as a sentence.
    """

    reason: str
    column: str
    places: Ints
    note: str


@dataclass(frozen=True)
class Placement:
    """The assignment of rows to partitions.

    Attributes:
        partition: One partition code per row; `REJECTED` for excluded rows.
        exclusions: The excluded rows; each row appears in only one.
        notes: Notes for the user.
        spans: The first and the last time of each partition, if time decides.
        windows: The start and the end of each partition's window, if windows decide; empty texts for open ones.
        positive_class: The class whose known groups left validation and test; empty if none did.
    """

    partition: Partition
    exclusions: tuple[Exclusion, ...] = ()
    notes: tuple[str, ...] = ()
    spans: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    windows: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    positive_class: str = ""


def without(partition: Partition, exclusions: tuple[Exclusion, ...]) -> Partition:
    """Return the partition codes with the excluded rows rejected."""
    left = partition.copy()
    for one in exclusions:
        left[one.places] = REJECTED
    return left
