from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from scipy.stats import norm

from counterpoise.config import PromotionConfig
from counterpoise.versions._promotion.noise import limits
from counterpoise.versions._promotion.references import VersionMetrics, references
from counterpoise.versions._promotion.rules import Decision, chance_level, decide_promotion
from tests.versions.records import metrics_of

VALUES = st.floats(0, 1)
SHARES = st.floats(0.001, 0.5)


def decided(metrics: dict[str, Any] | None, *earlier: dict[str, Any] | None, **settings: Any) -> Decision:
    rule = PromotionConfig.model_validate({"rule": "not_worse", **settings})
    before = [VersionMetrics(number, record) for number, record in enumerate(earlier, 1)]
    return decide_promotion(rule, VersionMetrics(len(earlier) + 1, metrics), before)


def test_never_promotes_nothing_and_always_everything() -> None:
    assert not decided(metrics_of(low=1.0), rule="never").promoted
    assert decided(None, rule="always").promoted


@given(value=VALUES, last=VALUES, half=SHARES, margin=st.floats(0, 1))
def test_a_version_is_promoted_exactly_if_it_falls_by_no_more_than_the_margin_or_what_noise_explains(
    value: float, last: float, half: float, margin: float
) -> None:
    decision = decided(metrics_of(value=value, half=half), metrics_of(value=last, half=half), margin=margin)
    error = np.sqrt(2) * half / 1.959963984540054
    numbers = decision.numbers
    assert numbers is not None
    assert numbers.error == pytest.approx(error)
    assert numbers.bar == pytest.approx(-max(margin, norm.ppf(0.8) * error), abs=1e-4)
    assert decision.promoted == ((numbers.difference or 0) >= numbers.bar)
    assert numbers.difference == pytest.approx(value - last)
    assert (numbers.compared_with, numbers.references) == (1, (1,))


@given(value=VALUES, better=VALUES, last=VALUES, half=SHARES)
def test_a_better_version_is_never_refused_where_a_worse_one_is_promoted(
    value: float, better: float, last: float, half: float
) -> None:
    value, better = sorted((value, better))
    if decided(metrics_of(value=value, half=half), metrics_of(value=last, half=half)).promoted:
        assert decided(metrics_of(value=better, half=half), metrics_of(value=last, half=half)).promoted


def test_the_same_test_rows_make_the_comparison_exact() -> None:
    """Test rows that are hard for one version are hard for the other; only the difference counts."""
    rows = np.random.default_rng(0).normal(0, 0.03, 200)
    before = metrics_of(value=0.5, keyed=(0.5 + rows).tolist())
    worse = metrics_of(value=0.47, keyed=(0.47 + rows).tolist())
    decision = decided(worse, before)
    assert not decision.promoted
    assert decision.numbers is not None
    assert decision.numbers.paired
    assert decision.numbers.error == pytest.approx(0, abs=1e-12)
    assert decided(metrics_of(value=0.47), before).promoted


def test_resamples_that_are_not_defined_leave_the_intervals() -> None:
    holes = metrics_of(value=0.5, keyed=[0.5, 0.4])
    holes["keyed_resamples"]["logistic_regression"]["average_precision"][1] = None
    decision = decided(metrics_of(value=0.5, keyed=[0.5, 0.4]), holes)
    assert decision.numbers is not None
    assert not decision.numbers.paired


def test_the_reference_is_the_mean_of_those_promoted_last_and_of_those_promoted_first() -> None:
    values = [0.5] * 20 + [0.4] * 20
    found = references(
        "average_precision",
        VersionMetrics(41, metrics_of(value=0.42)),
        [VersionMetrics(number, metrics_of(value=value)) for number, value in enumerate(values, 1)],
        arm_of=lambda record: record["arms"][2],
    )
    assert found.correlation[1, 2] == pytest.approx(1 / 1.05)
    assert found.correlation[0, 2] == pytest.approx(1 / np.sqrt(2 * 1.05))
    assert [(one.which, round(one.difference, 9), one.versions[0]) for one in found.each] == [
        ("last", 0.02, 40),
        ("last", 0.02, 21),
        ("first", -0.08, 1),
    ]


def promoted_of(values: Sequence[float], *, half: float) -> list[VersionMetrics]:
    """Return the versions that the rule promotes, night by night."""
    promoted = list[VersionMetrics]()
    for night, value in enumerate(values, 1):
        candidate = VersionMetrics(night, metrics_of(value=value, half=half))
        kept = promoted if len(promoted) <= 40 else [*promoted[:20], *promoted[-20:]]
        decision = decide_promotion(PromotionConfig(rule="not_worse"), candidate, kept)
        if decision.promoted:
            promoted.append(replace(candidate, luck=(decision.numbers and decision.numbers.luck) or 0.0))
    return promoted


