"""Line charts as geometry: positions in a fixed view box, which a template draws as inline SVG.

Labels are next to their lines and cover none of them, so no legend is needed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from counterpoise.typing import Floats

_WIDTH, _HEIGHT = 380, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 12, 12, 44
_CHARACTER = 7.5
_LABEL_HEIGHT = 16.0
_CLEARANCE = 4.0


@dataclass(frozen=True)
class Tick:
    """A tick of an axis: its position along the axis and its text."""

    position: float
    text: str


@dataclass(frozen=True)
class Line:
    """A line: its SVG points, and the arm that gives it its colour."""

    points: str
    arm: str


@dataclass(frozen=True)
class Dot:
    """A dot in an arm's colour; a larger dot represents more rows."""

    x: float
    y: float
    radius: float
    arm: str
    text: str


@dataclass(frozen=True)
class Label:
    """A centred text next to a line."""

    x: float
    y: float
    text: str
    arm: str


@dataclass(frozen=True)
class Mark:
    """All rows of one kind as one SVG path, and for the legend their text and shape in a view box of 12 by 12."""

    path: str
    key: str
    text: str
    arm: str
    shape: str


@dataclass(frozen=True)
class Chart:
    """A chart, ready to draw in its view box; a chart with marks has a legend instead of labels."""

    name: str
    description: str
    x_title: str
    y_title: str
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    lines: tuple[Line, ...] = ()
    labels: tuple[Label, ...] = ()
    dots: tuple[Dot, ...] = ()
    marks: tuple[Mark, ...] = ()
    width: int = _WIDTH
    height: int = _HEIGHT
    left: int = _LEFT
    right: int = _WIDTH - _RIGHT
    top: int = _TOP
    bottom: int = _HEIGHT - _BOTTOM


@dataclass(frozen=True)
class Figure:
    """A chart under its heading."""

    heading: str
    chart: Chart


def _x(share: float) -> float:
    return round(_LEFT + share * (_WIDTH - _LEFT - _RIGHT), 1)


def _y(share: float) -> float:
    return round(_HEIGHT - _BOTTOM - share * (_HEIGHT - _TOP - _BOTTOM), 1)


def _line(points: Floats, arm: str) -> Line:
    return Line(" ".join(f"{_x(x):g},{_y(y):g}" for x, y in points), arm)


@dataclass(frozen=True)
class Curve:
    """A curve to draw: its points (shape (points, 2)), its arm and its label."""

    points: Floats
    arm: str
    text: str


def curve_chart(kind: str, curves: Sequence[Curve], *, name: str, description: str, chance: float) -> Chart:
    """Return a precision-recall (`pr`) or ROC (`roc`) chart with the line of a random ranking.

    Args:
        kind: `pr` or `roc`.
        curves: One for each arm.
        name: Makes the chart's element names unique on the page.
        description: A description for screen readers.
        chance: The prevalence, drawn in a precision-recall chart.
    """
    axes = ("recall", "precision") if kind == "pr" else ("false positive rate", "recall")
    ends = [[0.0, chance], [1.0, chance]] if kind == "pr" else [[0.0, 0.0], [1.0, 1.0]]
    lines = [_line(np.array(ends), "chance"), *(_line(curve.points, curve.arm) for curve in curves)]
    chance_curve = Curve(np.array(ends), "chance", f"chance {chance:.3f}" if kind == "pr" else "chance")
    return _chart((name, description, *axes), lines, _placed_labels([*curves, chance_curve]))


def reliability_chart(curves: Sequence[Curve], rows: Sequence[Sequence[int]], *, name: str, description: str) -> Chart:
    """Return observed against predicted shares, with the line of perfect reliability.

    Args:
        curves: One for each arm, with the mean prediction (x) and the observed share (y) of each bin.
        rows: The number of rows in each bin of each curve, which sets the areas of its dots.
        name: Makes the chart's element names unique on the page.
        description: A description for screen readers.
    """
    wording = (name, description, "mean predicted probability", "observed share of positives")
    perfect = np.array([[0.0, 0.0], [1.0, 1.0]])
    lines = [_line(perfect, "chance")]
    lines += [_line(curve.points, curve.arm) for curve in curves]
    most = max((max(bins) for bins in rows if bins), default=1)
    dots = [
        Dot(_x(x), _y(y), round(2 + 4 * (number / most) ** 0.5, 1), curve.arm, f"{number:,} rows")
        for curve, bins in zip(curves, rows, strict=True)
        for (x, y), number in zip(curve.points, bins, strict=True)
    ]
    return _chart(wording, lines, _placed_labels(curves, around=[perfect]), dots)


