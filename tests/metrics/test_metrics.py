"""One battery for all metrics: values, direction, intervals, and ranking by each."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from counterpoise.compare._ranking import rank_candidates
from counterpoise.compare._ranking_text import leaderboard_table
from counterpoise.compare._rounds.cross_validate import cross_validate
from counterpoise.config import EvaluationConfig
from counterpoise.evaluate import compare_strategies
from counterpoise.evaluate._tables import EvaluationTables
from counterpoise.metrics import METRICS, Confusion, CountsByClass, Measured, Metric, Ranking, names, row_losses
from counterpoise.results import DUMMY, CandidateResult, Comparison, Leaderboard, check_metrics
from counterpoise.typing import Floats, Mask, Matrix
from counterpoise.versions._promotion.rules import chance_level
from tests.compare.comparisons import TREE, candidate, comparison_of, signal

EVERY = pytest.mark.parametrize("metric", METRICS.values(), ids=METRICS)
FOLDS = pytest.mark.parametrize("name", names("folds"))


def measured(scores: Floats, positive: Mask) -> dict[str, float]:
    """Return the metrics of probabilities, decided at one half."""
    called = scores >= 0.5
    ones = np.ones((1, len(scores)), np.int32)
    found = Measured(
        rankings=[Ranking.from_scores(scores, positive).weigh(ones)],
        decisions=Confusion.from_called(
            np.array([(called & positive).sum()]), np.array([called.sum()]), positives=positive.sum(), rows=len(scores)
        ),
        losses={name: np.array([loss.mean()]) for name, loss in row_losses(scores, positive).items()},
    )
    return {name: float(values[0]) for name, values in found.metrics().items()}


def measured_of_classes(probability: Matrix, truth: np.ndarray) -> dict[str, float]:
    """Return the metrics with more than two classes."""
    every = np.arange(probability.shape[1])[:, None]
    called, ones = probability.argmax(axis=1) == every, np.ones((1, len(truth)), np.int32)
    right, chosen, actual = (
        rows.sum(axis=1, keepdims=True).astype(float) for rows in (called & (truth == every), called, truth == every)
    )
    found = Measured(
        rankings=[Ranking.from_scores(probability[:, code], truth == code).weigh(ones) for code in np.unique(truth)],
        decisions=CountsByClass(right, chosen, actual, np.unique(truth)),
        losses={name: np.array([loss.mean()]) for name, loss in row_losses(probability, truth).items()},
    )
    return {name: float(values[0]) for name, values in found.metrics().items()}


@pytest.fixture(scope="module", params=[2, 3], ids=["two classes", "three classes"])
def record(request: pytest.FixtureRequest) -> dict[str, Any]:
    parts = [signal(400, classes=request.param, seed=seed) for seed in range(3)]
    tables = EvaluationTables(parts[0], parts[0], parts[1], parts[2], "label", 400)
    config = EvaluationConfig(learners=("logistic_regression",), bootstrap=100)
    return compare_strategies(tables, strategy="smote", config=config, seed=0)


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[Comparison, list[CandidateResult]]:
    comparison = comparison_of(signal(400), tmp_path_factory.mktemp("comparison"), folds=3)
    wanted = [("none", "logistic_regression"), ("random_under", TREE), ("none", DUMMY)]
    return comparison, [cross_validate(comparison, candidate(*one)) for one in wanted]


def board_by(name: str, played: tuple[Comparison, list[CandidateResult]]) -> Leaderboard:
    comparison, results = played
    rules = comparison.rules
    tournament = rules.tournament.model_copy(update={"metric": name})
    asked = rules.model_copy(update={"tournament": tournament})
    return rank_candidates(comparison.model_copy(update={"rules": asked}), results)


@EVERY
def test_perfect_answers_have_the_best_value(metric: Metric) -> None:
    positive, truth = np.arange(40) < 10, np.arange(40) % 3
    best = metric.most if metric.better == "larger" else metric.least
    assert measured(positive.astype(float), positive)[metric.name] == pytest.approx(best)
    assert measured_of_classes(np.eye(3)[truth], truth).get(metric.name, best) == pytest.approx(best)


@pytest.mark.slow
@EVERY
def test_values_of_any_answers_lie_in_the_range(metric: Metric) -> None:
    rng = np.random.default_rng(0)
    for seed in range(200):
        rows = int(rng.integers(1, 30))
        positive, truth = rng.random(rows) < rng.random(), rng.integers(0, 3, rows)
        scores = rng.random(rows) if seed % 3 else rng.integers(0, 2, rows).astype(float)
        probability = rng.dirichlet(np.full(3, 0.2), rows)
        several = measured_of_classes(probability, truth)
        for value in (measured(scores, positive)[metric.name], several.get(metric.name)):
            assert value is None or metric.holds(value) or (np.isnan(value) and metric.undefined)


@pytest.mark.slow
@EVERY
def test_a_record_has_it_with_an_interval_that_covers_it(metric: Metric, record: dict[str, Any]) -> None:
    check_metrics(record)
    arms = [arm for arm in record["arms"] if arm["learner"] != DUMMY and metric.name in arm["test"]]
    assert arms or (record["task"] == "multiclass" and getattr(metric.source, "several", None) is None)
    for arm in arms:
        interval = arm["intervals"][metric.name]
        assert metric.least <= interval["low"] <= arm["test"][metric.name] <= interval["high"] <= metric.most
        assert interval["low"] < interval["high"]


@pytest.mark.parametrize("metric", [metric for metric in METRICS.values() if metric.promotes], ids=lambda one: one.name)
def test_chance_lies_in_the_range_and_is_not_the_best_value(metric: Metric, record: dict[str, Any]) -> None:
    assert metric.least <= chance_level(metric.name, record) < metric.most


@FOLDS
def test_folds_have_it_with_the_interval_of_its_mean(
    name: str, played: tuple[Comparison, list[CandidateResult]]
) -> None:
    result, low, high = played[1][0], played[1][0].low[name], played[1][0].high[name]
    assert all(fold[name] is not None for fold in result.folds)
    assert low is not None
    assert high is not None
    assert METRICS[name].least <= low < high <= METRICS[name].most
    assert low <= (result.mean[name] or 0.0) <= high


@pytest.mark.parametrize("name", names("choice"))
def test_candidates_are_ranked_by_it_the_best_first(
    name: str, played: tuple[Comparison, list[CandidateResult]]
) -> None:
    board = board_by(name, played)
    means = [one.mean[name] or 0.0 for one in board.ranked]
    assert len(means) == 3
    assert means == sorted(means, reverse=METRICS[name].better == "larger")
    assert METRICS[name].label in leaderboard_table(board)[0]


def test_a_record_without_a_metric_of_all_versions_is_refused_and_one_without_a_later_metric_is_not(
    record: dict[str, Any],
) -> None:
    def without(name: str) -> dict[str, Any]:
        arms = [dict(arm, test={**arm["test"]}) for arm in record["arms"]]
        for arm in arms:
            arm["test"].pop(name, None)
        return record | {"arms": arms}

    check_metrics(without("f2"))
    with pytest.raises(Exception, match="without f1"):
        check_metrics(without("f1"))