def test_the_expected_luck_of_promoted_versions_is_taken_off() -> None:
    lucky = [VersionMetrics(number, metrics_of(value=0.5), luck=0.02) for number in (1, 2)]
    decision = decide_promotion(PromotionConfig(rule="not_worse"), VersionMetrics(3, metrics_of(value=0.47)), lucky)
    assert decision.numbers is not None
    assert decision.numbers.difference == pytest.approx(-0.01)
    assert "0.5000 less 0.0200 for luck" in decision.reason


@pytest.mark.parametrize("rows", [1, 3, 30])
def test_as_few_equally_good_versions_are_refused_with_one_reference_as_with_three(rows: int) -> None:
    """Each passes if it falls below none of its limits; the differences share the noise of the version itself."""
    rng = np.random.default_rng(rows)
    weights = np.hstack([np.ones((3, 1)), -rng.dirichlet(np.full(40, 40 / rows), 3)])
    for count in (1, 2, 3):
        covariance = weights[:count] @ weights[:count].T
        errors = np.sqrt(np.diag(covariance))
        allowed = limits(errors, covariance / np.outer(errors, errors), margin=0.0)
        nights = rng.normal(size=(40_000, 41))
        passed = ((nights @ weights[:count].T) >= allowed.least).all(axis=1)
        assert passed.mean() == pytest.approx(0.8, abs=0.02)
        assert 0 < allowed.luck < errors.max()


def test_the_more_test_rows_stay_the_same_the_fewer_equally_good_versions_may_be_refused() -> None:
    """A false refusal would be repeated every night: noise explains more standard errors, not fewer."""
    rng = np.random.default_rng(0)
    rows, widths = rng.normal(0, 0.1, 2_000), []
    for share in (0.0, 0.5, 0.9):
        earlier, later = (share * rows + np.sqrt(1 - share**2) * rng.normal(0, 0.1, 2_000) for _ in range(2))
        numbers = decided(metrics_of(keyed=later.tolist()), metrics_of(keyed=earlier.tolist()), margin=0).numbers
        assert numbers is not None
        assert numbers.error is not None
        widths.append(-numbers.bar / numbers.error)
    assert widths == pytest.approx([norm.ppf(1 - (0.2 - 0.19 * share**2)) for share in (0.0, 0.5, 0.9)], abs=0.03)


def test_a_run_of_refusals_does_not_allow_more_of_them() -> None:
    """Rows that change by 1 % a night have changed by a quarter after thirty nights without a promotion."""
    rng = np.random.default_rng(0)
    rows = rng.normal(0, 0.1, 2_000)
    settings, widths = PromotionConfig(rule="not_worse", margin=0), []
    for nights in (1, 30):
        share = 0.99**nights
        later = share * rows + np.sqrt(1 - share**2) * rng.normal(0, 0.1, 2_000)
        promoted = VersionMetrics(1, metrics_of(keyed=rows.tolist()))
        candidate = VersionMetrics(1 + nights, metrics_of(keyed=later.tolist()))
        numbers = decide_promotion(settings, candidate, [promoted]).numbers
        assert numbers is not None
        assert numbers.error is not None
        widths.append(-numbers.bar / numbers.error)
    assert widths[1] == pytest.approx(widths[0], abs=0.1)


@given(margin=st.floats(0.001, 1), count=st.integers(1, 3))
def test_without_noise_the_margin_alone_decides_and_nobody_is_lucky(margin: float, count: int) -> None:
    allowed = limits(np.zeros(count), np.zeros((count, count)), margin=margin)
    assert allowed.least == (-margin,) * count
    assert allowed.luck == 0


def test_limits_do_not_depend_on_the_signs_that_a_library_gives_eigenvectors(monkeypatch: pytest.MonkeyPatch) -> None:
    errors = np.array([0.03, 0.02, 0.025])
    correlation = np.array([[1.0, 0.5, 0.2], [0.5, 1.0, 0.1], [0.2, 0.1, 1.0]])
    values, vectors = np.linalg.eigh(correlation)
    found = limits(errors, correlation, margin=0.0)
    for signs in ([-1, 1, 1], [1, -1, -1], [-1, -1, -1]):
        monkeypatch.setattr(np.linalg, "eigh", lambda _, signs=signs: (values, vectors * signs))
        flipped = limits(errors, correlation, margin=0.0)
        assert flipped.least == pytest.approx(found.least, rel=1e-12)
        assert flipped.luck == pytest.approx(found.luck, rel=1e-12)


