from __future__ import annotations

import doctest
import json
import math
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterpoise.metrics import names
from counterpoise.results import Estimate
from counterpoise.versions._changes import comparability, data_changes, metric_changes
from counterpoise.versions._changes.comparability import compare_prevalence
from counterpoise.versions._changes.data_changes import compare_configs, compare_data
from counterpoise.versions._changes.metric_changes import compare_estimates, compare_metrics
from tests.versions.records import manifest_of, metrics_of

ESTIMATES = (
    st.lists(st.floats(0, 1), min_size=3, max_size=3)
    .map(sorted)
    .map(lambda found: Estimate(low=found[0], value=found[1], high=found[2]))
)
SETTINGS = st.recursive(
    st.integers() | st.text(max_size=5) | st.booleans(),
    lambda inner: st.dictionaries(st.text("abc", min_size=1, max_size=3), inner, max_size=4),
).filter(lambda value: isinstance(value, dict))


def test_changed_rows_classes_train_and_strategy_are_counted() -> None:
    changes = compare_data(
        manifest_of(), manifest_of(rows=2_000, positives=400, train=900, strategy="none", digest="b")
    )
    assert (changes.source_rows.before, changes.source_rows.after) == (1_000, 2_000)
    assert not changes.same_source
    assert [change.name for change in changes.classes] == ["yes", "no"]
    yes = changes.classes[0]
    assert (yes.source_rows.before, yes.source_rows.after) == (100, 400)
    assert (yes.source_share.before, yes.source_share.after) == (0.1, 0.2)
    assert (yes.train_rows.before, yes.train_rows.after) == (500, 900)
    assert (yes.train_share.before, yes.train_share.after) == (0.5, 0.5)
    assert (changes.train_rows.before, changes.train_rows.after) == (1_000, 1_800)
    assert (changes.strategy_before, changes.strategy_after) == ("smote", "none")


def test_a_class_that_is_new_or_gone_has_no_rows_on_the_other_side() -> None:
    before, after = manifest_of(), manifest_of(maybe=50)
    changes = compare_data(before, after)
    assert changes.classes[0].name == "maybe"
    assert (changes.classes[0].source_rows.before, changes.classes[0].source_rows.after) == (0, 50)


def test_fields_that_differ_are_named_by_path() -> None:
    before = {"seed": 0, "split": {"test_size": 0.2, "old": 1}, "columns": {"ids": ["a"]}}
    after = {"seed": 0, "split": {"test_size": 0.3, "new": 2}, "columns": {"ids": ["a", "b"]}}
    found = {change.path: (change.before, change.after) for change in compare_configs(before, after)}
    assert found == {
        "split.test_size": (0.2, 0.3),
        "split.new": (None, 2),
        "columns.ids": (["a"], ["a", "b"]),
        "split.old": (1, None),
    }


@given(settings=SETTINGS)
def test_a_configuration_does_not_differ_from_itself(settings: dict[str, Any]) -> None:
    assert compare_configs(settings, json.loads(json.dumps(settings))) == ()


@given(before=ESTIMATES, after=ESTIMATES)
def test_the_interval_of_a_difference_holds_the_difference_and_is_wider_than_either(
    before: Estimate, after: Estimate
) -> None:
    change = compare_estimates("f1", before, after)
    assert change.difference is not None
    assert change.low is not None
    assert change.high is not None
    assert change.low <= change.difference <= change.high
    widths = [one.high - one.low for one in (before, after) if one.high is not None and one.low is not None]
    assert change.high - change.low >= max(widths) - 1e-9


@given(before=ESTIMATES, after=ESTIMATES)
def test_swapping_the_versions_turns_the_difference_around(before: Estimate, after: Estimate) -> None:
    there, back = compare_estimates("f1", before, after), compare_estimates("f1", after, before)
    assert there.low is not None
    assert back.high is not None
    assert math.isclose(there.low, -back.high, abs_tol=1e-12)


def test_without_an_interval_or_a_value_there_is_no_interval_of_the_difference() -> None:
    known, bare = Estimate(value=0.5, low=0.4, high=0.6), Estimate(value=0.7, low=None, high=None)
    change = compare_estimates("f1", known, bare)
    assert change.difference == pytest.approx(0.2)
    assert (change.low, change.high) == (None, None)
    assert compare_estimates("f1", known, Estimate(value=None, low=None, high=None)).difference is None


def test_intervals_of_differences_cover_the_true_difference() -> None:
    rng = np.random.default_rng(0)
    rows, trials = 400, 2_000
    covered = 0
    for first, second in zip(rng.binomial(rows, 0.3, trials), rng.binomial(rows, 0.35, trials), strict=True):
        change = compare_estimates("recall", *(_of_share(count / rows, rows) for count in (first, second)))
        assert change.low is not None
        assert change.high is not None
        covered += change.low <= 0.05 <= change.high
    assert 0.93 <= covered / trials <= 0.97


def _of_share(share: float, rows: int) -> Estimate:
    half = 1.96 * math.sqrt(share * (1 - share) / rows)
    return Estimate(value=share, low=share - half, high=share + half)


def test_only_arms_that_both_versions_have_are_compared_and_no_dummy() -> None:
    changes = compare_metrics(metrics_of(), metrics_of(strategy="random_over"), same_test=False)
    assert [(arm.learner, arm.strategy) for arm in changes.arms] == [("logistic_regression", "none")]
    assert tuple(change.metric for change in changes.arms[0].metrics) == names("summary")
    assert changes.incomparable == ""


def test_another_positive_class_is_not_compared() -> None:
    changes = compare_metrics(metrics_of(positive_class="no"), metrics_of(), same_test=True)
    assert changes.incomparable == "it had another positive class"
    assert changes.arms == ()
    assert changes.prevalence is None


@given(before=st.integers(1, 999), after=st.integers(1, 999))
def test_prevalence_is_alike_within_a_tenth(before: int, after: int) -> None:
    found = compare_prevalence(metrics_of(positives=before), metrics_of(positives=after))
    assert found.name == "yes"
    assert found.alike == (10 * abs(after - before) <= before)


def test_with_more_classes_the_one_that_moved_most_is_told() -> None:
    many: dict[str, Any] = {"task": "multiclass", "classes": ["a", "b", "c"], "positive_class": None}
    then, now = (
        {"test": {"rows": 100, "classes": counts}} for counts in ({"a": 80, "b": 15, "c": 5}, {"a": 85, "b": 15})
    )
    found = compare_prevalence(metrics_of(rows=then, **many), metrics_of(rows=now, **many))
    assert (found.name, found.before, found.after, found.alike) == ("c", 0.05, 0.0, False)


@pytest.mark.parametrize("module", [comparability, data_changes, metric_changes])
def test_examples_of_the_documentation_hold(module: ModuleType) -> None:
    found = doctest.testmod(module)
    assert found.attempted
    assert not found.failed
