from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from counterpoise.report._drawing.charts import Chart, Curve, Label, curve_chart, distance_chart, reliability_chart


def _box(label: Label) -> tuple[float, float, float, float]:
    half = len(label.text) * 7.5 / 2
    return label.x - half, label.y - 12, label.x + half, label.y + 4


def _roc(power: float) -> np.ndarray:
    x = np.linspace(0, 1, 100)
    return np.column_stack([x, x**power])


def _chart(*powers: float, kind: str = "roc") -> Chart:
    curves = [Curve(_roc(power), f"arm{index}", f"curve {index} 0.900") for index, power in enumerate(powers)]
    return curve_chart(kind, curves, name="c", description="d", chance=0.1)


@pytest.mark.slow
@settings(max_examples=20, deadline=None)
@given(first=st.floats(0.05, 1), second=st.floats(0.05, 1))
def test_labels_stay_inside_and_apart(first: float, second: float) -> None:
    chart = _chart(first, second)
    boxes = [_box(label) for label in chart.labels]
    for left, top, right, bottom in boxes:
        assert chart.left <= left < right <= chart.right
        assert chart.top <= top < bottom <= chart.bottom
    for index, one in enumerate(boxes):
        for other in boxes[index + 1 :]:
            assert one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]


def test_labels_cover_no_line() -> None:
    chart = _chart(0.1, 0.5)
    points = [tuple(map(float, pair.split(","))) for line in chart.lines[1:] for pair in line.points.split()]
    for label in chart.labels:
        left, top, right, bottom = _box(label)
        assert not any(left < x < right and top < y < bottom for x, y in points)


def test_each_label_stands_nearest_to_its_own_line() -> None:
    chart = _chart(0.05, 0.6)
    lines = {line.arm: [tuple(map(float, pair.split(","))) for pair in line.points.split()] for line in chart.lines[1:]}
    for label in chart.labels[:2]:
        near = {arm: min(np.hypot(x - label.x, y - label.y) for x, y in points) for arm, points in lines.items()}
        assert min(near, key=lambda arm: near[arm]) == label.arm


def test_the_chance_line_of_a_precision_recall_chart_is_the_prevalence() -> None:
    chart = _chart(0.5, kind="pr")
    start, end = chart.lines[0].points.split()
    assert start.split(",")[1] == end.split(",")[1]
    assert chart.labels[-1].text == "chance 0.100"


def test_a_label_that_is_wider_than_the_chart_is_still_placed() -> None:
    curves = [Curve(_roc(0.5), "natural", "x" * 200)]
    assert len(curve_chart("roc", curves, name="c", description="d", chance=0.1).labels) == 2


def test_dots_grow_with_their_rows() -> None:
    curve = Curve(np.array([[0.1, 0.1], [0.5, 0.6]]), "natural", "n")
    chart = reliability_chart([curve], [[100, 10_000]], name="r", description="d")
    assert chart.dots[0].radius < chart.dots[1].radius
    assert chart.dots[1].text == "10,000 rows"


@pytest.mark.parametrize("points", [np.zeros((0, 2)), np.array([[0.5, 0.5]])], ids=["no bins", "one bin"])
def test_curves_of_no_or_one_point_are_drawn(points: np.ndarray) -> None:
    chart = reliability_chart([Curve(points, "natural", "n")], [[5] * len(points)], name="r", description="d")
    assert len(chart.dots) == len(points)
    assert len(chart.labels) == len(points)


@given(longest=st.floats(1e-6, 1e9))
def test_an_axis_of_distances_ends_a_little_beyond_the_longest_at_a_plain_number(longest: float) -> None:
    curve = Curve(np.array([[0.0, 0.0], [longest, 1.0]]), "natural", "real")
    chart = distance_chart([curve], name="d", description="d")
    end = float(chart.x_ticks[-1].text)
    assert longest * 0.999 <= end <= longest * 1.51
    assert all(len(tick.text) <= 9 for tick in chart.x_ticks)
    x = [float(pair.split(",")[0]) for pair in chart.lines[0].points.split()]
    assert max(x) <= chart.right


def test_copies_alone_are_drawn_as_no_distance() -> None:
    curve = Curve(np.array([[0.0, 0.0], [0.0, 1.0]]), "resampled", "synthetic")
    assert distance_chart([curve], name="d", description="d").x_ticks[-1].text == "1"
