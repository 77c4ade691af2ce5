"""The order of the train partition: windows that mix the classes at random and read the source nearly in order.

The label sequence is one random permutation over the whole partition, so that a source sorted by class does not yield a
train set sorted by class. Each class is a stream of items. If the rows of a class occur once each, its stream follows
the source order and is shuffled within each window, so that a window reads only a narrow stretch. If a class has
repeated or synthetic rows, its stream is shuffled as a whole while its distinct rows are held in memory; if they do not
fit, the stream passes through the source once per copy.
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

WINDOW_ROWS = 131_072
"""The maximum number of rows in a window."""
ORIGINS = ("original", "repeated", "synthetic")


@dataclass(frozen=True)
class TrainPlan:
    """The rows of the resampled train partition.

    Attributes:
        train: The train rows.
        copies: How often each of them occurs.
        synthetic: Class codes of the synthetic rows, in recipe order.
    """

    train: TrainRows
    copies: npt.NDArray[np.int32]
    synthetic: npt.NDArray[np.int32]


@dataclass(frozen=True)
class ClassStream:
    """The items of one class, in the order of use.

    Attributes:
        items: The rows to write, int64: a source row r for its first occurrence, r + source rows for each repetition,
            or -1 - n for the synthetic row n.
        pooled: Whether the distinct source rows are held in memory.
    """

    items: Ints
    pooled: bool


@dataclass(frozen=True)
class Window:
    """A slice of the train partition, written as one row group.

    Attributes:
        items: The item at each position, as in `ClassStream.items`.
        codes: The class of each position.
    """

    items: Ints
    codes: npt.NDArray[np.int32]
    source_rows: int

    @property
    def real(self) -> npt.NDArray[np.bool_]:
        """Positions of source rows, first or repeated."""
        return self.items >= 0

    @property
    def origin(self) -> npt.NDArray[np.int8]:
        """The index in `ORIGINS` of each position."""
        return np.where(self.real, (self.items >= self.source_rows).astype(np.int8), np.int8(2))

    @property
    def sources(self) -> Ints:
        """The source row at each position; meaningless for synthetic rows."""
        return self.items % self.source_rows

    @property
    def synthetic(self) -> Ints:
        """The numbers of the synthetic rows, by position."""
        return -1 - self.items[~self.real]


@dataclass(frozen=True)
class TrainOrder:
    """The train partition, or consecutive windows of it, in order.

    Attributes:
        sequence: Class codes, a random permutation, one per row.
        streams: The classes' items.
        source_rows: Rows of the source.
        window_rows: Rows per window; the last one may have fewer.
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
        """Total rows of the windows."""
        return len(self.sequence)

    @property
    def windows(self) -> int:
        """The number of windows; at least one."""
        return max(1, -(-self.rows // self.window_rows))

    @cached_property
    def _starts(self) -> Ints:
        """The start of each window in each stream, of shape (windows + 1, classes)."""
        cuts = [self.sequence[start : start + self.window_rows] for start in range(0, self.rows, self.window_rows)]
        counts = [np.bincount(cut, minlength=len(self.streams)) for cut in cuts]
        return np.cumsum([np.zeros(len(self.streams), np.int64), *counts], axis=0)

    def window(self, number: int) -> Window:
        """Return a window's items: labels follow the sequence, items are shuffled within each class."""
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
        """Return an order of some windows with only their items; each window stays the same as in the whole."""
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
        """Return the source row at which each window's stretch begins, and the end: windows + 1 ascending rows.

        The largest stream in source order decides; without one, the source is cut evenly.
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
    """Build the order of the train partition.

    Args:
        plan: The rows of the partition.
        source_rows: Rows of the source.
        pool_rows: How many distinct rows of a class may be held in memory.
        seed: The run's seed.
        window_rows: Rows per window.
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
    sequence = label_sequence([len(stream.items) for stream in streams], seed)
    return TrainOrder(sequence, tuple(streams), source_rows, window_rows, seed)


def label_sequence(rows: Sequence[int] | Ints, seed: int) -> npt.NDArray[np.int32]:
    """Return the class code of each train row: a random permutation that depends only on the counts and the seed.

    Args:
        rows: The number of rows of each class, by code.
        seed: The run's seed.
    """
    sequence = np.repeat(np.arange(len(rows), dtype=np.int32), rows)
    child_generator(seed, "label sequence").shuffle(sequence)
    return sequence


def _passes(rows: Ints, copies: npt.NDArray[np.int32], source_rows: int) -> Ints:
    """Return the rows in source order, once per copy."""
    passes = range(int(copies.max(initial=0)))
    parts = [rows[copies > done] + (source_rows if done else 0) for done in passes]
    return np.concatenate([np.zeros(0, np.int64), *parts])
