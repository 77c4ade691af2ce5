from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterpoise.evaluate._inference.bootstrap import iter_weights, spread_of_few


@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.integers(1, 200))
def test_rows_of_a_group_are_drawn_together_and_as_many_groups_of_each_kind_as_there_are(
    seed: int, wanted: int, rows: int
) -> None:
    rng = np.random.default_rng(seed)
    groups = np.unique(rng.integers(0, wanted, rows), return_inverse=True)[1].astype(np.int32)
    positive = (rng.random(rows) < 0.2).astype(np.int32)
    positive[0] = 0
    (weights,) = iter_weights(positive, resamples=5, rng=rng, groups=groups)
    rare = 1 if positive.sum() * 2 < rows else 0
    holds = np.array([(positive[groups == group] == rare).any() for group in range(groups.max() + 1)])
    for resample in weights:
        by_group = [np.unique(resample[groups == group]) for group in range(groups.max() + 1)]
        assert all(len(found) == 1 for found in by_group)
        drawn = np.array([int(found[0]) for found in by_group])
        if positive.sum() * 2 != rows and positive.any():
            few = [spread_of_few(np.bincount(groups)[own]) for own in (holds, ~holds) if own.any()]
            for own in (holds, ~holds):
                assert drawn[own].sum() == (max(1, round(own.sum() / max(few))) if own.any() else 0)


def test_intervals_of_grouped_rows_are_as_wide_as_those_of_their_groups() -> None:
    """Each row stands four times: what is drawn on its own takes them for four times as many."""
    rng = np.random.default_rng(1)
    values = np.repeat(rng.normal(size=300), 4)
    strata, groups = np.zeros(1200, np.int32), np.repeat(np.arange(300, dtype=np.int32), 4)

    def spread(grouped: bool) -> float:
        draws = iter_weights(strata, resamples=2000, rng=np.random.default_rng(0), groups=groups if grouped else None)
        return float(np.concatenate([(part @ values) / part.sum(axis=1) for part in draws]).std())

    assert spread(grouped=True) / spread(grouped=False) == pytest.approx(2.0, rel=0.1)


def test_a_group_belongs_to_the_stratum_of_its_rarest_row() -> None:
    strata = np.array([0] * 9 + [1], np.int32)
    groups = np.array([0, 0, 0, 1, 1, 1, 2, 2, 2, 0], np.int32)
    (weights,) = iter_weights(strata, resamples=50, rng=np.random.default_rng(0), groups=groups)
    assert (weights[:, 9] == 1).all()  # the only group with a positive is drawn once in each resample
    assert len(np.unique(weights[:, 3])) > 1


def test_many_groups_of_one_size_are_drawn_as_often_as_rows_and_few_unlike_ones_less() -> None:
    assert spread_of_few(np.full(2_000, 4)) == pytest.approx(1, abs=0.01)
    assert spread_of_few(np.full(20, 4)) > 1.1
    assert spread_of_few(np.array([300, *[2] * 200])) > spread_of_few(np.full(201, 3)) * 1.5
    assert spread_of_few(np.array([9_000, *[1] * 100])) == spread_of_few(np.array([5])) == 4
