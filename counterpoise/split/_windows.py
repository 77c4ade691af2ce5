"""Windows of time for train, validation and test: half-open, resolved from lengths and instants."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from math import inf

import numpy as np
import numpy.typing as npt

from counterpoise.config import SplitConfig, Window, parse_window
from counterpoise.errors import SplitError
from counterpoise.records import PARTITIONS
from counterpoise.split._files import REJECTED, Partition
from counterpoise.split._moments import TimeValues
from counterpoise.split._time_scale import TimeScale

LEARNING = "train and validation"
"""The window that train and validation share if validation has none of its own."""


@dataclass(frozen=True)
class Span:
    """A window: `start` is in it, `end` is not; infinite where the window is open."""

    start: float = -inf
    end: float = inf

    def holds(self, values: TimeValues) -> npt.NDArray[np.bool_]:
        """Return which times are in the window."""
        inside = np.ones(len(values), np.bool_)
        if self.start != -inf:  # integers are compared as integers
            inside &= values >= self.start
        if self.end != inf:
            inside &= values < self.end
        return inside

    def texts(self, scale: TimeScale) -> tuple[str, str]:
        """Return start and end as text; empty where the window is open."""
        start, end = ("" if abs(one) == inf else scale.text(one) for one in (self.start, self.end))
        return start, end

    @classmethod
    def from_texts(cls, texts: tuple[str, str], scale: TimeScale) -> Span:
        """Return the window that `texts` describes.

        Raises:
            SplitError: A text is no instant of the column.
        """
        start, end = texts
        return cls(
            scale.instant(start, field="split.windows") if start else -inf,
            scale.instant(end, field="split.windows") if end else inf,
        )


Windows = Mapping[str, Span]
"""The windows by name, in time order: the partitions, or test and the window that the other two share."""


@dataclass(frozen=True)
class Distances:
    """How far windows must be from each other, in steps of the time column.

    Attributes:
        after_train: Between train (or the window that it shares with validation) and the window after it.
        gap: Between validation and test, and between train and validation within one window.
        shared: Whether train and validation share a window.
    """

    after_train: float
    gap: float
    shared: bool = False

    @classmethod
    def of(cls, config: SplitConfig, scale: TimeScale) -> Distances:
        """Return the distances of a configuration."""
        gap = scale.length(config.gap, field="split.gap")
        shared = bool(config.test) and not config.validation
        return cls(max(gap, scale.length(config.delay, field="split.delay")), gap, shared)

    def between(self, name: str) -> float:
        """Return the distance between a window and the one after it."""
        last_before_delay = ("validation", LEARNING) if self.shared else ("train",)
        return self.after_train if name in last_before_delay else self.gap


def resolve_windows(config: SplitConfig, scale: TimeScale, last: float) -> Windows:
    """Return the windows of a configuration.

    Instants stand. A window without one ends where the next window begins, less the distance, or else begins where the
    previous one ends, plus the distance. If no end is known at all, test ends after the last row: with its day, or with
    its hour if lengths are in hours, and so on.

    Args:
        config: The windows and distances; `test` is given.
        scale: The scale of the time column.
        last: The last time of all rows.

    Raises:
        SplitError: A text is in the wrong unit, a bound cannot be told, or windows overlap or are too close.
    """
    written = _written(config)
    names, distances = list(written), Distances.of(config, scale)
    known = {name: _own_bounds(name, window, scale) for name, window in written.items()}
    if all(bounds.end is None for bounds in known.values()) and known["test"].start is None:
        known["test"] = replace(known["test"], end=_end_after(last, known, distances, scale)).completed()
    for name, later in reversed(list(pairwise(names))):
        start = known[later].start
        if start is not None and known[name].end is None:
            known[name] = replace(known[name], end=start - distances.between(name)).completed()
    found: dict[str, Span] = {}
    for name in names:
        if found and known[name].start is None:
            earlier = [*found][-1]
            known[name] = replace(known[name], start=found[earlier].end + distances.between(earlier)).completed()
        found[name] = known[name].span(name, first=not found, last=name == "test")
    _check_order(found, distances, scale)
    return found


def place_in_windows(values: TimeValues, windows: Windows) -> Partition:
    """Return the partition of rows at the given times; `REJECTED` outside all windows."""
    placed = np.full(len(values), REJECTED, dtype=np.int8)
    for name, span in windows.items():
        placed[span.holds(values)] = PARTITIONS.index(name)
    return placed


@dataclass(frozen=True)
class _Bounds:
    """The bounds of a window as far as they are known, and its length."""

    start: float | None = None
    end: float | None = None
    length: float | None = None

    def completed(self) -> _Bounds:
        """Return the window with the bound that follows from the other one and the length."""
        if self.length is not None and self.end is not None and self.start is None:
            return replace(self, start=self.end - self.length)
        if self.length is not None and self.start is not None and self.end is None:
            return replace(self, end=self.start + self.length)
        return self

    def span(self, name: str, *, first: bool, last: bool) -> Span:
        """Return the window; the first may have no start, and the last no end.

        Raises:
            SplitError: A bound is missing.
        """
        if (self.start is None and not first) or (self.end is None and not last):
            missing = "begins" if self.start is None and not first else "ends"
            raise SplitError(
                "window_unknown",
                expected="windows of split that say when each begins and ends, as lengths or instants",
                found=f"nothing says when the window of {name} {missing}",
                remedy="give it a length or from and to, such as {from: 2025-03-01, length: 7 days}",
                values={"window": name},
            )
        start = -inf if self.start is None else self.start
        return Span(start, inf if self.end is None else self.end)


def _written(config: SplitConfig) -> dict[str, Window]:
    """Return the windows as written, in time order."""
    train, test = parse_window(config.train), parse_window(config.test)
    if not config.validation:
        return {LEARNING: train, "test": test}
    return {"train": train, "validation": parse_window(config.validation), "test": test}


def _own_bounds(name: str, window: Window, scale: TimeScale) -> _Bounds:
    field = f"split.{'train' if name == LEARNING else name}"
    start, end = (scale.instant(text, field=field) if text else None for text in (window.start, window.end))
    length = scale.length(window.length, field=field, exact=True) if window.length else None
    return _Bounds(start, end, length).completed()


def _end_after(last: float, known: Mapping[str, _Bounds], distances: Distances, scale: TimeScale) -> float:
    lengths = [bounds.length for bounds in known.values() if bounds.length is not None]
    step = scale.quantum([*lengths, distances.after_train, distances.gap])
    return last // step * step + step


def _check_order(windows: Windows, distances: Distances, scale: TimeScale) -> None:
    """Check that no window is empty, and that each ends the distance before the next.

    Raises:
        SplitError: One is, or does not.
    """
    for name, span in windows.items():
        if span.start >= span.end:
            raise _impossible(f"the window of {name} to begin before it ends", {name: span}, scale)
    for (name, span), (later, after) in pairwise(windows.items()):
        distance = distances.between(name)
        if span.end + distance > after.start:
            by = f" {scale.words(distance)} (split.{'gap' if name == 'validation' else 'delay or split.gap'})"
            expected = f"the window of {name} to end{by if distance else ''} before that of {later} begins"
            raise _impossible(expected, {name: span, later: after}, scale)


def _impossible(expected: str, windows: Windows, scale: TimeScale) -> SplitError:
    return SplitError(
        "windows_impossible",
        expected=expected,
        found=window_words(windows, scale),
        remedy="correct the windows of split, or shorten the delay or the gap",
        values={"windows": {name: list(span.texts(scale)) for name, span in windows.items()}},
    )


def window_words(windows: Windows, scale: TimeScale) -> str:
    """Return windows in words: `train from 2025-03-01 to 2025-03-08; test …`."""
    return "; ".join(f"{name} {_span_words(span.texts(scale))}" for name, span in windows.items())


def _span_words(texts: tuple[str, str]) -> str:
    words: Iterable[str] = (f"{word} {text}" for word, text in zip(("from", "to"), texts, strict=True) if text)
    return " ".join(words) or "without bounds"