def distance_chart(curves: Sequence[Curve], *, name: str, description: str) -> Chart:
    """Return cumulative distributions of distances: the share of rows within each distance.

    Args:
        curves: Distances (x) and the shares of rows within them (y).
        name: Makes the chart's element names unique on the page.
        description: A description for screen readers.
    """
    longest = axis_end(max((float(curve.points[:, 0].max()) for curve in curves if len(curve.points)), default=0.0))
    wording = (name, description, "distance to the nearest real row", "share of rows within it")
    scaled = [Curve(curve.points / [longest, 1.0], curve.arm, curve.text) for curve in curves]
    return _chart(wording, [_line(one.points, one.arm) for one in scaled], _placed_labels(scaled), x_end=longest)


@dataclass(frozen=True)
class Axis:
    """An axis with ticks where the values ask for them: its title, and each tick's place from 0 to 1 with its text."""

    title: str
    ticks: Sequence[tuple[float, str]]


def value_chart(
    curves: Sequence[Curve], axes: tuple[Axis, Axis], *, name: str, description: str,
    dots: Sequence[tuple[float, float, str, str]] = (),
) -> Chart:  # fmt: skip
    """Return curves on two axes of their own; a curve without a text has no label.

    Args:
        curves: The curves, with points from 0 to 1 along both axes.
        axes: The horizontal and the vertical axis.
        name: Makes the chart's element names unique on the page.
        description: A description for screen readers.
        dots: Points to mark: x, y, the arm, and a text.
    """
    across, up = axes
    chart = _chart(
        (name, description, across.title, up.title),
        [_line(one.points, one.arm) for one in curves],
        _placed_labels([one for one in curves if one.text], around=[one.points for one in curves if not one.text]),
        [Dot(_x(x), _y(y), 4, arm, text) for x, y, arm, text in dots],
    )
    return replace(
        chart,
        x_ticks=tuple(Tick(_x(place), text) for place, text in across.ticks),
        y_ticks=tuple(Tick(_y(place), text) for place, text in up.ticks),
    )


def axis_end(longest: float) -> float:
    """Return the end of an axis from 0 such that its quarters are round numbers.

    >>> axis_end(1.83), axis_end(0.0021), axis_end(0.0)
    (2.0, 0.0024, 1.0)
    """
    if longest <= 0:
        return 1.0
    unit = 10.0 ** math.floor(math.log10(longest))
    return float(f"{next(end * unit for end in (1, 1.2, 1.6, 2, 2.4, 3.2, 4, 6, 8, 10) if end * unit >= longest):.2g}")


def _chart(
    wording: tuple[str, str, str, str],
    lines: list[Line],
    labels: list[Label],
    dots: Sequence[Dot] = (),
    *,
    x_end: float = 1.0,
) -> Chart:
    """Return a chart with a name, a description and titles of both axes; its axes have five ticks."""
    ticks = (0.0, 0.25, 0.5, 0.75, 1.0)
    return Chart(
        *wording,
        x_ticks=tuple(Tick(_x(value), f"{value * x_end:.4g}") for value in ticks),
        y_ticks=tuple(Tick(_y(value), f"{value:g}") for value in ticks),
        lines=tuple(lines),
        labels=tuple(labels),
        dots=tuple(dots),
    )


