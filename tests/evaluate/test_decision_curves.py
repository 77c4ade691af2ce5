"""Decision curves and cost curves of published probabilities, against brute force."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterpoise.config import EvaluationConfig
from counterpoise.evaluate import EvaluationTask, LabelCodes, compare_strategies
from counterpoise.evaluate._decision_curves.curves import (
    PublishedTest,
    decision_curves,
    lower_envelope,
    simultaneous_band,
)
from counterpoise.evaluate._decision_curves.formulas import threshold_grid
from counterpoise.evaluate._decision_curves.wording import band_text
from counterpoise.evaluate._tables import EvaluationTables
from counterpoise.results import MetricsRecord

CONFIG = EvaluationConfig(learners=("logistic_regression",), bootstrap=100, cost_false_negative=4.0, positive_class="b")


def record_of(
    truth: Any, *, groups: Any = None, config: EvaluationConfig = CONFIG, threshold: float = 0.3, **scores: Any
) -> dict[str, Any]:
    """Return the record of scores by strategy; the last strategy is the published one."""
    codes = np.asarray(truth, np.int32)
    labels = LabelCodes(("a", "b"), codes, codes, codes, codes, groups={} if groups is None else {"test": groups})
    task = EvaluationTask.of(labels, strategy=list(scores)[-1], config=config)
    arms = [
        PublishedTest("logistic_regression", name, np.asarray(values, float), threshold)
        for name, values in scores.items()
    ]
    found = decision_curves(task, arms, seed=0)
    assert found is not None
    return found


def drawn(rows: int = 400, *, share: float = 0.2, seed: int = 0) -> tuple[Any, Any, Any]:
    rng = np.random.default_rng(seed)
    truth = rng.random(rows) < share
    none, ours = (1 / (1 + np.exp(-rng.normal(2.5 * truth - 2, size=rows) * by)) for by in (1, 2))
    return truth, none.round(2), ours.round(2)


def brute_force(truth: Any, scores: Any, threshold: float) -> tuple[float, float]:
    """Return net benefit per 1,000 rows and normalised expected cost, row by row, from the authors' definitions."""
    rows, prevalence = len(truth), sum(truth) / len(truth)
    true = sum(score >= threshold for score, one in zip(scores, truth, strict=True) if one)
    false = sum(score >= threshold for score, one in zip(scores, truth, strict=True) if not one)
    benefit = 1_000 * (true / rows - false / rows * threshold / (1 - threshold))
    missing, alarm = 1 - threshold, threshold  # costs of a miss and a false alarm that make this threshold optimal
    worst = prevalence * missing + (1 - prevalence) * alarm
    spent = (sum(truth) - true) / rows * missing + false / rows * alarm
    return benefit, spent / worst


@given(st.integers(0, 10_000), st.floats(0.05, 0.6))
def test_both_curves_are_those_of_their_definitions(seed: int, share: float) -> None:
    truth, none, ours = drawn(60, share=share, seed=seed)
    truth[:2] = True, False
    found = record_of(truth, none=none, smote=ours, config=CONFIG.model_copy(update={"bootstrap": 0}))
    for arm, scores in zip(found["learners"][0]["arms"], (none, ours), strict=True):
        for place in range(0, 121, 12):
            threshold = found["thresholds"][place]
            benefit, cost = brute_force(truth, scores, threshold)
            assert arm["net_benefit"][place] == pytest.approx(benefit, abs=1e-9)
            assert arm["expected_cost"][place] == pytest.approx(cost, abs=1e-9)
            everything, _ = brute_force(truth, np.ones(60), threshold)
            assert found["treat_all"][place] == pytest.approx(everything, abs=1e-9)


def test_the_lower_envelope_is_the_least_cost_of_all_thresholds() -> None:
    truth, scores, _ = drawn(80, seed=4)
    weights = np.linspace(0, 1, 21)
    candidates = [*scores, 2.0]
    wanted = [
        min((scores[truth] < cut).mean() * x + (scores[~truth] >= cut).mean() * (1 - x) for cut in candidates)
        for x in weights
    ]
    assert lower_envelope(scores, truth, weights) == pytest.approx(wanted)


def test_the_envelope_is_never_above_a_curve_or_the_trivial_decisions() -> None:
    truth, none, ours = drawn(seed=1)
    found = record_of(truth, none=none, smote=ours)
    weights = np.array(found["probability_cost"])
    for arm in found["learners"][0]["arms"]:
        lowest = np.array(arm["lowest_cost"])
        assert (lowest <= np.array(arm["expected_cost"]) + 1e-12).all()
        assert (lowest <= np.minimum(weights, 1 - weights) + 1e-12).all()


def test_points_are_decided_exactly_and_have_paired_intervals() -> None:
    truth, none, ours = drawn(seed=2)
    found = record_of(truth, none=none, smote=ours, threshold=0.31)
    published, cost = found["learners"][0]["points"]
    assert (published["name"], published["threshold"]) == ("published", 0.31)
    assert (cost["name"], cost["threshold"]) == ("cost", 0.2)
    for point in (published, cost):
        benefits = [brute_force(truth, scores, point["threshold"])[0] for scores in (none, ours)]
        assert [arm["net_benefit"] for arm in point["arms"]] == pytest.approx(benefits)
        change = point["difference"]
        assert change["difference"] == pytest.approx(benefits[1] - benefits[0])
        assert change["low"] < change["difference"] < change["high"]


def test_equal_probabilities_have_no_difference_and_no_interval() -> None:
    truth, scores, _ = drawn()
    found = record_of(truth, none=scores, smote=scores)["learners"][0]
    assert {value for bounds in found["band"].values() for value in bounds} == {None}
    assert found["points"][0]["difference"] == {"difference": 0.0, "low": None, "high": None}
    assert "At no threshold" in found["text"]


