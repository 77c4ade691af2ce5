from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from counterpoise.report._drawing.charts import Chart
from counterpoise.report._drawing.scatter import Series, scatter_chart


def chart(points: np.ndarray, shape: str = "square") -> Chart:
    series = [Series(points, "rows", "natural", shape)]
    return scatter_chart(series, titles=("first", "second"), name="a", description="b")


def places(drawn: Chart) -> np.ndarray:
    """Return where squares start, in the view box."""
    found = re.findall(r"M(-?[\d.]+),(-?[\d.]+)h", drawn.marks[0].path)
    return np.array(found, dtype=float).reshape(-1, 2)


@given(
    arrays.arrays(np.float64, st.tuples(st.integers(1, 40), st.just(2)), elements=st.floats(-1e6, 1e6, width=32)),
)
def test_every_row_is_drawn_inside_the_frame(points: np.ndarray) -> None:
    drawn = chart(points)
    found = places(drawn) + 2.4
    assert len(found) == len(points)
    assert (found[:, 0] >= drawn.left - 0.11).all()
    assert (found[:, 0] <= drawn.right + 0.11).all()
    assert (found[:, 1] >= drawn.top - 0.11).all()
    assert (found[:, 1] <= drawn.bottom + 0.11).all()
    assert 200 <= drawn.height <= 421


def test_a_unit_is_equally_long_on_both_axes() -> None:
    corners = np.array([[0.0, 0.0], [4.0, 0.0], [0.0, 1.0], [4.0, 1.0]])
    (left, right, above, _) = places(chart(corners))
    assert right[0] - left[0] == pytest.approx(4 * (left[1] - above[1]), abs=1)
    drawn = chart(corners)
    across = np.diff([tick.position for tick in drawn.x_ticks]) / np.diff([float(tick.text) for tick in drawn.x_ticks])
    assert across[0] == pytest.approx((right[0] - left[0]) / 4, abs=0.3)


def test_a_far_outlier_stands_at_the_edge_and_leaves_room_for_the_others() -> None:
    rng = np.random.default_rng(0)
    points = np.vstack([rng.normal(size=(500, 2)), [[1e6, 0.0]]])
    drawn = chart(points)
    found = places(drawn)
    assert found[-1][0] + 2.4 == pytest.approx(drawn.right, abs=0.2)
    assert np.ptp(found[:-1, 0]) > 200


def test_ticks_are_round_and_few() -> None:
    drawn = chart(np.array([[-0.31, -3.3], [0.4, 7.2]]))
    texts = [tick.text for tick in drawn.y_ticks]
    assert texts == ["−2", "0", "2", "4", "6"]


def test_kinds_differ_in_shape_and_keep_their_legend() -> None:
    points = np.zeros((1, 2))
    series = [
        Series(points, text, "natural", shape) for text, shape in (("a", "circle"), ("b", "cross"), ("c", "square"))
    ]
    marks = scatter_chart(series, titles=("x", "y"), name="a", description="b").marks
    assert [mark.text for mark in marks] == ["a", "b", "c"]
    assert len({re.sub(r"[-\d.,]", "", mark.path) for mark in marks}) == 3
    assert all(re.sub(r"[-\d.,]", "", mark.key) == re.sub(r"[-\d.,]", "", mark.path) for mark in marks)
