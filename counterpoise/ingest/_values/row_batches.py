"""Rows of a database or of JSON lines in batches that are bounded in rows and in bytes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

__all__ = ["BATCH_BYTES", "in_batches"]

T = TypeVar("T")

BATCH_BYTES = 16 << 20
"""About how many bytes of text a batch may have: in Python's and Arrow's form it takes a few times that."""


def in_batches(rows: Iterable[tuple[T, int]], most: int) -> Iterator[list[T]]:
    """Yield rows in lists, each as long as its rows and their bytes allow.

    Args:
        rows: Each row with its size in bytes.
        most: The most rows of a list.

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
