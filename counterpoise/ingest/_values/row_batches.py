"""Batch the rows of a database or of JSON lines, with limits on rows and bytes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")

BATCH_BYTES = 16 << 20
"""The approximate limit on a batch's text in bytes; as Python and Arrow objects it takes a few times as much."""


def in_batches(rows: Iterable[tuple[T, int]], most: int) -> Iterator[list[T]]:
    """Yield rows in lists that respect the limits on rows and bytes.

    Args:
        rows: Each row with its size in bytes.
        most: The maximum number of rows in a list.

    >>> list(in_batches([("a", 1), ("b", 16 << 20), ("c", 1)], 10))
    [['a', 'b'], ['c']]
    """
    batch: list[T] = []
    size = 0
    for row, width in rows:
        batch.append(row)
        size += width
        if len(batch) >= most or size >= BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
