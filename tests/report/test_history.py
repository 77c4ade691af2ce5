from __future__ import annotations

import re
from collections import Counter
from typing import Any

import pytest

from counterpoise.config import PromotionConfig
from counterpoise.report._data import ReportData
from counterpoise.report._page import render_html, render_markdown
from counterpoise.report._sections.history import history_brief, history_view
from counterpoise.results import SinceVersion
from counterpoise.versions import VersionMetrics, decide_promotion
from counterpoise.versions._changes.data_changes import compare_data
from counterpoise.versions._changes.metric_changes import compare_metrics
from tests.versions.records import manifest_of, metrics_of

pytestmark = pytest.mark.slow


def since_of(*, now: dict[str, Any] | None = None, positives: int = 100, **config: Any) -> SinceVersion:
    """Return a version set against version 3."""
    return SinceVersion(
        version=3,
        created="2025-01-02T03:04:05+00:00",
        data=compare_data(manifest_of(), manifest_of(rows=1_200, positives=positives, digest="b", **config)),
        metrics=compare_metrics(metrics_of(), now or metrics_of(positives=positives), same_test=False),
    )


def reported(make_data: Any, metrics: dict[str, Any], since: SinceVersion) -> ReportData:
    data: ReportData = make_data(metrics=metrics)
    return data.model_copy(update={"previous": since})


def text_of(html: str) -> str:
    section = html.split('<section id="since-version"')[1].split("</section>", maxsplit=1)[0]
    return " ".join(re.sub(r"<[^>]+>", " ", section).split())


def test_the_section_stands_before_reproducibility_and_in_the_navigation(
    make_data: Any, metrics: dict[str, Any]
) -> None:
    html = render_html(reported(make_data, metrics, since_of()))
    assert html.index('id="evaluation"') < html.index('id="since-version"') < html.index('id="reproducibility"')
    assert '<a href="#since-version">Since version 3</a>' in html
    assert "Since version" not in render_html(make_data(metrics=metrics))


def test_the_section_shows_the_numbers_of_the_record(make_data: Any, metrics: dict[str, Any]) -> None:
    since = since_of(split={"test_size": 0.3})
    text = text_of(render_html(reported(make_data, metrics, since)))
    assert "published on 2025-01-02 03:04:05 UTC" in text
    assert "The source differs." in text
    assert "Source rows 1,000 1,200" in text
    assert "split.test_size 0.2 0.3" in text
    change = since.metrics.arms[1].metrics[0]
    assert change.difference is not None
    assert change.low is not None
    assert f"{change.low:+.3f}".replace("-", "−") in text
    assert "no clear change" in text


def test_a_difference_is_better_or_worse_only_where_its_interval_leaves_zero_out() -> None:
    now = metrics_of()
    for arm in now["arms"]:
        arm["test"] = {**arm["test"], "roc_auc": 0.99, "brier": 0.3, "mcc": 0.01}
        around = {name: {"low": value - 0.01, "high": value + 0.01} for name, value in arm["test"].items()}
        arm["intervals"] = around
    readings = {row.metric: row.reading for row in history_view(since_of(now=now)).metrics}
    assert readings == {
        "Average precision": "open", "ROC-AUC": "better", "F1": "open", "MCC": "worse", "Brier score": "worse",
    }  # fmt: skip


def test_at_another_prevalence_only_roc_auc_is_read(make_data: Any, metrics: dict[str, Any]) -> None:
    since = since_of(positives=200)
    view = history_view(since)
    assert {row.metric for row in view.metrics if row.reading != "not_comparable"} == {"ROC-AUC"}
    assert "compare only at equal prevalence" in text_of(render_html(reported(make_data, metrics, since)))
    assert "compare only at equal prevalence" in render_markdown(reported(make_data, metrics, since))
    assert history_view(since_of()).prevalence == ""


def test_what_is_not_compared_says_why(make_data: Any, metrics: dict[str, Any]) -> None:
    since = since_of(now=metrics_of(positive_class="no"))
    said = "it had another positive class"
    assert said in text_of(render_html(reported(make_data, metrics, since)))
    assert said in render_markdown(reported(make_data, metrics, since))


