from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from counterpoise.evaluate._top import at_the_top


@given(seed=st.integers(0, 1_000), levels=st.sampled_from([2, 5, 10_000]))
def test_precision_among_the_highest_is_that_of_any_order_of_ties_on_average(seed: int, levels: int) -> None:
    rng = np.random.default_rng(seed)
    positive = rng.permutation(np.arange(60) < 20)
    scores = rng.integers(0, levels, 60) / levels
    ten, twenty = at_the_top(scores, positive)
    drawn = [positive[np.lexsort((rng.random(60), -scores))][:10].sum() / 10 for _ in range(400)]
    assert (ten["k"], twenty["k"]) == (10, 20)
    assert ten["precision"] == pytest.approx(np.mean(drawn), abs=0.06)
    assert twenty["recall"] >= ten["recall"]


@pytest.mark.parametrize(
    ("rows", "positives", "expected"),
    [
        (400, 80, [10, 50, 80, 100]),
        (200_000, 400, [10, 50, 100, 400, 500, 1_000]),
        (200_000, 100_000, [10, 50, 100, 500, 1_000, 5_000, 10_000, 50_000, 100_000]),
        (1_000, 3, [3, 10]),
        (12, 2, [2]),
        (5, 5, [5]),
        (100, 0, []),
    ],
)
def test_the_numbers_looked_at_fit_the_rows_and_their_positives(rows: int, positives: int, expected: list[int]) -> None:
    found = at_the_top(np.linspace(1, 0, rows), np.arange(rows) < positives)
    assert [one["k"] for one in found] == expected


def test_shares_have_wilsons_interval() -> None:
    rng = np.random.default_rng(0)
    positive = rng.random(1_000) < 0.1
    found = at_the_top(rng.normal(size=1_000) + 2 * positive, positive)
    assert json.loads(json.dumps(found)) == found
    for one in found:
        hits = round(one["precision"] * one["k"])
        wilson = stats.binomtest(hits, one["k"]).proportion_ci(method="wilson")
        assert (one["precision_low"], one["precision_high"]) == pytest.approx((wilson.low, wilson.high))
        wilson = stats.binomtest(hits, int(positive.sum())).proportion_ci(method="wilson")
        assert (one["recall_low"], one["recall_high"]) == pytest.approx((wilson.low, wilson.high))


def test_intervals_cover_what_other_rows_of_the_same_kind_would_give() -> None:
    """The truth of precision and recall at 50 of 1,000 rows, 50 of them positive, is what many such tables give."""

    def table(seed: int) -> tuple[np.ndarray, np.ndarray]:
        positive = np.arange(1_000) < 50
        return np.random.default_rng(seed).normal(size=1_000) + 1.5 * positive, positive

    found = [next(one for one in at_the_top(*table(seed)) if one["k"] == 50) for seed in range(400)]
    for figure in ("precision", "recall"):
        truth = float(np.mean([one[figure] for one in found]))
        covered = np.mean([one[f"{figure}_low"] <= truth <= one[f"{figure}_high"] for one in found])
        assert covered >= 0.93, figure


def test_rows_of_one_group_count_once() -> None:
    positive = np.repeat(np.arange(100) % 4 == 0, 10)
    scores = np.repeat(np.random.default_rng(0).random(100), 10)
    groups = np.repeat(np.arange(100, dtype=np.int32), 10)
    for single, grouped in zip(at_the_top(scores, positive), at_the_top(scores, positive, groups=groups), strict=True):
        assert (single["k"], single["precision"]) == (grouped["k"], grouped["precision"])
        for figure in ("precision", "recall"):
            assert grouped[f"{figure}_high"] - grouped[f"{figure}_low"] > (
                1.5 * (single[f"{figure}_high"] - single[f"{figure}_low"])
            )
