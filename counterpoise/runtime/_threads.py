"""Thread pools that start only where there is memory for their threads."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from counterpoise.runtime._memory import require_memory

_A_THREAD = 16 << 20
"""Bytes of address space for a thread's stack, 8 MiB, and what it allocates first."""


def thread_pool(threads: int) -> ThreadPoolExecutor:
    """Return a pool of threads, once there is memory for them to start.

    A thread that finds no memory in its first moments dies without a word, and whoever started it waits for good
    (CPython issue 140746). So the memory is asked for first.

    Args:
        threads: The number of threads.

    Raises:
        MemoryError: This process may not allocate enough.
    """
    require_memory(threads * _A_THREAD)
    return ThreadPoolExecutor(threads)
