from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sklearn import metrics as reference

from counterpoise.config import EvaluationConfig
from counterpoise.evaluate._arms import Predictions, train_arms
from counterpoise.evaluate._compare import compare_strategies
from counterpoise.evaluate._tables import EvaluationTables, read_label_codes
from counterpoise.results import check_metrics

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("fixed", [0.0, 0.3, 1.0])
def test_a_fixed_threshold_decides_every_arm_and_is_an_operating_point(
    split_tables: Callable[..., EvaluationTables], signal_table: Any, fixed: float
) -> None:
    tables = split_tables(signal_table(), "label")
    config = EvaluationConfig(
        learners=("logistic_regression",), bootstrap=100, threshold="fixed", fixed_threshold=fixed
    )
    found = compare_strategies(tables, strategy="random_over", config=config, seed=0)
    check_metrics(found)
    assert found["threshold_rule"] == {
        "metric": "fixed", "wanted": f"a fixed threshold of {fixed:g}", "chosen_on": "configuration"
    }  # fmt: skip
    codes = read_label_codes(tables)
    trained = train_arms(tables, codes, strategies=("none", "random_over"), learners=config.learners, seed=0)
    scores = {(one.learner, one.strategy): one.test[:, 1] for one in trained if isinstance(one, Predictions)}
    for arm in found["arms"][1:]:
        called = scores[arm["learner"], arm["strategy"]] >= fixed
        assert (arm["threshold"], arm["threshold_rule"]) == (fixed, "fixed")
        counts = reference.confusion_matrix(codes.test == 1, called, labels=[False, True]).ravel().tolist()
        names = ("true_negatives", "false_positives", "false_negatives", "true_positives")
        assert [arm["confusion"][name] for name in names] == counts
        (point,) = (point for point in arm["operating_points"] if point["rule"] == "fixed")
        assert point["confusion"] == arm["confusion"]
        assert point["threshold"] == fixed
        assert point["threshold_low"] is point["threshold_high"] is point["reached"] is None
        assert point["test"]["recall"] == arm["test"]["recall"]
        assert fixed in arm["thresholds"]["threshold"]
    assert found["arms"][0]["threshold"] == fixed
