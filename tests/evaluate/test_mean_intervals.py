from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from counterpoise.evaluate._inference.mean_intervals import mean_interval
from counterpoise.typing import Floats


def covered(draw: object, truth: float, tables: int = 600) -> float:
    assert callable(draw)
    found = [mean_interval(draw(np.random.default_rng(seed))) for seed in range(tables)]
    return float(np.mean([one is not None and one.low <= truth <= one.high for one in found]))


def rare_amounts(rng: np.random.Generator, sigma: float = 1.2) -> Floats:
    """Return values of which 15 % are log-normal, the others 0."""
    return np.where(rng.random(600) < 0.15, rng.lognormal(0, sigma, 600), 0.0)


@pytest.mark.parametrize("sigma", [0.5, 1.2, 1.8])
def test_the_mean_of_rare_and_skewed_values_is_covered(sigma: float) -> None:
    share = covered(lambda rng: rare_amounts(rng, sigma), 0.15 * float(np.exp(sigma**2 / 2)))
    assert share >= 0.925, "94 to 96 % were measured; 600 tables scatter by 1 %"


def test_a_plain_normal_interval_would_not_cover_it() -> None:
    tables = [rare_amounts(np.random.default_rng(seed), 1.8) for seed in range(600)]
    errors = [1.96 * values.std(ddof=1) / np.sqrt(600) for values in tables]
    truth = 0.15 * float(np.exp(1.8**2 / 2))
    plain = [abs(values.mean() - truth) <= error for values, error in zip(tables, errors, strict=True)]
    assert np.mean(plain) < 0.87


@pytest.mark.parametrize("rows", [12, 400])
def test_symmetric_values_have_students_interval(rows: int) -> None:
    half = np.random.default_rng(0).normal(size=rows // 2)
    values = np.concatenate([half, -half]) + 3
    found = mean_interval(values)
    assert found is not None
    kurtosis = float(stats.kurtosis(values, fisher=False))
    freedom = min(2 * rows / (kurtosis - 1), rows - 1)
    low, high = stats.t.interval(0.95, freedom, loc=3.0, scale=stats.sem(values))
    assert (found.low, found.high) == pytest.approx((low, high))


def test_rows_of_one_group_count_as_one() -> None:
    values = rare_amounts(np.random.default_rng(1))
    single = mean_interval(values)
    four_times = mean_interval(np.tile(values, 4), np.tile(np.arange(600, dtype=np.int32), 4))
    free = mean_interval(np.tile(values, 4))
    assert single is not None
    assert four_times is not None
    assert free is not None
    assert (four_times.low, four_times.high) == pytest.approx((single.low, single.high))
    assert free.high - free.low < 0.6 * (single.high - single.low)


@pytest.mark.parametrize("values", [np.zeros(0), np.ones(1), np.full(20, 7.1), np.zeros(30)])
def test_without_variation_there_is_no_interval(values: Floats) -> None:
    assert mean_interval(values) is None


def test_the_mean_is_always_within() -> None:
    for seed in range(200):
        rng = np.random.default_rng(seed)
        values = np.where(rng.random(40) < 0.1, rng.pareto(1.0, 40) * 1e6, 0.0)
        found = mean_interval(values)
        assert found is None or found.low <= values.mean() <= found.high
