"""Values of several rows on a common scale, in percent of the width."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

Known = float | None


@dataclass(frozen=True)
class Scaled:
    """A value on a scale with its interval, the folds that it averages, and a mark such as zero or chance."""

    value: float
    low: Known
    high: Known
    mark: Known
    folds: tuple[float, ...] = ()


@dataclass(frozen=True)
class Scale:
    """A scale from the lowest to the highest value, with a margin on both sides."""

    low: float
    spread: float
    margin: float

    @classmethod
    def over(cls, values: Iterable[Known], *, margin: float = 4) -> Scale:
        """Return a scale that covers all these values."""
        known = [value for value in values if value is not None] or [0.0, 1.0]
        return cls(min(known), (max(known) - min(known)) or 1.0, margin)

    def place(self, value: float) -> float:
        """Return the position of a value."""
        return round(self.margin + (100 - 2 * self.margin) * (value - self.low) / self.spread, 2)

    def scaled(self, value: Known, bounds: Mapping[str, Known], *, mark: Known, folds: Iterable[Known] = ()) -> Scaled:
        """Return a value on this scale; None is placed at 0."""
        low, high = bounds.get("low"), bounds.get("high")
        return Scaled(
            value=0.0 if value is None else self.place(value),
            low=None if low is None else self.place(low),
            high=None if high is None else self.place(high),
            mark=None if mark is None else self.place(mark),
            folds=tuple(self.place(fold) for fold in folds if fold is not None),
        )
