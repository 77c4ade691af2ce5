"""Run pieces of work on threads of this process or in other processes, and report progress.

A piece is a frozen record with all the information that its work needs. The work is a module-level function. So both
can be sent to another process, with which they share only files.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Protocol, TypeVar

from counterpoise.runtime._memory import require_memory


class Progress(Protocol):
    """A listener that is called from time to time with a stage's progress."""

    def __call__(self, done: int, total: int) -> None:
        """Receive the work done and the total work, in the same unit (rows, fits)."""


def silent(done: int, total: int) -> None:
    """Ignore all progress."""


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


def start_thread(work: Callable[[], object], *, name: str) -> threading.Thread:
    """Start a thread that ends with the process, once there is memory for it; see `thread_pool`.

    Args:
        work: What the thread does.
        name: The thread's name.

    Raises:
        MemoryError: This process may not allocate enough.
    """
    require_memory(_A_THREAD)
    thread = threading.Thread(target=work, name=name, daemon=True)
    thread.start()
    return thread


class Piece(Protocol):
    """An independent unit of work."""

    @property
    def title(self) -> str:
        """A short title for progress and logs."""


P = TypeVar("P", bound=Piece)
R = TypeVar("R")


class Engine(Protocol):
    """Runs pieces of work, several in parallel."""

    @property
    def distributed(self) -> bool:
        """Whether pieces run in other processes; pieces and results must then be small."""

    def map(self, work: Callable[[P], R], pieces: Sequence[P]) -> Iterator[tuple[int, R]]:
        """Yield the number and the result of each piece as soon as it is done.

        The first failure ends the iteration; pieces that have not started are skipped.

        Args:
            work: Processes one piece.
            pieces: The pieces to process.
        """


class Threads:
    """Threads of this process.

    Args:
        number: How many pieces to process in parallel.
    """

    distributed = False

    def __init__(self, number: int = 2) -> None:
        self._number = number

    def map(self, work: Callable[[P], R], pieces: Sequence[P]) -> Iterator[tuple[int, R]]:
        """Yield the number and the result of each piece; see `Engine`."""
        with thread_pool(self._number) as pool:
            numbers = {pool.submit(work, piece): number for number, piece in enumerate(pieces)}
            try:
                for future in as_completed(numbers):
                    yield numbers[future], future.result()
            finally:
                pool.shutdown(cancel_futures=True)


LOCAL: Engine = Threads()
"""The default engine."""
