"""What a method of splitting is given, and what it gives back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from counterpoise.split._files import REJECTED, Partition
from counterpoise.split._groups import Codes
from counterpoise.typing import Ints

__all__ = ["Apart", "Placement", "SplitRows", "without"]


@dataclass(frozen=True)
class SplitRows:
    """The rows to be placed.

    Attributes:
        labels: Class codes a row, none negative.
        classes: Class names by code.
        content: A code of each row's features; None where rows with equal features may part.
        group: A code of each row's group, a missing one alone; None without groups.
    """

    labels: npt.NDArray[np.int32]
    classes: tuple[str, ...]
    content: Codes | None = None
    group: Codes | None = None


@dataclass(frozen=True)
class Apart:
    """Rows that a split leaves out.

    Attributes:
        reason: Why, in snake case, as it stands in `rejected/`.
        column: The column whose value gave the reason; empty for none.
        places: Which of the rows to be placed they are, ascending.
        note: The reason in a sentence for people.
    """

    reason: str
    column: str
    places: Ints
    note: str


@dataclass(frozen=True)
class Placement:
    """Where rows go.

    Attributes:
        partition: A partition code a row, `REJECTED` for those that are left out.
        apart: The rows that are left out, each in one of them.
        notes: What people should know.
        spans: The first and the last moment of each partition, where time decides.
    """

    partition: Partition
    apart: tuple[Apart, ...] = ()
    notes: tuple[str, ...] = ()
    spans: Mapping[str, tuple[str, str]] = field(default_factory=dict)


def without(partition: Partition, apart: tuple[Apart, ...]) -> Partition:
    """Return the partition codes with rows left out."""
    left = partition.copy()
    for one in apart:
        left[one.places] = REJECTED
    return left
