"""Place rows by windows of the calendar, and say why the others are left out."""

from __future__ import annotations

from collections.abc import Iterator
from math import isfinite

import numpy as np

from counterpoise.config import SplitConfig
from counterpoise.errors import SplitError
from counterpoise.records import PARTITIONS
from counterpoise.split._cuts import cut_before, no_room
from counterpoise.split._files import REJECTED, Partition
from counterpoise.split._moments import Moments, TimeValues
from counterpoise.split._rows import Exclusion
from counterpoise.split._time_scale import TimeScale
from counterpoise.split._windows import LEARNING, Span, Windows, resolve_windows, window_words


def windows_of(moments: Moments, config: SplitConfig) -> Windows:
    """Return the window of each partition.

    Without a window of its own, validation gets its share of the newest rows of train's window.

    Args:
        moments: The times of the rows.
        config: The windows, the delay and the gap.

    Raises:
        SplitError: No row has a time, a window is impossible, or train's window has too few rows to share.
    """
    scale, values = moments.scale, moments.values[~moments.missing]
    if not len(values):
        raise no_room("test", 0)
    windows = dict(resolve_windows(config, scale, values.max().item()))
    learning = windows.pop(LEARNING, None)
    if learning is None:
        return windows
    return {**_halves(values[learning.holds(values)], learning, config, scale), **windows}


def place_by_windows(moments: Moments, windows: Windows) -> Partition:
    """Return the partition of each row; `REJECTED` outside all windows and without a time.

    Raises:
        SplitError: A window has no rows.
    """
    placed = np.full(len(moments.values), REJECTED, dtype=np.int8)
    for name, span in windows.items():
        inside = span.holds(moments.values) & ~moments.missing
        if not inside.any():
            raise _empty_window(name, windows, moments)
        placed[inside] = PARTITIONS.index(name)
    return placed


def rows_outside(
    moments: Moments, placed: Partition, windows: Windows, *, config: SplitConfig, time: str
) -> Iterator[Exclusion]:
    """Yield the rows in no window: within the delay, within the gap, or elsewhere.

    Args:
        moments: The times of the rows.
        placed: Their partitions.
        windows: The windows.
        config: The delay and the gap.
        time: The time column.
    """
    scale, left = moments.scale, (placed == REJECTED) & ~moments.missing
    delay, gap = scale.length(config.delay, field="split.delay"), scale.length(config.gap, field="split.gap")
    after_train = "validation" if config.validation else "test"
    for reason, name, length in (("delay", after_train, delay), ("gap", "validation", gap), ("gap", "test", gap)):
        start = windows[name].start
        within = np.flatnonzero(left & Span(start - length, start).holds(moments.values))
        if len(within):
            left[within] = False
            yield Exclusion(reason, time, within, _within(len(within), reason, name, config))
    elsewhere = np.flatnonzero(left)
    if len(elsewhere):
        note = f"{len(elsewhere):,} rows are outside the windows of train, validation and test and are excluded"
        yield Exclusion("outside_window", time, elsewhere, note)


def notes_on_windows(windows: Windows, config: SplitConfig, moments: Moments) -> Iterator[str]:
    """Yield the windows in words, what they mean for decisions made on validation, and whether train's is full."""
    scale = moments.scale
    yield f"windows, without their ends: {window_words(windows, scale)}"
    if not config.validation:
        yield (
            f"validation is the newest {config.validation_size:.0%} of the rows in train's window: what is decided on "
            "it uses no label that was unknown when test begins"
        )
    elif windows["test"].start - windows["validation"].end < scale.length(config.delay, field="split.delay"):
        yield (
            f"validation ends less than the delay of {config.delay} before test begins: in production its labels "
            "would not be known by then (set split.gap, or leave split.validation empty)"
        )
    yield from _missing_from_train(windows, moments)


def _missing_from_train(windows: Windows, moments: Moments) -> Iterator[str]:
    """Yield a note if train's window begins a day or more before the first row."""
    day, first = moments.scale.day, moments.values[~moments.missing].min().item()
    start = windows["train"].start
    if day is not None and isfinite(start) and first - start >= day:
        yield (
            f"train's window begins {moments.text(start)}, but the first row is from {moments.text(first)}: there are "
            "fewer rows to train on than the window could hold"
        )


def _halves(values: TimeValues, learning: Span, config: SplitConfig, scale: TimeScale) -> Windows:
    """Divide a window between train and validation."""
    gap = scale.length(config.gap, field="split.gap")
    wanted = round(config.validation_size * len(values))
    cut = cut_before(np.sort(values), wanted=wanted, what="validation", gap=config.gap)
    return {"train": Span(learning.start, cut - gap), "validation": Span(cut, learning.end)}


def _within(rows: int, reason: str, name: str, config: SplitConfig) -> str:
    if reason == "gap":
        return f"{rows:,} rows fall in the gap of {config.gap} before {name} and are excluded"
    return (
        f"{rows:,} rows fall in the delay of {config.delay} before {name}, when their labels were not yet known, and "
        "are excluded"
    )


def _empty_window(name: str, windows: Windows, moments: Moments) -> SplitError:
    known = moments.values[~moments.missing]
    first, last = (moments.text(value.item()) for value in (known.min(), known.max()))
    return SplitError(
        "no_room_in_time",
        expected=f"rows in the window of {name}",
        found=f"none ({window_words(windows, moments.scale)}), while the rows are from {first} to {last}",
        remedy="correct the windows of split, or shorten the delay or the gap",
        values={"partition": name, "windows": {one: list(span.texts(moments.scale)) for one, span in windows.items()}},
    )
