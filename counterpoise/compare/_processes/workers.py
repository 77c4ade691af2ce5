"""How many candidates run in parallel."""

from __future__ import annotations

import os


def workers(wanted: int) -> int:
    """Return how many candidates run in parallel: the wanted number, at most one per processor core; 0 for all cores.

    >>> workers(1)
    1
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(wanted, cores) if wanted else cores
