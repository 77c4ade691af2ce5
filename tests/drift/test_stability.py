from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from counterpoise.drift._stability import Dependence, chance_limit, class_change, missing_change, population_stability

counts = st.lists(st.integers(0, 10_000), min_size=3, max_size=8).filter(lambda values: sum(values) > 0)


@given(counts)
def test_equal_counts_have_not_moved(values: list[int]) -> None:
    assert population_stability(np.array(values), np.array(values)) == pytest.approx(0, abs=1e-12)


@given(counts, st.randoms(use_true_random=False))
def test_the_index_is_positive_and_the_same_in_both_directions(values: list[int], rng: object) -> None:
    others = values[::-1]
    there = population_stability(np.array(values), np.array(others))
    back = population_stability(np.array(others), np.array(values))
    assert there >= 0
    assert there == pytest.approx(back)


def test_the_index_is_the_published_formula() -> None:
    p, q = np.array([0.2, 0.3, 0.5]), np.array([0.4, 0.4, 0.2])
    expected = float(np.sum((q - p) * np.log(q / p)))
    assert population_stability(p * 10**9, q * 10**9) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(("before", "after", "bins"), [(2_000, 1_500, 10), (300, 200, 5), (50, 80, 2)])
def test_samples_of_one_population_exceed_the_chance_limit_about_as_often_as_asked(
    before: int, after: int, bins: int
) -> None:
    rng = np.random.default_rng(0)
    shares = np.full(bins, 1 / bins)
    limit = chance_limit(before, after, bins=bins, alpha=0.05)
    drawn = [(rng.multinomial(before, shares), rng.multinomial(after, shares)) for _ in range(4_000)]
    exceeded = np.mean([population_stability(p, q) > limit for p, q in drawn])
    assert 0.035 < exceeded < 0.065


def test_one_bin_or_no_rows_leave_nothing_to_chance() -> None:
    assert chance_limit(10, 10, bins=1, alpha=0.05) == 0
    assert chance_limit(0, 10, bins=5, alpha=0.05) == 0


def test_class_change_is_pearson_s_test_and_cohen_s_effect() -> None:
    before, after = np.array([900_000, 100_000]), np.array([880_000, 120_000])
    p_value, effect, factor = class_change(before, after)
    assert p_value == stats.chi2_contingency(np.stack([before, after])).pvalue
    assert effect == pytest.approx(np.sqrt(0.02**2 / 0.9 + 0.02**2 / 0.1), rel=1e-3)
    assert factor == pytest.approx(1.2, rel=1e-3)


def test_a_rare_class_that_changes_by_chance_gives_no_factor_to_a_change_of_others() -> None:
    """Nine rows of a class that become one are chance, even where large classes have shifted a little."""
    p_value, effect, factor = class_change(np.array([89_994, 10_000, 6]), np.array([89_399, 10_600, 1]))
    assert p_value < 0.001
    assert effect < 0.1
    assert factor < 1.5


def test_shares_of_rows_that_resemble_each_other_change_by_chance_more() -> None:
    before, after = np.array([9_000, 1_000]), np.array([8_000, 2_000])
    assert class_change(before, after)[0] < 1e-50
    assert class_change(before, after, dependence=Dependence(500.0))[0] > 0.01
    assert class_change(before, np.array([9_000, 0]), dependence=Dependence(500.0))[2] > 1_000
    assert missing_change((300, 4_000), (600, 4_000), dependence=Dependence(100.0))[1] > 0.05
    assert missing_change((300, 4_000), (4_000, 4_000), dependence=Dependence(100.0))[1] < 1e-6


def test_values_that_nearly_all_went_missing_have_a_large_factor() -> None:
    change, p_value, factor = missing_change((1_920, 2_000), (2_000, 2_000))
    assert change == pytest.approx(0.04)
    assert p_value < 1e-6
    assert factor > 3


def test_a_class_that_vanishes_has_a_large_factor() -> None:
    p_value, _, factor = class_change(np.array([9_000, 1_000]), np.array([9_000, 0]))
    assert p_value < 1e-100
    assert factor > 1_000


def test_one_class_or_no_rows_say_nothing_of_a_change() -> None:
    assert class_change(np.array([10]), np.array([20])) == (1.0, 0.0, 1.0)
    assert class_change(np.array([10, 5]), np.array([0, 0])) == (1.0, 0.0, 1.0)


@pytest.mark.parametrize("rows", [100, 100_000])
def test_a_change_of_missing_values_is_told_from_chance(rows: int) -> None:
    change, p_value, factor = missing_change((rows // 10, rows), (rows // 2, rows))
    assert change == pytest.approx(0.4)
    assert p_value < 1e-6
    assert factor == pytest.approx(0.9 / 0.5, rel=0.01)
    assert missing_change((rows // 10, rows), (rows // 10, rows))[1] > 0.9


def test_nothing_missing_on_either_side_is_no_change() -> None:
    assert missing_change((0, 50), (0, 60)) == (0.0, 1.0, 1.0)
    assert missing_change((0, 0), (5, 10)) == (0.0, 1.0, 1.0)