def test_a_long_run_of_worse_versions_does_not_drag_the_references_down() -> None:
    """A hundred nights that are far worse: none is promoted, and the one after them is judged as before."""
    promoted = promoted_of([0.5] * 30 + [0.4] * 100 + [0.46], half=0.02)
    assert [one.version for one in promoted] == list(range(1, 31))


def test_quality_that_rose_must_not_fall_back_by_much() -> None:
    assert promoted_of([0.5] * 30 + [0.7] * 3 + [0.55], half=0.02)[-1].version == 33


def test_a_version_with_resamples_is_paired_with_those_that_have_some() -> None:
    """Versions from before there were resamples are independent of all others, and take nothing from the pairs."""
    rows = np.random.default_rng(0).normal(0, 0.03, 200)
    earlier = [
        VersionMetrics(1, metrics_of(value=0.5, half=0.05)),
        VersionMetrics(2, metrics_of(value=0.5, keyed=(0.5 + rows).tolist())),
    ]
    found = references(
        "average_precision",
        VersionMetrics(3, metrics_of(value=0.5, keyed=(0.5 + rows).tolist())),
        earlier,
        arm_of=lambda record: record["arms"][2],
    )
    last, mean = found.each
    assert found.agreement == pytest.approx(1)
    assert (last.paired, mean.paired) == (True, False)
    assert last.error == pytest.approx(0, abs=1e-12)
    assert mean.error == pytest.approx(np.hypot(rows.std(ddof=1), 0.05 / 1.959963984540054) / 2)


def test_quality_cannot_creep_down_by_small_steps() -> None:
    """Each night is .002 worse than the one before: it ends where the first versions forbid it."""
    promoted = promoted_of([0.8 - 0.002 * night for night in range(200)], half=0.04)
    values = [(one.metrics or {})["arms"][2]["test"]["average_precision"] for one in promoted]
    assert 0.72 < min(values) < 0.78
    assert len(promoted) < 45


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


def test_reasons_name_metric_learner_reference_and_limit() -> None:
    before = metrics_of(value=0.4, half=0.01)
    decision = decided(metrics_of(value=0.35, half=0.01), before, margin=0.02)
    assert decision.reason == (
        "average precision of logistic regression with SMOTE, 0.3500, is 0.0500 below that of version 1, 0.4000: more "
        "than 0.0200, the margin"
    )
    assert decided(
        metrics_of(value=0.395, half=0.008), metrics_of(value=0.41, half=0.008), before, margin=0.01
    ).reason == (
        "average precision of logistic regression with SMOTE, 0.3950, is 0.0100 below the mean of the 2 versions "
        "promoted last, 0.4050: not more than 0.0100, the margin"
    )
    assert decided(metrics_of(value=0.39, half=0.04), metrics_of(value=0.4, half=0.04)).reason.endswith(
        "not more than 0.0243, what noise explains with unpaired test rows"
    )
    assert decided(metrics_of(value=0.41), before).reason.endswith("is 0.0100 above that of version 1, 0.4000")


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
    decision = decided(metrics, *([] if last is None else [last]))
    assert not decision.promoted
    assert reason in decision.reason


def test_earlier_versions_that_cannot_be_compared_are_left_out() -> None:
    decision = decided(metrics_of(value=0.5), metrics_of(positive_class="no"), None, metrics_of(value=0.5))
    assert decision.numbers is not None
    assert decision.numbers.references == (3,)


def test_a_promoted_version_without_evaluation_asks_for_a_hand() -> None:
    decision = decided(metrics_of(), None)
    assert not decision.promoted
    assert "promote by hand" in decision.reason


def test_each_version_is_represented_by_the_learner_of_its_verdict_or_by_the_configured_one() -> None:
    forest = metrics_of(value=0.9, learner="random_forest")
    assert not decided(metrics_of(value=0.4), forest).promoted
    refused = decided(metrics_of(value=0.4), forest, learner="logistic_regression")
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


def test_the_old_name_of_the_margin_is_accepted_but_not_beside_the_new_one() -> None:
    assert PromotionConfig.model_validate({"tolerance": 0.03}).margin == 0.03
    with pytest.raises(ValidationError, match=r"old name of promotion\.margin"):
        PromotionConfig.model_validate({"tolerance": 0.03, "margin": 0.03})
