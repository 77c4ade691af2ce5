"""Scatter plots as geometry: rows on the axes of a projection, each kind with its own colour and shape."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from counterpoise.report._drawing.charts import Chart, Mark, Tick
from counterpoise.typing import Floats

_WIDTH, _MOST_HEIGHT, _LEAST_HEIGHT = 560, 420, 200
_LEFT, _RIGHT, _TOP, _BOTTOM = 60, 12, 12, 46
_EDGE = 0.01
_TICKS = 8


@dataclass(frozen=True)
class Series:
    """Rows of one kind: their points (shape (rows, 2)), label, colour and shape."""

    points: Floats
    text: str
    arm: str
    shape: str


def scatter_chart(series: Sequence[Series], *, titles: tuple[str, str], name: str, description: str) -> Chart:
    """Return rows as marks, later series on top, with the same unit on both axes.

    The outermost 1 % on each side are drawn at the edge.

    Args:
        series: The rows to draw, at least one in all.
        titles: The titles of the axes.
        name: Makes the chart's element names unique on the page.
        description: A description for screen readers.
    """
    frame = _Frame.around(np.concatenate([one.points for one in series]))
    return Chart(
        name=name,
        description=description,
        x_title=titles[0],
        y_title=titles[1],
        x_ticks=tuple(Tick(x, text) for x, text in frame.ticks(0)),
        y_ticks=tuple(Tick(y, text) for y, text in frame.ticks(1)),
        marks=tuple(_mark(one, frame) for one in series),
        width=_WIDTH,
        height=frame.height,
        left=_LEFT,
        right=_WIDTH - _RIGHT,
        top=_TOP,
        bottom=frame.height - _BOTTOM,
    )


@dataclass(frozen=True)
class _Frame:
    """The visible part of the plane and the length of a unit."""

    low: Floats
    high: Floats
    scale: float
    height: int

    @classmethod
    def around(cls, points: Floats) -> _Frame:
        """Return a frame around all but the outermost points, with a bounded aspect ratio."""
        low, high = np.quantile(points, [_EDGE, 1 - _EDGE], axis=0)
        least = 1e-6 * max(1.0, float(np.abs(points).max()))  # leaves a margin even if all rows coincide
        margin = 0.04 * max(float((high - low).max()), least)
        low, high = low - margin, high + margin
        across, most = _WIDTH - _LEFT - _RIGHT, _MOST_HEIGHT - _TOP - _BOTTOM
        scale = min(across / (high - low)[0], most / (high - low)[1])
        height = max(_LEAST_HEIGHT, round(_TOP + _BOTTOM + scale * (high - low)[1]))
        room = np.array([across, height - _TOP - _BOTTOM]) / scale - (high - low)
        return cls(low - room / 2, high + room / 2, float(scale), height)

    def place(self, points: Floats) -> Floats:
        """Return positions in the view box."""
        inside = (np.clip(points, self.low, self.high) - self.low) * self.scale
        return np.column_stack([_LEFT + inside[:, 0], self.height - _BOTTOM - inside[:, 1]]).round(1)

    def ticks(self, axis: int) -> list[tuple[float, str]]:
        """Return positions and texts of round numbers along an axis, with the same step on both axes."""
        step = _round_step(float((self.high - self.low).max()) / _TICKS)
        first, last = np.ceil(self.low[axis] / step), np.floor(self.high[axis] / step)
        values = step * np.arange(first, last + 1) + 0.0  # turns -0.0 into 0.0
        points = np.zeros((len(values), 2))
        points[:, axis] = values
        return [
            (float(position), f"{value:.4g}".replace("-", "−"))
            for position, value in zip(self.place(points)[:, axis], values, strict=True)
        ]


def _round_step(least: float) -> float:
    """Round up to 1, 2 or 5 times a power of ten.

    >>> _round_step(0.3), _round_step(7.1)
    (0.5, 10.0)
    """
    unit = 10.0 ** np.floor(np.log10(least))
    return float(next(step * unit for step in (1, 2, 5, 10) if step * unit >= least * (1 - 1e-9)))


def _circle(x: float, y: float) -> str:
    return f"M{x - 2.5:.1f},{y:g}a2.5,2.5 0 1 0 5,0a2.5,2.5 0 1 0 -5,0"


def _square(x: float, y: float) -> str:
    return f"M{x - 2.4:.1f},{y - 2.4:.1f}h4.8v4.8h-4.8z"


def _cross(x: float, y: float) -> str:
    return f"M{x - 2.6:.1f},{y - 2.6:.1f}l5.2,5.2m0,-5.2l-5.2,5.2"


_SHAPES: dict[str, Callable[[float, float], str]] = {"circle": _circle, "square": _square, "cross": _cross}


def _mark(series: Series, frame: _Frame) -> Mark:
    draw = _SHAPES[series.shape]
    path = "".join(draw(float(x), float(y)) for x, y in frame.place(series.points))
    return Mark(path, draw(6.0, 6.0), series.text, series.arm, series.shape)
