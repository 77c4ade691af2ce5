from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from counterpoise.persist._rows.order import TrainOrder, TrainPlan, build_order
from counterpoise.split import TrainRows


@st.composite
def orders(draw: st.DrawFn) -> TrainOrder:
    codes = np.array(draw(st.lists(st.integers(0, 2), max_size=60)), dtype=np.int32)
    rows = np.flatnonzero(np.ones(len(codes))) * 2
    copies = np.array(draw(st.lists(st.integers(0, 3), min_size=len(codes), max_size=len(codes))), dtype=np.int32)
    synthetic = np.array(draw(st.lists(st.integers(0, 2), max_size=20)), dtype=np.int32)
    plan = TrainPlan(TrainRows(rows, codes, ("a", "b", "c")), copies, synthetic)
    pool_rows = draw(st.sampled_from([0, 1000]))
    return build_order(plan, source_rows=150, pool_rows=pool_rows, seed=1, window_rows=draw(st.integers(1, 25)))


@given(orders(), st.data())
def test_windows_are_the_same_in_a_part_of_the_order(order: TrainOrder, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, order.windows - 1))
    stop = data.draw(st.integers(start + 1, order.windows))
    part = order.part(range(start, stop))
    assert part.windows == stop - start
    for number in range(start, stop):
        there, here = order.window(number), part.window(number)
        assert there.items.tolist() == here.items.tolist()
        assert there.codes.tolist() == here.codes.tolist()
    assert sum(len(stream.items) for stream in part.streams) == part.rows
