"""The published probabilities of each class against the rest, with more than two classes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from counterpoise.report._sections.arms import part
from counterpoise.report._sections.calibration import METHODS
from counterpoise.results import learner_label
from counterpoise.text import capital


@dataclass(frozen=True)
class ClassProbabilities:
    """A class of a learner: its correction, and the row span of the class's cell, 0 after its first row."""

    name: str
    learners: int
    learner: str
    method: str
    prevalence: float
    record: dict[str, Any]


@dataclass(frozen=True)
class OneVsRestView:
    """The rows of the table, a sentence for each mean that is off, and Python code for the first class and learner."""

    rows: tuple[ClassProbabilities, ...]
    notes: tuple[str, ...]
    snippets: tuple[str, ...]


def one_vs_rest_view(metrics: dict[str, Any]) -> OneVsRestView | None:
    """Arrange the corrections of classes; None with two classes, and for versions without them."""
    rows = tuple(_rows(metrics))
    if not rows:
        return None
    first = metrics["one_vs_rest"][0]
    lines = first["snippet"], (rows[0].record["calibrated"] or {}).get("snippet")
    return OneVsRestView(rows, tuple(_notes(rows)), tuple(line for line in lines if line))


def _rows(metrics: dict[str, Any]) -> Iterator[ClassProbabilities]:
    for correction in sorted(metrics.get("one_vs_rest") or (), key=lambda one: one["test_prevalence"]):
        learners = correction["learners"]
        for place, (learner, record) in enumerate(learners.items()):
            yield ClassProbabilities(
                name=correction["positive_class"],
                learners=0 if place else len(learners),
                learner=capital(learner_label(learner)),
                method=METHODS[record["calibrated"]["method"]] if record["calibrated"] else "–",
                prevalence=correction["test_prevalence"],
                record=record,
            )


def _notes(rows: tuple[ClassProbabilities, ...]) -> Iterator[str]:
    for row in rows:
        if not row.record["calibrated"]:
            yield f"{row.name}, {row.learner}: no calibrator: {row.record['calibrated_note']}."
        if row.record.get("mean_note"):
            yield f"{row.name}, {row.learner}: {row.record['mean_note']}."


ONE_VS_REST = part("one-vs-rest", "", one_vs_rest_view)
