"""Calibration of the probabilities: as trained, after the prior correction, and calibrated."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from counterpoise.report._drawing.charts import Curve, Figure, reliability_chart
from counterpoise.report._drawing.images import charts_image
from counterpoise.report._sections.arms import arm_colour, part
from counterpoise.results import learner_label, strategy_label
from counterpoise.text import capital, count, number

_KINDS = (("before", "its own"), ("after", "prior-corrected"), ("calibrated", "calibrated"))


@dataclass(frozen=True)
class CalibrationRow:
    """One kind of probability of an arm; `kinds` is the row span of the arm's cells, 0 after its first row."""

    learner: str
    strategy: str
    arm: str
    kinds: int
    kind: str
    record: dict[str, Any]


@dataclass(frozen=True)
class ReliabilityLine:
    """The reliability bins of one kind of probability, with its colour and its label."""

    bins: list[dict[str, Any]]
    arm: str
    text: str


@dataclass(frozen=True)
class CalibrationView:
    """The data of the template.

    Attributes:
        rows: The kinds of probabilities of all arms.
        calibrators: A sentence for each calibrator fitted on validation, or the reason why there is none.
        snippet: Python code that applies a calibrator; empty if there is none.
        figures: Reliability diagrams, one for each learner.
    """

    rows: tuple[CalibrationRow, ...]
    calibrators: tuple[str, ...]
    snippet: str
    figures: tuple[Figure, ...]


def calibration_view(metrics: dict[str, Any]) -> CalibrationView | None:
    """Arrange the calibration records; None with more than two classes."""
    correction = metrics["correction"]
    if not correction:
        return None
    known = [correction["learners"][learner] for learner in metrics["learners"]]
    snippets = [one["calibrated"]["snippet"] for one in known if one["calibrated"]]
    return CalibrationView(
        rows=tuple(_rows(metrics)),
        calibrators=tuple(_calibrators(metrics)),
        snippet=snippets[0] if snippets else "",
        figures=tuple(_figures(metrics)),
    )


def reliability_lines(metrics: dict[str, Any], learner: str) -> Iterator[ReliabilityLine]:
    """Yield the reliability of each kind of probability of a learner.

    Corrected and calibrated probabilities are those of the arm trained on the published table.
    """
    for arm in _arms(metrics, learner):
        for kind, _ in _KINDS:
            if arm["calibration"][kind] and (kind == "before" or arm["strategy"] == metrics["strategy"]):
                yield ReliabilityLine(arm["calibration"][kind]["reliability"], *_drawn_as(arm, kind))


def reliability_figure(lines: Sequence[ReliabilityLine], *, of: str, name: str, details: str = "") -> Figure:
    """Return a reliability diagram with its heading.

    Args:
        lines: The lines to draw.
        of: The model that predicted the probabilities.
        name: Makes the chart's element names unique on the page.
        details: An addition to the description.
    """
    heading = f"Reliability: {of}"
    points = [[[item["mean_predicted"], item["observed"]] for item in line.bins] for line in lines]
    curves = [Curve(np.array(own).reshape(-1, 2), line.arm, line.text) for own, line in zip(points, lines, strict=True)]
    rows = [[item["rows"] for item in line.bins] for line in lines]
    described = f"{heading}. Observed share of positives against mean prediction in ten bins of equal width{details}."
    return Figure(heading, reliability_chart(curves, rows, name=name, description=described))


def _arms(metrics: dict[str, Any], learner: str) -> list[dict[str, Any]]:
    return [arm for arm in metrics["arms"] if arm["learner"] == learner]


def _rows(metrics: dict[str, Any]) -> Iterator[CalibrationRow]:
    for learner in metrics["learners"]:
        for arm in _arms(metrics, learner):
            known = [(text, arm["calibration"][kind]) for kind, text in _KINDS if arm["calibration"][kind]]
            for place, (text, record) in enumerate(known):
                yield CalibrationRow(
                    learner=capital(learner_label(learner)),
                    strategy=strategy_label(arm["strategy"]),
                    arm=arm_colour(arm["strategy"]),
                    kinds=0 if place else len(known),
                    kind=text,
                    record=record,
                )


def _calibrators(metrics: dict[str, Any]) -> Iterator[str]:
    for learner in metrics["learners"]:
        part = metrics["correction"]["learners"][learner]
        fitted, name = part["calibrated"], capital(learner_label(learner))
        if not fitted:
            yield f"{name}: no calibrator: {part['calibrated_note']}."
        elif fitted["method"] == "sigmoid":
            slope, intercept = (number(fitted["parameters"][one]) for one in ("slope", "intercept"))
            yield f"{name}: sigmoid of slope {slope} and intercept {intercept}, {_fitted_on(fitted)}."
        else:
            yield f"{name}: isotonic regression, {_fitted_on(fitted)}."


def _fitted_on(calibrator: dict[str, Any]) -> str:
    rows, positives = count(calibrator["rows"]), count(calibrator["positives"])
    return f"fitted on {rows} validation rows with {positives} positives"


def _figures(metrics: dict[str, Any]) -> Iterator[Figure]:
    for learner in metrics["learners"]:
        yield _figure(metrics, learner)


def _figure(metrics: dict[str, Any], learner: str) -> Figure:
    lines = list(reliability_lines(metrics, learner))
    details = f": {', '.join(line.text for line in lines)}"
    return reliability_figure(lines, of=learner_label(learner), name=f"rel-{learner}", details=details)


def _drawn_as(arm: dict[str, Any], kind: str) -> tuple[str, str]:
    """Return the colour and label of a kind of probability."""
    if kind == "before":
        return arm_colour(arm["strategy"]), strategy_label(arm["strategy"])
    return ("corrected", "prior-corrected") if kind == "after" else ("calibrated", "calibrated")


def _brief(metrics: dict[str, Any]) -> Iterator[str]:
    if metrics["correction"]:
        yield charts_image("Reliability of probabilities", [_figure(metrics, metrics["verdict_learner"])])


CALIBRATION = part("calibration", "Calibration", calibration_view, brief=_brief)
