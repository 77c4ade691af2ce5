from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from sklearn.metrics import average_precision_score

from counterpoise.config import EvaluationConfig
from counterpoise.evaluate import compare_strategies
from counterpoise.evaluate._inference.keyed import keyed_weights
from counterpoise.evaluate._tables import EvaluationTables
from counterpoise.metrics import METRICS
from counterpoise.table import Hashes


def keys(rows: int, seed: int = 0) -> Hashes:
    return np.random.default_rng(seed).integers(0, 2**63, size=rows, dtype=np.uint64)


def weights_of(chosen: Hashes, strata: np.ndarray, resamples: int = 50) -> np.ndarray:
    return np.concatenate(list(keyed_weights(chosen, strata.astype(np.int32), resamples=resamples)))


def test_common_rows_have_the_same_weights_whatever_the_other_rows_are() -> None:
    common, strata = keys(3_000), np.arange(4_000) % 2
    one, other = (weights_of(np.concatenate([common, keys(1_000, seed)]), strata)[:, :3_000] for seed in (1, 2))
    drawn = one > 0
    assert (drawn == (other > 0)).all()
    assert np.atleast_2d(np.corrcoef(one.ravel(), other.ravel()))[0, 1] > 0.99


def test_rows_of_one_key_are_drawn_together_and_each_class_keeps_its_total() -> None:
    chosen, strata = np.repeat(keys(500), 2), np.repeat(np.arange(500) % 5 == 0, 2)
    weights = weights_of(chosen, strata)
    assert (weights[:, ::2] == weights[:, 1::2]).all()
    for stratum in (False, True):
        totals = weights[:, strata == stratum].sum(axis=1) / 1_000
        assert totals == pytest.approx(float((strata == stratum).sum()), rel=2e-3)


def test_weights_vary_as_counts_of_a_bootstrap_do() -> None:
    weights = weights_of(keys(2_000), np.zeros(2_000), resamples=200) / 1_000
    assert weights.mean() == pytest.approx(1, abs=1e-3)
    assert weights.var() == pytest.approx(1, abs=0.02)
    rows = np.atleast_2d(np.corrcoef(weights[:, :50].T))
    assert abs(rows[~np.eye(50, dtype=bool)]).mean() < 0.1


def test_a_class_of_which_nothing_was_drawn_is_left_as_it_is() -> None:
    weights = weights_of(keys(40), np.arange(40) == 0, resamples=100)
    assert (weights[:, 0] > 0).all()


def tables(seed: int, *, grouped: bool = False) -> EvaluationTables:
    """Return one data set whose train rows, but not its test rows, depend on the seed."""

    def table(rows: int, rng: np.random.Generator) -> pa.Table:
        x, z = rng.normal(size=(2, rows))
        return pa.table({"x": x, "z": z, "y": rng.random(rows) < 1 / (1 + np.exp(2.5 - 1.5 * x))})

    train, test = table(600, np.random.default_rng(seed)), table(500, np.random.default_rng(99))
    groups = np.arange(500, dtype=np.uint64) // np.uint64(5) if grouped else None
    return EvaluationTables(train, train, test, test, target="y", natural_rows=600, test_keys=groups)


def evaluated(given: EvaluationTables) -> dict[str, np.ndarray]:
    config = EvaluationConfig(learners=("logistic_regression",), bootstrap=200)
    record = compare_strategies(given, strategy="random_over", config=config, seed=0)
    (found,) = record["keyed_resamples"].values()
    assert set(found) == {name for name, metric in METRICS.items() if metric.promotes}
    return {name: np.array(values) for name, values in found.items()}


@pytest.mark.slow
def test_two_versions_with_the_same_test_rows_differ_by_little_on_each_resample() -> None:
    one, other = (evaluated(tables(seed))["average_precision"] for seed in (0, 1))
    assert (one - other).std() < 0.4 * one.std()


@pytest.mark.slow
def test_groups_are_resampled_whole() -> None:
    alone, grouped = (evaluated(tables(0, grouped=grouped))["roc_auc"] for grouped in (False, True))
    assert len(alone) == len(grouped) == 200
    assert not np.allclose(alone, grouped)


@pytest.mark.slow
def test_the_spread_is_that_of_a_bootstrap() -> None:
    rng, truth = np.random.default_rng(0), np.arange(1_000) < 200
    scores = rng.normal(size=1_000) + truth
    keyed = [
        average_precision_score(truth, scores, sample_weight=weights)
        for weights in weights_of(keys(1_000), truth, resamples=200)
    ]
    drawn = []
    for _ in range(200):
        rows = np.concatenate([rng.choice(200, 200), 200 + rng.choice(800, 800)])
        drawn.append(average_precision_score(truth[rows], scores[rows]))
    assert np.std(keyed) == pytest.approx(np.std(drawn), rel=0.2)


def test_without_a_bootstrap_there_are_none() -> None:
    config = EvaluationConfig(learners=("logistic_regression",), bootstrap=0)
    assert compare_strategies(tables(0), strategy="none", config=config, seed=0)["keyed_resamples"] is None
