from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterpoise.config import PromotionConfig
from counterpoise.versions._promotion.rules import Decision, VersionMetrics, chance_level, decide_promotion
from tests.versions.records import metrics_of

BOUNDS = st.floats(0, 1)


def decided(metrics: dict[str, Any] | None, last: dict[str, Any] | None = None, **settings: Any) -> Decision:
    rule = PromotionConfig(**{"rule": "not_worse", **settings})
    return decide_promotion(rule, VersionMetrics(2, metrics), None if last is None else VersionMetrics(1, last))


def test_never_promotes_nothing_and_always_everything() -> None:
    assert not decided(metrics_of(low=1.0), rule="never").promoted
    assert decided(None, rule="always").promoted


@given(low=BOUNDS, last=BOUNDS, tolerance=BOUNDS)
def test_a_version_is_promoted_exactly_if_its_lower_bound_is_within_the_tolerance(
    low: float, last: float, tolerance: float
) -> None:
    decision = decided(metrics_of(low=low), metrics_of(low=last), tolerance=tolerance)
    assert decision.promoted == (low >= last - tolerance)
    assert decision.numbers is not None
    assert (decision.numbers.low, decision.numbers.bar, decision.numbers.compared_with) == (low, last, 1)


@given(low=BOUNDS)
def test_a_version_as_good_as_the_last_is_promoted(low: float) -> None:
    assert decided(metrics_of(low=low), metrics_of(low=low)).promoted


@given(low=BOUNDS, better=BOUNDS, last=BOUNDS)
def test_a_higher_bound_is_never_refused_where_a_lower_one_is_promoted(low: float, better: float, last: float) -> None:
    low, better = sorted((low, better))
    if decided(metrics_of(low=low), metrics_of(low=last)).promoted:
        assert decided(metrics_of(low=better), metrics_of(low=last)).promoted


@pytest.mark.parametrize(
    ("metric", "chance"),
    [("average_precision", 0.1), ("roc_auc", 0.5), ("f1", 0.2 / 1.1), ("mcc", 0.0), ("balanced_accuracy", 0.5)],
)
def test_the_first_version_is_promoted_above_chance_only(metric: str, chance: float) -> None:
    assert chance_level(metric, metrics_of()) == pytest.approx(chance)
    above, at = (decided(metrics_of(low=low, metric=metric), metric=metric) for low in (chance + 0.01, chance - 1e-9))
    assert above.promoted
    assert not at.promoted
    assert "not above chance" in at.reason
    assert above.numbers is not None
    assert above.numbers.compared_with == 0


def test_chance_with_three_classes_is_that_of_the_macro_means() -> None:
    metrics = metrics_of(task="multiclass", classes=["a", "b", "c"], positive_class=None, majority_accuracy=0.5)
    assert chance_level("balanced_accuracy", metrics) == pytest.approx(1 / 3)
    assert chance_level("f1", metrics) == pytest.approx(2 / 9)


def test_reasons_name_metric_learner_and_both_bounds() -> None:
    decision = decided(metrics_of(low=0.35), metrics_of(low=0.4), tolerance=0.02)
    assert decision.reason == (
        "the lower bound of average precision of logistic regression with SMOTE, 0.3500, is below that of version 1, "
        "0.4000 minus 0.02"
    )


@pytest.mark.parametrize(
    ("metrics", "last", "reason"),
    [
        (None, None, "it was not evaluated"),
        (metrics_of(low=None), None, "no interval of average precision"),
        (metrics_of(), metrics_of(low=None), "version 1, which is promoted, has no interval"),
        (metrics_of(), metrics_of(positive_class="no"), "another positive class"),
        (metrics_of(), metrics_of(classes=["no", "maybe"]), "other classes"),
        (metrics_of(schema=2), metrics_of(), "another format"),
    ],
)
def test_what_cannot_be_compared_is_not_promoted_and_says_why(
    metrics: dict[str, Any] | None, last: dict[str, Any] | None, reason: str
) -> None:
    decision = decided(metrics, last)
    assert not decision.promoted
    assert reason in decision.reason


def test_a_promoted_version_without_evaluation_asks_for_a_hand() -> None:
    decision = decide_promotion(
        PromotionConfig(rule="not_worse"), VersionMetrics(2, metrics_of()), VersionMetrics(1, None)
    )
    assert not decision.promoted
    assert "promote by hand" in decision.reason


def test_each_version_is_represented_by_the_learner_of_its_verdict_or_by_the_configured_one() -> None:
    forest = metrics_of(low=0.5, learner="random_forest")
    assert not decided(metrics_of(low=0.4), forest).promoted
    refused = decided(metrics_of(low=0.4), forest, learner="logistic_regression")
    assert "version 1, which is promoted, has no resampled arm of logistic_regression" in refused.reason


def test_another_prevalence_is_told_where_the_metric_depends_on_it() -> None:
    more = metrics_of(low=0.5, positives=120)
    assert "prevalence in test went from 10.00 % to 12.00 %" in decided(more, metrics_of()).reason
    assert "prevalence" not in decided(metrics_of(low=0.5, positives=110), metrics_of()).reason
    ranked = metrics_of(low=0.9, metric="roc_auc", positives=300)
    assert "prevalence" not in decided(ranked, metrics_of(), metric="roc_auc").reason


def test_too_few_positives_are_told() -> None:
    assert (
        "beware, there are 12 positives in test, where a verdict needs 30" in decided(metrics_of(positives=12)).reason
    )
    assert "beware" not in decided(metrics_of(positives=30)).reason