def test_the_brief_has_two_or_three_lines_on_the_learner_of_the_verdict() -> None:
    lines = history_brief(since_of(positives=200), learner="logistic_regression", strategy="smote")
    assert len(lines) == 3
    assert lines[0].startswith("**Since version 3**: source rows 1,000 → 1,200; resampling SMOTE → SMOTE;")
    assert "Average precision of logistic regression with SMOTE: 0.500 → 0.500" in lines[1]
    assert "95 % CI" in lines[1]
    assert len(history_brief(since_of(), learner="none", strategy="of them")) == 2


def test_without_a_common_arm_the_metrics_are_left_out(make_data: Any, metrics: dict[str, Any]) -> None:
    since = since_of(now=metrics_of(learner="random_forest"))
    assert "No learner and strategy" in text_of(render_html(reported(make_data, metrics, since)))
    assert "No learner and strategy" in render_markdown(reported(make_data, metrics, since))


def test_a_thousand_classes_and_fields_stay_a_small_section() -> None:
    fields: dict[str, Any] = {f"field {number}": number for number in range(1_000)}
    since = since_of(**fields)
    many = since.data.classes[:1] * 1_000
    view = history_view(since.model_copy(update={"data": since.data.model_copy(update={"classes": many})}))
    assert len(view.classes) == 12
    assert len(view.fields) == 50


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{ 7*7 }}", "a\x00|b"]
)
def test_hostile_texts_are_inert(make_data: Any, metrics: dict[str, Any], text: str) -> None:
    pages = [render_html(reported(make_data, metrics, _with_text(name))) for name in ("plain", text)]
    tags = [Counter(re.findall(r"<(\w+)", page)) for page in pages]
    assert tags[0] == tags[1]
    markdown = render_markdown(reported(make_data, metrics, _with_text(text)))
    assert "<script" not in markdown
    assert "<img" not in markdown
    assert "\x00" not in pages[1] + markdown


def _with_text(text: str) -> SinceVersion:
    """Return a record with a text wherever texts come from the data or the configuration."""
    since = since_of(positives=200, columns={text: text})
    classes = tuple(one.model_copy(update={"name": text}) for one in since.data.classes)
    assert since.metrics.prevalence is not None
    prevalence = since.metrics.prevalence.model_copy(update={"name": text})
    return since.model_copy(
        update={
            "data": since.data.model_copy(update={"classes": classes}),
            "metrics": since.metrics.model_copy(update={"prevalence": prevalence}),
        }
    )


def test_arms_with_this_versions_resampling_stand_first() -> None:
    view = history_view(since_of())
    assert {row.strategy for row in view.metrics} == {"SMOTE"}
    assert {row.strategy for row in view.other_metrics} == {"no resampling"}
    other = since_of(now=metrics_of(strategy="random_over"))
    assert {row.strategy for row in history_view(other).metrics} == {"no resampling"}
    assert history_view(other).other_metrics == ()


@pytest.mark.parametrize("classes", [("no", "yes"), ("a", "b", "c")])
@pytest.mark.parametrize("metric", ["average_precision", "roc_auc", "f1", "mcc", "balanced_accuracy"])
def test_records_of_real_evaluations_can_be_compared_and_judged(
    make_metrics: Any, classes: tuple[str, ...], metric: str
) -> None:
    evaluated = make_metrics(classes)
    changes = compare_metrics(evaluated, evaluated, same_test=True)
    assert len(changes.arms) == 4
    assert all(change.difference == 0 for arm in changes.arms for change in arm.metrics)
    assert all(change.low is not None and change.low < 0 for arm in changes.arms for change in arm.metrics)
    rule = PromotionConfig.model_validate({"rule": "not_worse", "metric": metric})
    first, again = (
        decide_promotion(rule, VersionMetrics(2, evaluated), before) for before in ([], [VersionMetrics(1, evaluated)])
    )
    assert again.promoted
    assert first.numbers is not None
    assert first.promoted == (first.numbers.low > first.numbers.bar > -1)
