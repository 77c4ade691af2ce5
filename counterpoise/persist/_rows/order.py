"""The order of the train partition: windows that mix the classes at random and read the source nearly in order.

The sequence of labels is one random permutation over the whole partition, so that a source sorted by class does not
give a train set sorted by class. Each class is a stream of items. The stream of a class whose rows stand once each
runs through the source in order, so that a window reads a narrow stretch of it, and is shuffled within the window.
The stream of a class with repeated or synthetic rows is shuffled as a whole, its distinct rows being held in memory;
where they would not fit, it runs through the source once for each copy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from counterpoise.runtime import child_generator
from counterpoise.split import TrainRows
from counterpoise.typing import Ints

__all__ = ["ORIGINS", "ClassStream", "TrainOrder", "TrainPlan", "Window", "build_order", "drawn_sequence"]


WINDOW_ROWS = 131_072
"""The most rows that a window has."""
ORIGINS = ("original", "repeated", "synthetic")


@dataclass(frozen=True)
class TrainPlan:
    """What stands in the resampled train partition.

    Attributes:
        train: The train rows.
        copies: How often each of them stands there.
        synthetic: Class codes of the synthetic rows, in recipe order.
    """

    train: TrainRows
    copies: npt.NDArray[np.int32]
    synthetic: npt.NDArray[np.int32]


@dataclass(frozen=True)
class ClassStream:
    """The items of one class in the order they are used.

    Attributes:
        items: What to write, int64: a source row r the first time, r + source rows for each repetition of it, or
            -1 - n for the synthetic row n.
        pooled: Whether the distinct source rows are held in memory.
    """

    items: Ints
    pooled: bool


@dataclass(frozen=True)
class Window:
    """A stretch of the train partition, written as one row group.

    Attributes:
        items: What stands at each position, as in `ClassStream.items`.
        codes: The class of each position.
    """

    items: Ints
    codes: npt.NDArray[np.int32]
    source_rows: int

    @property
    def real(self) -> npt.NDArray[np.bool_]:
        """Where a source row stands, first or repeated."""
        return self.items >= 0

    @property
    def origin(self) -> npt.NDArray[np.int8]:
        """Each position's place in `ORIGINS`."""
        return np.where(self.real, (self.items >= self.source_rows).astype(np.int8), np.int8(2))

    @property
    def sources(self) -> Ints:
        """The source row of each position; meaningless where a synthetic row stands."""
        return self.items % self.source_rows

    @property
    def synthetic(self) -> Ints:
        """The numbers of the synthetic rows, in the order of their positions."""
        return -1 - self.items[~self.real]


