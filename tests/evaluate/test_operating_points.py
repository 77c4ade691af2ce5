from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import make_classification
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import fbeta_score, make_scorer
from sklearn.model_selection import TunedThresholdClassifierCV

from counterpoise.config import EvaluationConfig
from counterpoise.evaluate._operating_points import ScoredRows, chosen_thresholds, operating_points, threshold_rules

CONFIG = EvaluationConfig(
    bootstrap=100, beta=2, cost_false_negative=5, min_precision=0.7, min_recall=0.6, max_alerts=50
)


def rows(number: int, seed: int, *, levels: int = 1_000) -> ScoredRows:
    rng = np.random.default_rng(seed)
    positive = rng.random(number) < 0.2
    positive[:2] = True, False
    scores = np.clip(rng.normal(0.3 + 0.3 * positive, 0.15), 0, 1)
    return ScoredRows(np.round(scores * levels) / levels, positive)


def points(validation: ScoredRows, test: ScoredRows, config: EvaluationConfig = CONFIG) -> dict[str, dict[str, object]]:
    found = operating_points(validation, test, config=config, rng=np.random.default_rng(0))
    return {str(point["rule"]): point for point in found}


def outcome(scored: ScoredRows, threshold: float) -> dict[str, float]:
    """Return precision, recall, alerts in a thousand and cost of a threshold, plainly counted."""
    called = scored.scores >= threshold
    true = int((called & scored.positive).sum())
    missed, false = int(scored.positive.sum()) - true, int(called.sum()) - true
    beta = 4
    return {
        "precision": true / max(1, true + false),
        "recall": true / int(scored.positive.sum()),
        "alerts": 1000 * called.mean(),
        "cost": false + 5.0 * missed,
        "f_beta": (1 + beta) * true / max(1, (1 + beta) * true + false + beta * missed),
    }


@settings(max_examples=30)
@given(seed=st.integers(0, 10_000), levels=st.sampled_from([3, 20, 1_000]))
def test_no_threshold_does_better_by_any_rule(seed: int, levels: int) -> None:
    scored = rows(80, seed, levels=levels)
    candidates = [outcome(scored, threshold) for threshold in [*np.unique(scored.scores), 2.0]]
    rules = threshold_rules(CONFIG)
    for rule, threshold in zip(rules, chosen_thresholds(scored, rules, np.ones((1, 80)))[:, 0], strict=True):
        wanted = {
            "f_beta": [one["f_beta"] for one in candidates],
            "cost": [-one["cost"] for one in candidates],
            "precision": [one["recall"] for one in candidates if one["precision"] >= 0.7],
            "recall": [one["precision"] for one in candidates if one["recall"] >= 0.6],
            "alerts": [one["recall"] for one in candidates if one["alerts"] <= 50],
        }[rule.name]
        if not wanted:
            assert math.isnan(threshold)
            continue
        found = outcome(scored, float(threshold))
        reached = {"f_beta": found["f_beta"], "cost": -found["cost"], "recall": found["precision"]}
        assert reached.get(rule.name, found["recall"]) == pytest.approx(max(wanted)), rule.name


@pytest.mark.slow
def test_the_threshold_by_f_beta_is_that_of_scikit_learn() -> None:
    features, labels = make_classification(600, weights=[0.8], random_state=0)
    model = LogisticRegression().fit(features, labels)
    tuned = TunedThresholdClassifierCV(
        model, scoring=make_scorer(fbeta_score, beta=2), cv="prefit", refit=False, thresholds=2_000
    ).fit(features, labels)
    scores = model.predict_proba(features)[:, 1]
    rules = threshold_rules(CONFIG)[:1]
    ours = chosen_thresholds(ScoredRows(scores, labels == 1), rules, np.ones((1, len(labels))))[0, 0]
    theirs = fbeta_score(labels, scores >= tuned.best_threshold_, beta=2)
    assert fbeta_score(labels, scores >= ours, beta=2) >= theirs - 1e-12
    assert ours == pytest.approx(tuned.best_threshold_, abs=0.02)


