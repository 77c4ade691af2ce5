"""Metrics of each class against the rest, and their means over classes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from counterpoise.metrics import RANKED
from counterpoise.report._data import ReportData
from counterpoise.report._sections.arms import arm_colour, by_learner, part
from counterpoise.report._sections.curves import smallest_classes
from counterpoise.results import learner_label, strategy_label
from counterpoise.text import capital, share

_MOST_ROWS = 120
_DECIDED = ("precision", "recall", "f1")
_MEANS = {"macro": "mean of the classes", "weighted": "mean, weighted by rows"}


@dataclass(frozen=True)
class ClassTable:
    """The classes by learner, with one row per train table for each class and for each mean over classes."""

    metrics: tuple[str, ...]
    rows: tuple[dict[str, Any], ...]


def _view(metrics: dict[str, Any]) -> ClassTable | None:
    """Return the table; None for versions of two classes from before it existed."""
    binary = metrics["task"] == "binary"
    if not all(arm.get("per_class") for arm in metrics["arms"]):
        return None
    return ClassTable(
        metrics=("precision", "recall", "f1")
        if binary
        else ("average_precision", "roc_auc", "precision", "recall", "f1"),
        rows=tuple(_rows(metrics)),
    )


def _rows(metrics: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield one row per learner and class, smallest classes first, then the means over all classes."""
    most = max(1, _MOST_ROWS // len(metrics["learners"]))
    for learner, arms in by_learner(metrics):
        for index in smallest_classes(arms[0])[:most]:
            own = [arm["per_class"][index] for arm in arms]
            known = {"class": own[0]["class"], "rows": own[0]["rows"], "prevalence": share(own[0]["prevalence"])}
            yield _row(learner, arms, own) | known
        for mean, name in _MEANS.items() if all(arm.get("averages") for arm in arms) else ():
            yield _row(learner, arms, [_mean(arm, mean) for arm in arms]) | {"mean": name}


def _row(learner: str, arms: list[dict[str, Any]], figures: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "mean": "",
        "learner": capital(learner_label(learner)),
        "arms": [
            {"strategy": strategy_label(arm["strategy"]), "arm": arm_colour(arm["strategy"]), **part}
            for arm, part in zip(arms, figures, strict=True)
        ],
    }


def _mean(arm: dict[str, Any], mean: str) -> dict[str, Any]:
    """Return a mean over classes; rankings have the plain mean only."""
    if mean != "macro" or len(arm["per_class"]) < 3:
        return dict(arm["averages"][mean])
    ranked = {name: arm["test"][name] for name in RANKED}
    bounds = {name: arm["intervals"][name] for name in RANKED if name in arm["intervals"]}
    return {**arm["averages"][mean], **ranked, "intervals": {**arm["averages"][mean]["intervals"], **bounds}}


def _title(data: ReportData) -> str:
    """Two classes are part of the thresholds; only more of them have their own place in the contents."""
    return "" if data.metrics is None or data.metrics["task"] == "binary" else "By class"


BY_CLASS = part("by-class", _title, _view)
