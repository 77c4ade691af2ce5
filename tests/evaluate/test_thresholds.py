from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import make_scorer
from sklearn.model_selection import FixedThresholdClassifier, TunedThresholdClassifierCV

from counterpoise.config import EvaluationConfig
from counterpoise.evaluate._metrics.thresholds import choose_arm_threshold
from counterpoise.evaluate._operating_points import ScoredRows, cost_by_formula, threshold_rules

_COST = (1.0, 5.0)


def answering(probability: np.ndarray) -> tuple[Any, np.ndarray]:
    """Return a fitted classifier whose probabilities are the given ones, and its features."""
    model = LogisticRegression()
    model.classes_, model.coef_, model.intercept_ = np.array([0, 1]), np.ones((1, 1)), np.zeros(1)
    return model, np.log(probability / (1 - probability))[:, None]


def minus_cost(truth: np.ndarray, called: np.ndarray) -> float:
    false, missed = ((called == 1) & (truth == 0)).sum(), ((called == 0) & (truth == 1)).sum()
    return -float(_COST[0] * false + _COST[1] * missed)


_SCORERS: dict[str, Any] = {
    "f1": lambda truth, called: metrics.f1_score(truth, called, zero_division=0),
    "f2": lambda truth, called: metrics.fbeta_score(truth, called, beta=2, zero_division=0),
    "mcc": metrics.matthews_corrcoef,
    "balanced_accuracy": metrics.balanced_accuracy_score,
    "f_beta": lambda truth, called: metrics.fbeta_score(truth, called, beta=3, zero_division=0),
    "cost": minus_cost,
}


def scored(seed: int, levels: int, rows: int = 80) -> ScoredRows:
    rng = np.random.default_rng(seed)
    positive = rng.random(rows) < 0.3
    positive[:2] = True, False
    return ScoredRows((rng.integers(0, levels, rows) + 0.5) / levels, positive)


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), levels=st.sampled_from([2, 5, 30, 10_000]), rule=st.sampled_from(list(_SCORERS)))
def test_scikit_learn_finds_the_same_best_value_among_all_thresholds(seed: int, levels: int, rule: str) -> None:
    rows = scored(seed, levels)
    model, features = answering(rows.scores)
    scores = model.predict_proba(features)[:, 1]
    candidates = np.append(np.unique(scores), np.nextafter(1.0, 2))
    tuned = TunedThresholdClassifierCV(
        FrozenEstimator(model), scoring=make_scorer(_SCORERS[rule]), cv="prefit", refit=False, thresholds=candidates
    ).fit(features, rows.positive.astype(int))
    config = EvaluationConfig(threshold=rule, beta=3, cost_false_positive=_COST[0], cost_false_negative=_COST[1])
    ours = choose_arm_threshold(ScoredRows(scores, rows.positive), config=config)
    assert _SCORERS[rule](rows.positive.astype(int), (scores >= ours.value).astype(int)) == pytest.approx(
        tuned.best_score_
    )


def test_a_chosen_threshold_is_a_fixed_threshold_classifier_of_scikit_learn() -> None:
    rows = scored(3, 10_000, 500)
    model, features = answering(rows.scores)
    ours = choose_arm_threshold(rows, config=EvaluationConfig())
    fixed = FixedThresholdClassifier(FrozenEstimator(model), threshold=ours.value, response_method="predict_proba")
    called = fixed.fit(features, rows.positive.astype(int)).predict(features)
    assert (called == (rows.scores >= ours.value)).all()


def test_each_rule_gives_the_threshold_of_its_operating_point_and_what_it_reaches() -> None:
    rows = scored(1, 1_000, 2_000)
    shown = ScoredRows(np.clip(rows.scores * 0.5 + 0.4 * rows.positive, 0, 1), rows.positive)
    for rule in threshold_rules(EvaluationConfig(min_precision=0.7, max_alerts=100)):
        config = EvaluationConfig(threshold=rule.name, min_precision=0.7, max_alerts=100)
        found = choose_arm_threshold(shown, config=config)
        called = shown.scores >= found.value
        recall, precision = called[shown.positive].mean(), shown.positive[called].mean()
        cost = 1000 * (1 * (called & ~shown.positive).mean() + 10 * (~called & shown.positive).mean())
        reached = {"precision": recall, "alerts": recall, "recall": precision, "cost": cost}
        assert (found.rule, found.note) == (rule.name, "")
        assert found.score == pytest.approx(reached.get(rule.name, metrics.f1_score(shown.positive, called)))
        if rule.name == "precision":
            assert precision >= 0.7
        if rule.name == "alerts":
            assert 1000 * called.mean() <= 100


def test_a_condition_that_validation_cannot_meet_falls_back_on_f1_and_says_so() -> None:
    rows = ScoredRows(np.linspace(0.1, 0.9, 100), np.arange(100) % 10 == 0)
    found = choose_arm_threshold(rows, config=EvaluationConfig(threshold="precision", min_precision=0.9))
    assert found.rule == "f1"
    assert found.value == choose_arm_threshold(rows, config=EvaluationConfig()).value
    assert found.note.startswith("no threshold gives a precision of 0.9 at least")


@pytest.mark.parametrize("rule", ["f1", "cost", "precision", "recall", "alerts"])
def test_without_both_classes_there_is_nothing_to_choose_by(rule: str) -> None:
    rows = ScoredRows(np.linspace(0, 1, 20), np.zeros(20, bool))
    found = choose_arm_threshold(rows, config=EvaluationConfig(threshold=rule))
    assert (found.value, found.rule, found.note) == (0.5, rule, "")
    assert np.isnan(found.score)


def test_the_formula_costs_least_on_probabilities_that_are_right() -> None:
    rng = np.random.default_rng(0)
    right = rng.beta(0.5, 3, 100_000)
    rows = ScoredRows(right, rng.random(100_000) < right)
    config = EvaluationConfig(cost_false_positive=1, cost_false_negative=9, bootstrap=50)
    found = cost_by_formula(rows, config=config, rng=rng)
    tuned = choose_arm_threshold(rows, config=config.model_copy(update={"threshold": "cost"}))
    assert found is not None
    assert found["threshold"] == 0.1
    assert tuned.value == pytest.approx(0.1, abs=0.02)
    assert found["test"]["cost"] == pytest.approx(tuned.score, rel=0.01)


def test_where_nothing_costs_anything_no_formula_applies() -> None:
    config = EvaluationConfig(cost_false_positive=0, cost_false_negative=0)
    assert cost_by_formula(scored(0, 10), config=config, rng=np.random.default_rng(0)) is None