def test_weights_choose_as_repeated_rows_do() -> None:
    scored = rows(60, 3)
    weights = np.random.default_rng(0).integers(0, 3, (1, 60)).astype(np.int32)
    weights[0, :2] = 1
    repeated = np.repeat(np.arange(60), weights[0])
    again = ScoredRows(scored.scores[repeated], scored.positive[repeated])
    rules = threshold_rules(CONFIG)
    by_weight = chosen_thresholds(scored, rules, weights)[:, 0]
    by_rows = chosen_thresholds(again, rules, np.ones((1, len(repeated))))[:, 0]
    seen = scored.scores[weights[0] > 0]
    assert ((seen >= by_weight[:, None]) == (seen >= by_rows[:, None])).all()


def test_fewer_candidates_choose_nearly_the_same() -> None:
    scored = rows(20_000, 3, levels=10**9)
    rules, once = threshold_rules(CONFIG), np.ones((1, 20_000))
    exact = chosen_thresholds(scored, rules, once)
    assert chosen_thresholds(scored, rules, once, candidates=2_000) == pytest.approx(exact, abs=0.02)


def test_points_hold_thresholds_and_outcomes_with_their_intervals() -> None:
    found = points(rows(2_000, 1), rows(2_000, 2))
    assert list(found) == ["f_beta", "cost", "precision", "recall", "alerts"]
    assert json.loads(json.dumps(found)) == found
    for point in found.values():
        assert point["threshold_low"] <= point["threshold"] <= point["threshold_high"]  # type: ignore[operator]
        for metric, value in point["test"].items():  # type: ignore[attr-defined]
            interval = point["intervals"].get(metric, {"low": value, "high": value})  # type: ignore[attr-defined]
            assert interval["low"] <= value <= interval["high"]
    assert found["alerts"]["test"]["alerts"] == pytest.approx(50, abs=15)  # type: ignore[index]


def test_how_often_a_condition_is_met_on_resamples_is_told() -> None:
    """Five positives above, then negatives: a precision of 0.9 is there only while enough of the five are drawn."""
    scores = np.linspace(1, 0, 300)
    positive = np.isin(np.arange(300), [0, 2, 3, 4, 40])
    scored = ScoredRows(scores, positive)
    config = CONFIG.model_copy(update={"min_precision": 0.9, "bootstrap": 200})
    found = points(scored, scored, config)
    rules = threshold_rules(config)
    share = found["precision"]["reached"]
    assert isinstance(share, float)
    first_is_drawn = 1 - (4 / 5) ** 5
    assert 0.5 < share < 1
    assert share == pytest.approx(first_is_drawn, abs=0.25)
    assert [found[rule.name]["reached"] for rule in rules if rule.name != "precision"] == [1.0] * 4


def test_without_resamples_nobody_says_how_often_a_condition_is_met() -> None:
    found = points(rows(200, 1), rows(200, 2), CONFIG.model_copy(update={"bootstrap": 0}))
    assert {point["reached"] for point in found.values()} == {None}


def test_a_condition_that_no_threshold_meets_has_no_threshold() -> None:
    rng = np.random.default_rng(0)
    noise = ScoredRows(rng.random(500), rng.random(500) < 0.1)
    point = points(noise, noise, CONFIG.model_copy(update={"min_precision": 0.99, "bootstrap": 0}))["precision"]
    best = outcome(noise, float(noise.scores.max()))
    if best["precision"] < 0.99:
        assert math.isnan(float(str(point["threshold"])))
        assert point["test"] is None


def test_where_misses_cost_little_nobody_is_called() -> None:
    scored = rows(500, 5)
    cheap = CONFIG.model_copy(update={"cost_false_negative": 0.0})
    point = points(scored, scored, cheap)["cost"]
    assert point["test"]["alerts"] == 0  # type: ignore[index]
    assert float(str(point["threshold"])) > 1


def test_a_constant_score_calls_all_or_nobody() -> None:
    constant = ScoredRows(
        DummyClassifier().fit([[0]] * 50, [0, 1] * 25).predict_proba([[0]] * 50)[:, 1], np.arange(50) % 5 == 0
    )
    assert points(constant, constant)["recall"]["test"]["recall"] == 1  # type: ignore[index]
    assert points(constant, constant)["alerts"]["test"]["alerts"] == 0  # type: ignore[index]
