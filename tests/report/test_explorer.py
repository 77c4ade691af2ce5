from __future__ import annotations

from typing import Any

from counterpoise.report._sections.explorer import explorer_view


def test_every_trained_arm_can_be_explored_and_the_one_of_the_verdict_is_shown(metrics: dict[str, Any]) -> None:
    view = explorer_view(metrics)
    assert view is not None
    assert [arm.name for arm in view.arms] == [
        "Logistic regression, no resampling",
        "Random forest, no resampling",
        "Logistic regression, random over-sampling",
        "Random forest, random over-sampling",
    ]
    assert [arm for arm in view.arms if arm.shown] == [view.first]
    assert view.first.record["learner"] == metrics["verdict_learner"]
    assert view.first.record["strategy"] == "random_over"


def test_the_script_gets_the_counts_of_the_metrics(metrics: dict[str, Any]) -> None:
    view = explorer_view(metrics)
    assert view is not None
    assert view.payload["costs"] == metrics["costs"]
    for arm, given in zip(view.arms, view.payload["arms"], strict=True):
        assert given["validation"] == arm.record["thresholds"]["validation"]
        assert given["test"] == arm.record["thresholds"]["test"]
        assert given["threshold"][given["published"]] == arm.record["threshold"]
        confusion = arm.record["confusion"]
        assert given["test"]["true_positives"][given["published"]] == confusion["true_positives"]
        assert given["test"]["false_positives"][given["published"]] == confusion["false_positives"]
        assert len(given["text"]) == len(given["threshold"])


def test_with_more_classes_there_is_nothing_to_explore(make_metrics: Any) -> None:
    assert explorer_view(make_metrics(("a", "b", "c"))) is None