def _placed_labels(curves: Sequence[Curve], around: Sequence[Floats] = ()) -> list[Label]:
    """Place one label for each curve: close to it, farther from other curves, and over no line or other label.

    If no place is free, take the one that covers least.

    Args:
        curves: The curves to label; earlier ones choose their places first.
        around: Further lines that labels must not cover.
    """
    drawn = [_pixels(curve.points) for curve in curves]
    others = [_pixels(points) for points in around]
    taken: list[Floats] = []
    labels = []
    for curve, own in zip(curves, drawn, strict=True):
        if not len(own):
            continue
        places = _Places.of(curve.text)
        near = places.distances(_middle(own))
        rivals = [points for other, points in zip(curves, drawn, strict=True) if other.arm not in (curve.arm, "chance")]
        mistaken = places.nearest(rivals)
        crowded = places.nearest(taken)
        free = np.minimum(places.nearest([*drawn, *others]), crowded)
        cost = near + 1000 * np.maximum(_CLEARANCE - free, 0) + 4 * np.maximum(near + 2 - mistaken, 0)
        cost += 0.1 * crowded if taken else 0  # keeps labels of coinciding curves together
        x, y = places.centre(int(np.argmin(cost)))
        labels.append(Label(round(x, 1), round(y + 4, 1), curve.text, curve.arm))
        taken.append(places.box(x, y))
    return labels


def _pixels(points: Floats) -> Floats:
    """Return points along a line in the view box, with steps of at most three pixels."""
    corners = np.array([[_x(x), _y(y)] for x, y in points]).reshape(-1, 2)
    if len(corners) < 2:
        return corners
    steps = np.diff(corners, axis=0)
    pieces = (np.hypot(*steps.T) / 3).astype(np.int64) + 1
    begins = np.repeat(np.cumsum(pieces) - pieces, pieces)
    done = (np.arange(pieces.sum()) - begins) / np.repeat(pieces, pieces)
    between = np.repeat(corners[:-1], pieces, axis=0) + done[:, None] * np.repeat(steps, pieces, axis=0)
    return np.concatenate([between, corners[-1:]])


def _middle(points: Floats) -> Floats:
    """Return a line without its ends, since curves meet in the corners."""
    end = len(points) // 6
    return points[end : len(points) - end]


@dataclass(frozen=True)
class _Places:
    """The places where a label can be: the columns and rows of their centres, and half its width and height."""

    columns: Floats
    rows: Floats
    half: tuple[float, float]

    @classmethod
    def of(cls, text: str) -> _Places:
        width, height = len(text) * _CHARACTER / 2, _LABEL_HEIGHT / 2
        wide = min(width, (_WIDTH - _RIGHT - _LEFT) / 2 - 3)
        columns = np.arange(_LEFT + wide + 2, _WIDTH - _RIGHT - wide, 8.0)
        rows = np.arange(_TOP + height, _HEIGHT - _BOTTOM - height - 1, 5.0)
        return cls(columns, rows, (width, height))

    def centre(self, number: int) -> tuple[float, float]:
        """Return the centre of a place, counted row by row."""
        row, column = divmod(number, len(self.columns))
        return float(self.columns[column]), float(self.rows[row])

    def nearest(self, lines: Sequence[Floats]) -> Floats:
        """Return the distance of each place's box to the nearest of several lines, infinity if there are none."""
        points = np.concatenate([np.empty((0, 2)), *lines])
        return self.distances(points)

    def distances(self, points: Floats) -> Floats:
        """Return the distance of each place's box to the nearest point, 0 if it covers one, infinity if there are none.

        The squared distances are sums of one for the column and one for the row, which are computed once.
        """
        if not len(points):
            return np.full(len(self.rows) * len(self.columns), np.inf)
        across, down = (
            np.square(np.maximum(np.abs(centres[:, None] - points[:, axis]) - self.half[axis], 0))
            for axis, centres in enumerate((self.columns, self.rows))
        )
        nearest: Floats = np.sqrt(np.concatenate([(across + row).min(axis=1) for row in down]))
        return nearest

    def box(self, x: float, y: float) -> Floats:
        """Return points that cover the area of a label at a centre."""
        across, down = (np.linspace(-half, half, number) for half, number in zip(self.half, (25, 5), strict=True))
        return np.stack(np.meshgrid(across + x, down + y), axis=-1).reshape(-1, 2)
