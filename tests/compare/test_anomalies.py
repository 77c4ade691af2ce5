from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn import metrics as reference
from sklearn.ensemble import IsolationForest

from counterpoise.compare._final.final import run_final
from counterpoise.compare._labels import candidate_words
from counterpoise.compare._models import own_threshold
from counterpoise.compare._rounds.scores import detect_anomalies
from counterpoise.compare._run import run_comparison
from counterpoise.config import ComparisonConfig, EvaluationConfig, parse_strategy
from counterpoise.evaluate._arms import Predictions
from counterpoise.evaluate._binary_facts import ranking_facts
from counterpoise.evaluate._tables import LabelCodes
from counterpoise.evaluate._task import EvaluationTask
from tests.compare.comparisons import comparison_of, signal
from tests.compare.test_final import LOGISTIC, final_of, forced, held

pytestmark = pytest.mark.slow


def scored(seed: int, rows: int = 600) -> tuple[np.ndarray, np.ndarray]:
    """Return labels and scores that are no probabilities: some negative, some above 1."""
    rng = np.random.default_rng(seed)
    truth = (rng.random(rows) < 0.1).astype(np.int32)
    return truth, np.round(rng.normal(2.0 * truth - 1.0, 1.0), 2)


@pytest.mark.parametrize("seed", range(10))
def test_the_threshold_of_scores_has_the_largest_f1_on_validation_and_decides_test(seed: int) -> None:
    (truth, scores), (later, others) = scored(seed), scored(seed + 100)
    codes = LabelCodes(("no", "yes"), truth, truth, truth, later)
    task = EvaluationTask(codes, "none", 1, EvaluationConfig(bootstrap=20))
    arm = task.evaluate_ranking(Predictions("any", "any", scores, others)).record
    tried = [reference.f1_score(truth, scores >= value) for value in np.unique(scores)]
    assert arm["validation"]["threshold_metric"] == pytest.approx(max(tried))
    called = others >= arm["threshold"]
    assert arm["test"]["f1"] == pytest.approx(reference.f1_score(later, called))
    assert arm["test"]["precision"] == pytest.approx(reference.precision_score(later, called))
    assert arm["test"]["average_precision"] == pytest.approx(reference.average_precision_score(later, others))
    facts = ranking_facts(task, Predictions("any", "any", scores, others), own=0.5, seed=0)
    own = facts["operating_points"][-1]
    assert (own["rule"], own["threshold"]) == ("contamination", 0.5)
    assert own["test"]["recall"] == pytest.approx(reference.recall_score(later, others >= 0.5))


def test_a_fixed_threshold_of_probabilities_does_not_apply_to_scores() -> None:
    truth, scores = scored(0)
    codes = LabelCodes(("no", "yes"), truth, truth, truth, truth)
    by_f1, fixed = (
        EvaluationTask(codes, "none", 1, EvaluationConfig.model_validate({"threshold": rule})).evaluate_ranking(
            Predictions("any", "any", scores, scores)
        )
        for rule in ("f1", 0.3)
    )
    assert fixed.record["threshold"] == by_f1.record["threshold"]
    assert "the fixed threshold does not fit" in fixed.notes[-1]


@pytest.mark.parametrize("contamination", [0.02, 0.1, "auto"])
def test_a_detector_flags_what_scikit_learn_flags_from_its_own_threshold_on(contamination: Any) -> None:
    rng = np.random.default_rng(4)
    train, test = rng.normal(size=(800, 3)), rng.normal(size=(400, 3)) * 1.5
    model = IsolationForest(contamination=contamination, random_state=0).fit(train)
    found = detect_anomalies(model, test, decides=True)
    assert found.called is not None
    assert found.called.tolist() == (model.predict(test) == -1).tolist()
    assert (found.scores >= (own_threshold(model) or 0)).tolist() == found.called.tolist()
    if contamination != "auto":
        flagged = detect_anomalies(model, train, decides=True).called
        assert flagged is not None
        assert flagged.mean() == pytest.approx(contamination, abs=0.005)
    assert detect_anomalies(model, test).called is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"contamination": 0}, "greater than 0"),
        ({"contamination": 0.6}, "less than or equal to 0.5"),
        ({"contamination": "much"}, "contamination"),
        ({"contamination": True}, "contamination"),
        ({"trees": 5}, "trees: Extra inputs"),
    ],
)
def test_options_that_the_detector_does_not_take_are_refused(options: dict[str, Any], message: str) -> None:
    text = f"isolation_forest {json.dumps(options)}"
    with pytest.raises(ValueError, match=message):
        parse_strategy(text)
    with pytest.raises(ValueError, match="takes no options"):
        parse_strategy('easy_ensemble {"contamination": 0.1}')
    assert ComparisonConfig(strategies=('isolation_forest {"contamination": 0.1}',))


def test_a_contamination_decides_in_rounds_and_is_an_operating_point_of_the_final(tmp_path: Path) -> None:
    name = 'isolation_forest {"contamination": 0.1}'
    settings: dict[str, Any] = {"folds": 3, "strategies": [name, "isolation_forest"], "learners": [LOGISTIC]}
    comparison = comparison_of(signal(400), tmp_path, evaluation={"bootstrap": 50}, **settings)
    ran = run_comparison(comparison, subprocesses=False)
    by_name = {one.strategy: one for one in ran.entries if one.learner == one.strategy}
    assert by_name[name].mean["f1"] is not None
    assert by_name["isolation_forest"].mean["f1"] is None
    leaderboard = run_final(comparison, forced(ran, name, name), held(comparison), subprocesses=False)
    (one,) = (one for one in final_of(leaderboard).finalists if one.strategy == name)
    rules = [point["rule"] for point in one.arm["operating_points"]]
    assert rules == ["f_beta", "cost", "precision", "recall", "alerts", "contamination"]
    own = one.arm["operating_points"][-1]
    assert 0 < own["test"]["alerts"] < 500
    assert one.arm["threshold"] != own["threshold"]
    assert candidate_words(one) == "isolation forest (contamination 0.1)"
    assert own["wanted"] == "the share that contamination sets"
