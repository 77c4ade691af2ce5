from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from counterpoise.config import EvaluationConfig
from counterpoise.evaluate._arms import EvaluatedArm, Predictions
from counterpoise.evaluate._binary import evaluate_binary
from counterpoise.evaluate._inference.differences import arm_key, arm_record, resample_arms
from counterpoise.evaluate._inference.intervals import least_auc
from counterpoise.evaluate._tables import LabelCodes
from counterpoise.evaluate._task import EvaluationTask
from counterpoise.metrics import Ranking

POSITIVES, NEGATIVES = 30, 270


def small_task(*, rows_of_a_group: int = 0) -> EvaluationTask:
    truth = (np.arange(POSITIVES + NEGATIVES) < POSITIVES).astype(np.int32)
    codes = LabelCodes(("no", "yes"), truth, truth, truth, truth)
    if rows_of_a_group:
        codes = replace(codes, groups={"test": (np.arange(len(truth)) // rows_of_a_group).astype(np.int32)})
    return EvaluationTask(codes, "none", 1, EvaluationConfig(bootstrap=100))


def ranker(scores: np.ndarray, task: EvaluationTask) -> tuple[EvaluatedArm, Predictions]:
    """Return an arm as the tournament judges those without probabilities: by its ranking, without a confusion."""
    ranking = Ranking.from_scores(scores, task.codes.test == 1)

    def measure(weights: Any) -> dict[str, Any]:
        return dict(vars(ranking.weigh(weights)))

    test = {name: float(value[0]) for name, value in measure(np.ones((1, len(scores)), np.int32)).items()}
    arm = EvaluatedArm("isolation_forest", "isolation_forest", {"threshold": None, "test": test}, measure)
    return arm, Predictions(arm.learner, arm.strategy, scores, scores)


def recorded(arm: EvaluatedArm, answers: Predictions, task: EvaluationTask) -> dict[str, Any]:
    resampled, _ = resample_arms(task, [arm], seed=0)
    return arm_record(arm, answers, resampled[arm_key(arm.learner, arm.strategy)], task=task)


def test_a_ranker_without_decisions_has_the_bounds_of_a_perfect_ranking() -> None:
    task = small_task()
    intervals = recorded(*ranker(task.codes.test.astype(np.float64), task), task)["intervals"]
    least = least_auc(1.0, positives=POSITIVES, negatives=NEGATIVES)
    assert intervals["roc_auc"] == {"low": pytest.approx(least), "high": 1.0}
    assert intervals["average_precision"] == {"low": pytest.approx(0.025 ** (1 / POSITIVES)), "high": 1.0}


def test_a_group_counts_once_in_the_bounds_of_a_perfect_ranking() -> None:
    task = small_task(rows_of_a_group=3)
    intervals = recorded(*ranker(task.codes.test.astype(np.float64), task), task)["intervals"]
    assert intervals["roc_auc"]["low"] == pytest.approx(least_auc(1.0, positives=10, negatives=90))
    assert intervals["average_precision"]["low"] == pytest.approx(0.025 ** (1 / 10))


def test_a_ranker_has_the_intervals_of_a_learner_that_ranks_alike() -> None:
    task = small_task()
    rng = np.random.default_rng(0)
    scores = 1 / (1 + np.exp(-rng.normal(size=POSITIVES + NEGATIVES) - 3 * task.codes.test))
    shares = np.column_stack([1 - scores, scores])
    answers = Predictions("learner", "none", shares, shares)
    judged = evaluate_binary(answers, task.codes, positive=1, config=task.config)
    by_ranking, by_decisions = recorded(*ranker(scores, task), task), recorded(judged, answers, task)
    for metric in ("average_precision", "roc_auc"):
        assert by_ranking["intervals"][metric] == pytest.approx(by_decisions["intervals"][metric])
