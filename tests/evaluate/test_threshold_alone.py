"""What moving the threshold alone gives, and the intervals of shares, against brute force."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from scipy.stats import binomtest
from sklearn.metrics import f1_score

from counterpoise.config import EvaluationConfig
from counterpoise.evaluate._arms import train_arms
from counterpoise.evaluate._compare import compare_strategies
from counterpoise.evaluate._tables import EvaluationTables, read_label_codes

pytestmark = pytest.mark.slow

CONFIG = EvaluationConfig(learners=("logistic_regression",), bootstrap=200)
SHARES = {
    "precision": ("true_positives", "false_positives"),
    "recall": ("true_positives", "false_negatives"),
    "specificity": ("true_negatives", "false_positives"),
}


@pytest.fixture(scope="module")
def tables(split_tables: Callable[..., EvaluationTables], signal_table: Any) -> EvaluationTables:
    return split_tables(signal_table(), "label")


@pytest.fixture(scope="module")
def metrics(tables: EvaluationTables) -> dict[str, Any]:
    return compare_strategies(tables, strategy="random_over", config=CONFIG, seed=3)


def test_the_threshold_alone_is_compared_by_its_own_metric_on_test(
    tables: EvaluationTables, metrics: dict[str, Any]
) -> None:
    codes, alone = read_label_codes(tables), metrics["threshold_alone"]
    natural = next(iter(train_arms(tables, codes, strategies=("none",), learners=("logistic_regression",), seed=3)))
    assert hasattr(natural, "test")
    scores, truth = natural.test[:, 1], codes.test == 1
    assert (alone["learner"], alone["metric"]) == ("logistic_regression", "f1")
    assert alone["at_half"] == pytest.approx(f1_score(truth, scores >= 0.5))
    assert alone["tuned"] == pytest.approx(f1_score(truth, scores >= alone["threshold"]))
    arms = {arm["strategy"]: arm["test"]["f1"] for arm in metrics["arms"] if arm["learner"] != "dummy"}
    assert alone["added"]["difference"] == pytest.approx(arms["random_over"] - arms["none"])
    assert alone["added"]["low"] <= alone["added"]["difference"] <= alone["added"]["high"]
    assert alone["text"].startswith("Moving the threshold alone gives logistic regression F1 0.")
    assert "random over-sampling adds" in alone["text"]
    assert alone["text"].endswith(", paired.")


def test_without_resampling_the_sentence_says_so(tables: EvaluationTables) -> None:
    config = CONFIG.model_copy(update={"threshold": "mcc"})
    alone = compare_strategies(tables, strategy="none", config=config, seed=3)["threshold_alone"]
    assert (alone["metric"], alone["added"]) == ("mcc", None)
    assert alone["text"].endswith("nothing was resampled.")


def test_more_than_two_classes_have_no_single_threshold(split_tables: Callable[..., EvaluationTables]) -> None:
    rng = np.random.default_rng(0)
    label = np.arange(600) % 3
    table = pa.table({"x": rng.normal(size=600) + label, "label": label})
    found = compare_strategies(split_tables(table, "label"), strategy="none", config=CONFIG, seed=0)
    assert found["threshold_alone"] is None


def test_intervals_of_shares_are_wilsons(metrics: dict[str, Any]) -> None:
    for arm in (one for one in metrics["arms"] if one["learner"] != "dummy"):
        for metric, (right, wrong) in SHARES.items():
            hits, number = arm["confusion"][right], arm["confusion"][right] + arm["confusion"][wrong]
            known = binomtest(hits, number).proportion_ci(method="wilson")
            assert arm["intervals"][metric]["low"] == pytest.approx(known.low)
            assert arm["intervals"][metric]["high"] == pytest.approx(known.high)


def test_three_right_alerts_of_three_are_no_certainty(split_tables: Callable[..., EvaluationTables]) -> None:
    rng = np.random.default_rng(0)
    label = np.repeat([0, 1], [1_000, 60])
    table = pa.table({"x": rng.normal(size=1_060) + 9.0 * label, "label": label})
    (_, arm) = compare_strategies(split_tables(table, "label"), strategy="none", config=CONFIG, seed=0)["arms"]
    assert arm["test"]["precision"] == 1
    assert arm["intervals"]["precision"]["low"] < 0.9
    assert arm["intervals"]["precision"]["high"] == 1
