from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from benchmarks.interval_coverage import true_average_precision
from benchmarks.verdict_draws import (
    PREVALENCE,
    Agreement,
    Cell,
    agreements,
    coverage,
    mean_average_precision,
    split_table,
)
from counterpoise.config import EvaluationConfig

pytestmark = pytest.mark.slow


def test_the_mean_over_draws_is_below_that_of_the_mean_draw_where_the_curve_bends() -> None:
    assert mean_average_precision(1.5, 0.0) == pytest.approx(true_average_precision(1.5, PREVALENCE))
    steps = norm.ppf((np.arange(100) + 0.5) / 100)
    values = [true_average_precision(1.5 + 0.3 * step, PREVALENCE) for step in steps]
    assert mean_average_precision(1.5, 0.3) == pytest.approx(np.mean(values), abs=0.0001)


@pytest.mark.parametrize("effect", [False, True])
def test_most_intervals_cover_the_mean_effect_and_few_verdicts_are_false(effect: bool) -> None:
    covered, firm = coverage(Cell(60, effect, 0.3), tables=30, draws=5)
    assert covered >= 0.83
    assert effect or firm <= 0.17


def test_pairs_of_seeds_are_compared() -> None:
    found = Agreement(("hurt", "hurt", "helped"), ((-0.2, -0.1), (-0.15, -0.05), (0.1, 0.2)))
    assert found.same == [True, False, False]
    assert found.apart == [False, True, True]


def test_other_sampler_seeds_give_the_same_verdict_and_intervals_that_meet() -> None:
    rng = np.random.default_rng(3)
    x, z = rng.normal(size=(2, 2_500))
    frame = pd.DataFrame({"x": x, "z": z, "y": rng.random(2_500) < 1 / (1 + np.exp(3.5 - 1.5 * x))})
    config = EvaluationConfig(learners=("logistic_regression",), bootstrap=200)
    (found,) = agreements(split_table(frame, "y"), "y", "random_under", seeds=3, config=config).values()
    assert len(found.outcomes) == 3
    assert not any(found.apart)
