"""How pieces of work are done: on threads of this process, or by whoever else takes them.

A piece is a frozen record that says all there is to know of it. What does it is a function of some module, so that both
can be sent to another process; nothing else is shared with it but files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Protocol, TypeVar

__all__ = ["LOCAL", "Engine", "Piece", "Threads"]


class Piece(Protocol):
    """What is done on its own."""

    @property
    def title(self) -> str:
        """The piece in a few words."""


P = TypeVar("P", bound=Piece)
R = TypeVar("R")


class Engine(Protocol):
    """Does pieces of work, several at a time."""

    @property
    def apart(self) -> bool:
        """Whether pieces are done in other processes: then they must be small, and so must what comes back."""

    def map(self, work: Callable[[P], R], pieces: Sequence[P]) -> Iterator[tuple[int, R]]:
        """Yield the number of each piece and what came of it, as soon as it is done.

        The first failure ends it: pieces that were not begun are left out.

        Args:
            work: Does one piece.
            pieces: What is to be done.
        """


class Threads:
    """Threads of this process.

    Args:
        number: How many pieces are done at a time.
    """

    apart = False

    def __init__(self, number: int = 2) -> None:
        self._number = number

    def map(self, work: Callable[[P], R], pieces: Sequence[P]) -> Iterator[tuple[int, R]]:
        """Yield the number of each piece and what came of it, as `Engine` says."""
        with ThreadPoolExecutor(self._number) as pool:
            numbers = {pool.submit(work, piece): number for number, piece in enumerate(pieces)}
            try:
                for future in as_completed(numbers):
                    yield numbers[future], future.result()
            finally:
                pool.shutdown(cancel_futures=True)


LOCAL: Engine = Threads()
"""What is used where nobody has asked for another engine."""
