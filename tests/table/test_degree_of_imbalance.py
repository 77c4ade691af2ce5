from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterpoise.errors import EvaluationError
from counterpoise.table._imbalance import degree_of_imbalance


@pytest.mark.parametrize(
    ("minority", "degree"),
    [
        (4, "extreme"),
        (10, "moderate"),
        (199, "moderate"),
        (200, "mild"),
        (400, "mild"),
        (401, "balanced"),
        (500, "balanced"),
    ],
)
def test_the_degree_follows_the_minority_share(minority: int, degree: str) -> None:
    found = degree_of_imbalance({"no": 1_000 - minority, "yes": minority})
    assert found.degree == degree
    assert found.minority_share == minority / 1_000
    assert found.ratio == (1_000 - minority) / minority


def test_many_equal_classes_are_balanced() -> None:
    found = degree_of_imbalance(dict.fromkeys("abcdefghij", 50))
    assert (found.degree, found.classes, found.minority_share) == ("balanced", 10, 0.1)
    assert found.balance == pytest.approx(1)


@given(counts=st.dictionaries(st.text(max_size=3), st.integers(1, 10_000), min_size=2, max_size=6))
def test_evenness_lies_between_zero_and_one_and_names_are_of_the_extremes(counts: dict[str, int]) -> None:
    found = degree_of_imbalance(counts)
    assert 0 < found.balance <= 1 + 1e-12
    assert counts[found.minority] == min(counts.values())
    assert counts[found.majority] == max(counts.values())


def test_classes_without_rows_do_not_count() -> None:
    found = degree_of_imbalance({"a": 10, "b": 0})
    assert (found.classes, found.degree, found.balance) == (1, "extreme", 0.0)


def test_no_rows_at_all_are_refused() -> None:
    with pytest.raises(EvaluationError, match="at least one class with rows"):
        degree_of_imbalance({"a": 0})
