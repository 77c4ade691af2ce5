from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from counterpoise.evaluate._inference import bootstrap as module
from counterpoise.evaluate._inference.bootstrap import bootstrap, interval_of, iter_weights
from counterpoise.metrics import Ranking


@settings(max_examples=25, deadline=None)
@given(sizes=st.lists(st.integers(1, 40), min_size=1, max_size=4), resamples=st.integers(1, 30))
def test_every_resample_draws_as_many_rows_of_each_class_as_there_are(sizes: list[int], resamples: int) -> None:
    strata = np.random.default_rng(0).permutation(np.repeat(np.arange(len(sizes)), sizes)).astype(np.int32)
    weights = np.concatenate(list(iter_weights(strata, resamples=resamples, rng=np.random.default_rng(1))))
    assert weights.shape == (resamples, len(strata))
    for stratum, size in enumerate(sizes):
        assert (weights[:, strata == stratum].sum(axis=1) == size).all()


def test_rows_are_drawn_with_the_variance_of_draws_with_replacement() -> None:
    (weights,) = iter_weights(np.zeros(200, np.int32), resamples=2_000, rng=np.random.default_rng(0))
    assert weights.mean() == 1
    assert weights.var() == pytest.approx(1 - 1 / 200, rel=0.02)


def test_memory_bound_parts_hold_all_resamples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_CELLS", 300)
    parts = list(iter_weights(np.zeros(100, np.int32), resamples=7, rng=np.random.default_rng(0)))
    assert [len(part) for part in parts] == [3, 3, 1]


def test_all_measures_see_the_same_resamples() -> None:
    values = np.arange(50.0)
    found = bootstrap(
        {"a": lambda weights: {"mean": weights @ values}, "b": lambda weights: {"mean": weights @ (values + 1)}},
        strata=np.zeros(50, np.int32),
        resamples=100,
        rng=np.random.default_rng(0),
    )
    assert found["b"]["mean"] - found["a"]["mean"] == pytest.approx(np.full(100, 50.0))


def test_no_resamples_give_no_interval() -> None:
    found = bootstrap(
        {"a": lambda weights: {"m": weights[:, 0] / 1}},
        strata=np.zeros(3, np.int32),
        resamples=0,
        rng=np.random.default_rng(0),
    )
    assert found == {"a": {}}
    assert interval_of(np.zeros(0), 0.0) is None


def test_an_undefined_value_gives_no_interval() -> None:
    assert interval_of(np.array([0.1, np.nan]), 0.1) is None


def test_the_interval_is_moved_by_the_bias_and_cut_to_the_possible_range() -> None:
    values = np.linspace(0.2, 0.4, 1_001)
    moved = interval_of(values, 0.25)
    assert moved is not None
    assert [moved.low, moved.high] == pytest.approx([0.155, 0.345])
    cut = interval_of(values, 0.25, within=(0.2, 0.3))
    assert cut is not None
    assert (cut.low, cut.high) == (0.2, 0.3)


def test_the_interval_of_average_precision_covers_the_prevalence_of_noise() -> None:
    rng = np.random.default_rng(0)
    positive = np.arange(1_000) < 80
    covered = 0
    for _ in range(60):
        ranking = Ranking.from_scores(rng.random(1_000), positive)
        (estimate,) = ranking.weigh(np.ones((1, 1_000), np.int32)).average_precision
        weights = iter_weights(positive.astype(np.int32), resamples=200, rng=rng)
        interval = interval_of(np.concatenate([ranking.weigh(part).average_precision for part in weights]), estimate)
        assert interval is not None
        covered += interval.low <= 0.08 <= interval.high
    assert covered >= 54


def test_the_interval_of_a_mean_agrees_with_theory() -> None:
    values = np.random.default_rng(0).normal(size=400)
    found = bootstrap(
        {"a": lambda weights: {"mean": weights @ values / 400}},
        strata=np.zeros(400, np.int32),
        resamples=4_000,
        rng=np.random.default_rng(1),
    )
    interval = interval_of(found["a"]["mean"], float(values.mean()))
    assert interval is not None
    error = values.std() / 20
    assert interval.low == pytest.approx(values.mean() - 1.96 * error, abs=0.1 * error)
    assert interval.high == pytest.approx(values.mean() + 1.96 * error, abs=0.1 * error)
