from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterpoise.table._imbalance import degree_of_imbalance, imbalance_degree


@pytest.mark.parametrize(
    ("counts", "degree"),
    [
        ({"a": 55, "b": 45}, "balanced"),
        ({"a": 60, "b": 40}, "mild"),
        ({"a": 80, "b": 20}, "mild"),
        ({"a": 81, "b": 19}, "moderate"),
        ({"a": 99, "b": 1}, "moderate"),
        ({"a": 991, "b": 9}, "extreme"),
        ({"a": 10, "b": 10, "c": 10}, "balanced"),
    ],
)
def test_the_degree_of_imbalance_goes_by_the_smallest_share(counts: dict[str, int], degree: str) -> None:
    assert imbalance_degree(counts) == degree


@given(st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 10**6), min_size=2))
def test_the_degree_is_the_one_that_the_report_gives(counts: dict[str, int]) -> None:
    if sum(map(bool, counts.values())) > 1:
        assert imbalance_degree(counts) == degree_of_imbalance(counts).degree
