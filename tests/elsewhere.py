"""An engine that does pieces as another process on another machine would: from their pickles, in another folder."""

from __future__ import annotations

import contextlib
import pickle
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from counterpoise.persist._rows import stored_materials
from counterpoise.runtime import Piece

P = TypeVar("P", bound=Piece)
R = TypeVar("R")
T = TypeVar("T")


class Elsewhere:
    """Does pieces from their pickles, the last one first, with nothing in memory but what they bring.

    Args:
        place: The working directory.
        times: How often each piece is done; what came of the last time counts.
        before: What happens before each piece.
    """

    distributed = True

    def __init__(self, place: Path, *, times: int = 1, before: Callable[[], object] = lambda: None) -> None:
        self._place = place
        self._times = times
        self._before = before
        self.done: list[str] = []

    def map(self, work: Callable[[P], R], pieces: Sequence[P]) -> Iterator[tuple[int, R]]:
        for number in reversed(range(len(pieces))):
            self._before()
            stored_materials._read_pool.cache_clear()
            with contextlib.chdir(self._place):
                results = [self._do(work, pieces[number]) for _ in range(self._times)]
            yield number, results[-1]

    def _do(self, work: Callable[[P], R], piece: P) -> R:
        sent, taken = _through_a_pickle((work, piece))
        self.done.append(taken.title)
        return _through_a_pickle(sent(taken))


def _through_a_pickle(value: T) -> T:
    copy: T = pickle.loads(pickle.dumps(value))  # noqa: S301  # of our own making
    return copy