def test_a_threshold_that_calls_nobody_has_no_point_and_single_class_tests_no_curves() -> None:
    truth, none, ours = drawn()
    found = record_of(truth, none=none, smote=ours, threshold=1.5)
    assert [point["name"] for point in found["learners"][0]["points"]] == ["cost"]
    both, single = np.array([0, 1], np.int32), np.array([1, 1], np.int32)
    labels = LabelCodes(("a", "b"), train_natural=both, train_resampled=both, validation=both, test=single)
    task = EvaluationTask.of(labels, strategy="none", config=CONFIG)
    assert decision_curves(task, [PublishedTest("logistic_regression", "none", np.ones(2), 0.5)], seed=0) is None


def test_without_a_strategy_the_better_default_is_compared_with() -> None:
    truth, none, _ = drawn()
    found = record_of(truth, none=none)
    assert found["reference"] == "default"
    (point, *_) = found["learners"][0]["points"]
    wanted = brute_force(truth, none, 0.3)[0] - max(0.0, point["treat_all"])
    assert point["difference"]["difference"] == pytest.approx(wanted)
    assert "of calling every row or none" in found["learners"][0]["text"]


def test_rows_that_stand_four_times_make_no_narrower_interval() -> None:
    """A set of equal rows is one unit: its copies add no evidence."""
    truth, none, ours = drawn(300, seed=3)
    single = record_of(truth, none=none, smote=ours)
    wide = [np.repeat(values, 4) for values in (truth, none, ours)]
    tied = record_of(wide[0], none=wide[1], smote=wide[2], groups=np.repeat(np.arange(300, dtype=np.int32), 4))
    free = record_of(wide[0], none=wide[1], smote=wide[2])
    widths = [
        change["high"] - change["low"]
        for change in (one["learners"][0]["points"][0]["difference"] for one in (single, tied, free))
    ]
    assert widths[1] == pytest.approx(widths[0], rel=0.2)
    assert widths[2] < 0.65 * widths[0]


@pytest.mark.slow
def test_the_band_holds_for_the_whole_curve_at_once() -> None:
    """Of 100 curves without a true difference, 95 % stay within their band everywhere, give or take chance."""
    rng, outside = np.random.default_rng(0), 0
    for _ in range(100):
        truth = rng.random(400) < 0.3
        none, ours = (1 / (1 + np.exp(-rng.normal(1.5 * truth - 1.5))) for _ in range(2))
        found = record_of(truth, none=none, smote=ours)["learners"][0]["band"]
        outside += any(low is not None and low > 0 for low in found["low"]) or any(
            high is not None and high < 0 for high in found["high"]
        )
    assert outside <= 10, outside


def test_a_band_is_at_least_as_wide_as_the_interval_of_a_point() -> None:
    values = np.random.default_rng(0).normal(size=(500, 40))
    low, high = simultaneous_band(np.zeros(40), values)
    assert all(high[place] > 1.96 * values[:, place].std(ddof=1) for place in range(40))
    assert -np.array(low, float) == pytest.approx(np.array(high, float))


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        ([1, 1, -1, None], [2, 2, 1, None], "higher than that without from a threshold of 0.1000 to 0.2000, by more"),
        ([-2, -1, -1, 1], [-1, 1, 1, 2], "at a threshold of 0.4000, and lower at a threshold of 0.1000, by more"),
        ([-1] * 4, [1] * 4, "At no threshold from 0.1000 to 0.4000 does the net benefit with SMOTE differ"),
    ],
)
def test_the_sentence_names_the_ranges_beyond_the_band(low: list[Any], high: list[Any], said: str) -> None:
    middle = [0.0 if one is None or other is None else (one + other) / 2 for one, other in zip(low, high, strict=True)]
    found = band_text({"low": low, "high": high}, middle, [0.1, 0.2, 0.3, 0.4], prevalence=0.1, strategy="smote")
    assert said in found


def test_differences_too_small_to_matter_are_not_worth_a_word() -> None:
    band = {"low": [0.1, 0.4], "high": [0.3, 2.0]}
    assert "At no" in band_text(band, [0.2, 0.9], [0.1, 0.2], prevalence=0.1, strategy="smote")
    assert "higher" in band_text(band, [0.2, 1.1], [0.1, 0.2], prevalence=0.1, strategy="smote")


@pytest.mark.parametrize("prevalence", [1e-4, 0.02, 0.5, 0.97])
def test_thresholds_cover_the_useful_range_of_every_prevalence(prevalence: float) -> None:
    grid = threshold_grid(prevalence)
    assert (np.diff(grid) > 0).all()
    assert grid[0] <= min(0.0101, prevalence / 50)
    assert 0.89 < grid[-1] < 1


@pytest.mark.slow
def test_an_evaluation_has_curves_of_its_published_probabilities(
    split_tables: Callable[..., EvaluationTables], signal_table: Any
) -> None:
    tables = split_tables(signal_table(), "label")
    metrics = compare_strategies(
        tables, strategy="random_over", config=CONFIG.model_copy(update={"positive_class": ""}), seed=3
    )
    curves = MetricsRecord.model_validate(metrics).decision_curves
    assert curves is not None
    (learner,) = curves.learners
    assert [arm.strategy for arm in learner.arms] == ["none", "random_over"]
    correction = metrics["correction"]["learners"]["logistic_regression"]["calibrated"]
    assert learner.points[0].threshold == correction["threshold_calibrated_scale"]
    confusion = next(arm["confusion"] for arm in metrics["arms"] if arm["strategy"] == "random_over")
    assert (
        abs(learner.points[0].arms[1].true_positives - confusion["true_positives"]) <= correction["decided_otherwise"]
    )
