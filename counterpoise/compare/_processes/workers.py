"""How many entries are played side by side."""

from __future__ import annotations

import os

__all__ = ["workers"]


def workers(wanted: int) -> int:
    """Return how many entries are played at a time: as many as wanted, at most one a processor core; 0 for that.

    >>> workers(1)
    1
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(wanted, cores) if wanted else cores
