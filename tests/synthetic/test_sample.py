from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from counterpoise.synthetic._measure import SampleSizes, shared_out

COUNTS = st.lists(st.integers(1, 10**9), min_size=1, max_size=50).map(np.array)


@given(counts=COUNTS, most=st.integers(100, 50_000))
def test_no_more_rows_are_looked_at_than_there_are_or_than_asked_for(counts: np.ndarray, most: int) -> None:
    shared = shared_out(counts, most)
    assert (shared <= counts).all()
    assert shared.min() >= 1
    assert shared.sum() <= max(most, 0)
    assert shared.sum() >= min(counts.sum(), most) - len(counts)


@given(counts=COUNTS, most=st.integers(100, 50_000))
def test_a_class_with_fewer_rows_than_an_even_share_is_looked_at_whole(counts: np.ndarray, most: int) -> None:
    small = counts <= most // (2 * len(counts))
    assert (shared_out(counts, most)[small] == counts[small]).all()


@given(columns=st.integers(1, 10**6))
def test_the_wider_the_table_the_fewer_rows_are_looked_at(columns: int) -> None:
    limits = SampleSizes.of(columns)
    assert 1_000 <= limits.real <= 50_000
    assert limits.synthetic == limits.real // 10
    assert limits.real * columns <= 8_000_000 or limits.real == 1_000
