from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import confusion_matrix, fbeta_score, make_scorer, precision_score, recall_score
from sklearn.model_selection import TunedThresholdClassifierCV
from sklearn.svm import LinearSVC

from counterpoise.compare._rounds.cross_validate import cross_validate
from counterpoise.compare._rounds.thresholds import ThresholdLearner
from counterpoise.config import EvaluationConfig
from tests.compare.comparisons import candidate, comparison_of, signal

ROWS = 4_000
LOGISTIC = "logistic_regression"


def drawn(seed: int) -> tuple[Any, Any]:
    """Return rows whose probability of 1 is known to a logistic regression."""
    rng = np.random.default_rng(seed)
    asked = (rng.random(ROWS) < 0.15).astype(np.int64)
    return rng.normal(size=(ROWS, 2)) + 1.2 * asked[:, None], asked


def fitted(model: Any = None, **evaluation: Any) -> ThresholdLearner:
    features, asked = drawn(0)
    folds = tuple((np.flatnonzero(np.arange(ROWS) % 5 != fold), np.arange(fold, ROWS, 5)) for fold in range(5))
    learner = ThresholdLearner(model or LogisticRegression(), folds, EvaluationConfig.model_validate(evaluation))
    return learner.fit(features, asked)


@pytest.mark.parametrize("missed", [1.0, 4.0, 19.0])
def test_by_cost_it_is_near_what_the_costs_give_to_probabilities_that_are_right(missed: float) -> None:
    learner = fitted(threshold="cost", cost_false_positive=1.0, cost_false_negative=missed)
    assert learner.best_threshold_ == pytest.approx(1 / (1 + missed), abs=0.08)
    features, asked = drawn(1)

    def cost(called: Any) -> float:
        _, false, lost, _ = confusion_matrix(asked, called).ravel()
        return float(false + missed * lost)

    by_f1 = fitted(threshold="f1").predict(features)
    assert cost(learner.predict(features)) <= cost(by_f1)


@pytest.mark.slow
def test_the_costs_reached_are_those_of_scikit_learn_or_lower() -> None:
    features, asked = drawn(0)

    def saved(truth: Any, called: Any) -> float:
        _, false, lost, _ = confusion_matrix(truth, called).ravel()
        return float(-(false + 7 * lost) / len(truth))

    theirs = TunedThresholdClassifierCV(LogisticRegression(), scoring=make_scorer(saved)).fit(features, asked)
    ours = fitted(threshold="cost", cost_false_positive=1, cost_false_negative=7)
    assert ours.best_threshold_ == pytest.approx(theirs.best_threshold_, abs=0.03)
    assert saved(asked, ours.predict(features)) == pytest.approx(saved(asked, theirs.predict(features)), rel=0.02)


def test_by_f_beta_more_weight_on_recall_lowers_it() -> None:
    features, asked = drawn(1)
    by_beta = {beta: fitted(threshold="f_beta", beta=beta) for beta in (0.5, 1, 4)}
    thresholds = [learner.best_threshold_ for learner in by_beta.values()]
    assert thresholds == sorted(thresholds, reverse=True)
    assert len(set(thresholds)) == 3
    for beta, learner in by_beta.items():
        plain = (learner.predict_proba(features)[:, 1] > 0.5).astype(int)
        assert fbeta_score(asked, learner.predict(features), beta=beta) > fbeta_score(asked, plain, beta=beta) - 0.01


@pytest.mark.parametrize(
    ("rule", "settings", "measure"),
    [
        ("precision", {"min_precision": 0.6}, precision_score),
        ("recall", {"min_recall": 0.9}, recall_score),
    ],
)
def test_a_condition_is_kept_and_no_more_than_that(rule: str, settings: dict[str, Any], measure: Any) -> None:
    features, asked = drawn(1)
    reached = measure(asked, fitted(threshold=rule, **settings).predict(features))
    assert reached == pytest.approx(next(iter(settings.values())), abs=0.06)


def test_no_more_rows_are_called_than_alerts_are_allowed() -> None:
    features, _ = drawn(1)
    assert 1000 * fitted(threshold="alerts", max_alerts=50).predict(features).mean() == pytest.approx(50, abs=10)


def test_a_condition_that_nothing_meets_is_told_and_f1_taken() -> None:
    unmet: dict[str, Any] = {"threshold": "alerts", "max_alerts": 0.1}
    assert fitted(**unmet).best_threshold_ > 1  # nobody is called: that keeps the limit
    never: dict[str, Any] = {"threshold": "precision", "min_precision": 1.0}
    with pytest.warns(UserWarning, match="no threshold gives a precision of 1 at least"):
        learner = fitted(Coarse(), **never)
    assert learner.best_threshold_ == fitted(Coarse(), threshold="f1").best_threshold_


class Coarse(LogisticRegression):  # type: ignore[misc]  # scikit-learn has no types
    """Gives probabilities in tenths, so that negatives are among the highest ones and no threshold is precise."""

    def predict_proba(self, X: Any) -> Any:  # noqa: N803  # scikit-learn's name
        found = super().predict_proba(X)
        positive = np.round(found[:, 1], 1)
        return np.column_stack([1 - positive, positive])


def test_a_learner_without_probabilities_is_tuned_by_its_scores() -> None:
    learner = fitted(LinearSVC(), threshold="recall", min_recall=0.9)
    features, asked = drawn(1)
    assert not hasattr(learner, "predict_proba")
    assert recall_score(asked, learner.predict(features)) == pytest.approx(0.9, abs=0.06)


@pytest.mark.slow
def test_the_configured_rule_reaches_the_ranking(tmp_path: Path) -> None:
    wanted: dict[str, dict[str, Any]] = {
        "f1": {"threshold": "f1"},
        "cheap": {"threshold": "cost", "cost_false_negative": 1.0},
        "dear": {"threshold": "cost", "cost_false_negative": 50.0},
        "sure": {"threshold": "precision", "min_precision": 0.9},
    }
    recalls = {}
    for name, evaluation in wanted.items():
        comparison = comparison_of(signal(600), tmp_path / name, folds=3, evaluation=evaluation)
        recalls[name] = cross_validate(comparison, candidate("threshold", LOGISTIC)).mean["recall"] or 0
    assert recalls["dear"] > recalls["f1"] > recalls["sure"]
    assert recalls["dear"] > recalls["cheap"]


def test_a_fixed_threshold_is_taken_as_it_is() -> None:
    assert fitted(threshold="fixed", fixed_threshold=0.3).best_threshold_ == 0.3
