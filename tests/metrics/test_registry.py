"""Wrong facts about a metric fail at import, wrong values when they are measured."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from counterpoise.metrics import METRICS, Confusion, Metric, OfDecisions, decision_metrics
from counterpoise.metrics import _measure as measuring
from counterpoise.metrics._registry import register

FACTS: dict[str, Any] = {
    "name": "informedness",
    "label": "informedness",
    "least": -1,
    "most": 1,
    "better": "larger",
    "source": OfDecisions(lambda counts: counts.recall + counts.specificity - 1),
    "equal_prevalence": False,
    "undefined": "",
    "shown": ("folds", "choice"),
    "chance": lambda _: 0.0,
}


@pytest.mark.parametrize("fact", ["name", "label", "least", "most", "better", "source", "equal_prevalence", "shown"])
def test_a_metric_without_one_of_its_facts_is_refused(fact: str) -> None:
    with pytest.raises(TypeError, match=f"missing 1 required keyword-only argument: '{fact}'"):
        Metric(**{name: value for name, value in FACTS.items() if name != fact})


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"least": 1, "most": 1}, "a range from 1 to 1"),
        ({"least": math.nan}, "a range from nan to 1"),
        ({"least": -math.inf}, "a range from -inf to 1"),
        ({"better": "higher"}, "better when 'higher', not larger or smaller"),
        ({"shown": ("folds", "charts")}, r"shown in \['charts'\], not among folds, choice"),
        ({"shown": ("choice",)}, "ranked by metrics of folds only"),
        ({"chance": None}, "needs its chance"),
        ({"better": "smaller", "shown": ("threshold",)}, "thresholds need a metric of decisions"),
        ({"source": METRICS["roc_auc"].source}, "rankings need a range from 0 to 1"),
        ({"source": METRICS["brier"].source}, "a loss is better when smaller"),
    ],
)
def test_facts_that_contradict_each_other_are_refused(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=f"metric 'informedness': .*{said}"):
        Metric(**{**FACTS, **wrong})


def test_two_metrics_of_one_name_or_label_are_refused() -> None:
    with pytest.raises(ValueError, match="two metrics with the name f1"):
        register(*METRICS.values(), METRICS["f1"])
    with pytest.raises(ValueError, match="two metrics with the label F1"):
        register(*METRICS.values(), replace(METRICS["f1"], name="f_1"))


def test_the_verdict_rests_on_exactly_one_metric() -> None:
    with pytest.raises(ValueError, match="exactly one metric, not"):
        register(METRICS["f1"])


def test_a_metric_whose_values_leave_its_range_fails_when_it_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = Metric(**{**FACTS, "least": 0})
    monkeypatch.setattr(measuring, "METRICS", {wrong.name: wrong})
    counts = Confusion(*(np.array([count]) for count in (1.0, 8.0, 3.0, 2.0)))
    with pytest.raises(ValueError, match=r"'informedness': -0\.55 is not between 0 and 1"):
        decision_metrics(counts)


def test_a_metric_without_a_chance_level_says_so() -> None:
    with pytest.raises(ValueError, match="'recall' has no chance level"):
        METRICS["recall"].chance_with(None)  # type: ignore[arg-type]  # it is not looked at


def test_nothing_names_a_metric_beside_its_places_in_the_registry() -> None:
    folder = Path(__file__).parents[2] / "counterpoise"
    named = {
        str(path.relative_to(folder))
        for path in folder.rglob("*.py")
        if any(f'"{name}"' in path.read_text() for name in ("mcc", "balanced_accuracy", "g_mean", "f2", "accuracy"))
    }
    assert named == {"metrics/_of_decisions.py"}