@dataclass(frozen=True)
class TrainOrder:
    """The train partition, or some windows of it that follow each other, in order.

    Attributes:
        sequence: Class codes, a random permutation, one a row.
        streams: The classes' items.
        source_rows: Rows of the source.
        window_rows: Rows of a window; the last one may have fewer.
        seed: The run's seed.
        first_window: The number of the first window.
    """

    sequence: npt.NDArray[np.int32]
    streams: tuple[ClassStream, ...]
    source_rows: int
    window_rows: int
    seed: int
    first_window: int = 0

    @property
    def rows(self) -> int:
        """Rows of the windows."""
        return len(self.sequence)

    @property
    def windows(self) -> int:
        """The number of windows; at least one."""
        return max(1, -(-self.rows // self.window_rows))

    @cached_property
    def _starts(self) -> Ints:
        """Where each window begins in each stream, of shape (windows + 1, classes)."""
        cuts = [self.sequence[start : start + self.window_rows] for start in range(0, self.rows, self.window_rows)]
        counts = [np.bincount(cut, minlength=len(self.streams)) for cut in cuts]
        return np.cumsum([np.zeros(len(self.streams), np.int64), *counts], axis=0)

    def window(self, number: int) -> Window:
        """Return a window's items: its labels as the sequence says, items shuffled within each class."""
        place = number - self.first_window
        codes = self.sequence[place * self.window_rows : (place + 1) * self.window_rows]
        items = np.empty(len(codes), dtype=np.int64)
        rng = child_generator(self.seed, "window", number)
        for code, stream in enumerate(self.streams):
            low, high = self._starts[place : place + 2, code] if len(codes) else (0, 0)
            if low < high:
                items[codes == code] = rng.permutation(stream.items[low:high])
        return Window(items, codes, self.source_rows)

    def part(self, windows: range) -> TrainOrder:
        """Return some windows with their items alone; each is what it is in the whole."""
        places = [number - self.first_window for number in (windows.start, windows.stop)]
        first, end = np.minimum(places, len(self._starts) - 1)
        cuts = zip(self.streams, self._starts[first], self._starts[end], strict=True)
        return replace(
            self,
            sequence=self.sequence[places[0] * self.window_rows : places[1] * self.window_rows],
            streams=tuple(replace(stream, items=stream.items[low:high]) for stream, low, high in cuts),
            first_window=windows.start,
        )

    def source_starts(self) -> Ints:
        """Return the source row that each window's stretch begins at, and the end: windows + 1 ascending rows.

        The largest stream that follows the source decides; without one the source is cut evenly.
        """
        following = [code for code, stream in enumerate(self.streams) if not stream.pooled and len(stream.items)]
        if not following or self.windows == 1:
            return np.linspace(0, self.source_rows, self.windows + 1).astype(np.int64)
        main = max(following, key=lambda code: len(self.streams[code].items))
        items = self.streams[main].items
        first = self._starts[1:-1, main]
        inner = items[np.minimum(first, len(items) - 1)] % self.source_rows
        return np.concatenate([[0], np.maximum.accumulate(inner), [self.source_rows]])


def build_order(
    plan: TrainPlan, *, source_rows: int, pool_rows: int, seed: int, window_rows: int = WINDOW_ROWS
) -> TrainOrder:
    """Return the order of the train partition.

    Args:
        plan: What stands in it.
        source_rows: Rows of the source.
        pool_rows: How many distinct rows of a class may be held in memory.
        seed: The run's seed.
        window_rows: Rows of a window.
    """
    streams = []
    for code, name in enumerate(plan.train.classes):
        own = plan.train.codes == code
        rows, copies = plan.train.rows[own], plan.copies[own]
        synthetic = np.flatnonzero(plan.synthetic == code)
        if len(synthetic) or (copies.max(initial=0) > 1 and len(rows) <= pool_rows):
            again = np.repeat(rows, np.maximum(copies - 1, 0)) + source_rows
            items = np.concatenate([rows[copies > 0], again, -1 - synthetic])
            streams.append(ClassStream(child_generator(seed, "stream", name).permutation(items), pooled=True))
        else:
            streams.append(ClassStream(_passes(rows, copies, source_rows), pooled=False))
    sequence = drawn_sequence([len(stream.items) for stream in streams], seed)
    return TrainOrder(sequence, tuple(streams), source_rows, window_rows, seed)


def drawn_sequence(rows: Sequence[int] | Ints, seed: int) -> npt.NDArray[np.int32]:
    """Return the class code of each row of train, in order: a random permutation that only counts and seed decide.

    Args:
        rows: How many rows each class has, by code.
        seed: The run's seed.
    """
    sequence = np.repeat(np.arange(len(rows), dtype=np.int32), rows)
    child_generator(seed, "label sequence").shuffle(sequence)
    return sequence


def _passes(rows: Ints, copies: npt.NDArray[np.int32], source_rows: int) -> Ints:
    """Return the rows in source order, once for each copy."""
    passes = range(int(copies.max(initial=0)))
    parts = [rows[copies > done] + (source_rows if done else 0) for done in passes]
    return np.concatenate([np.zeros(0, np.int64), *parts])
