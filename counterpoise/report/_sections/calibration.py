"""Calibration of the probabilities: as trained, after the prior correction, and as published."""

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
METHODS = {
    "own": "its own",
    "prior": "prior-corrected",
    "temperature": "temperature scaling",
    "sigmoid": "sigmoid",
    "beta": "beta calibration",
    "isotonic": "isotonic regression",
}
"""The candidates for published probabilities, in words."""


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
class CandidateRow:
    """A candidate of a learner on validation.

    Attributes:
        learner: The learner.
        candidates: The row span of the learner's cell, 0 after its first row.
        candidate: The candidate in words.
        record: Its record.
        published: Whether it is the one that is published.
    """

    learner: str
    candidates: int
    candidate: str
    record: dict[str, Any]
    published: bool


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
        scored: Whether the rows have the calibration error and the differences from the own probabilities; versions
            before December 2026 do not.
        candidates: The candidates of the learners on the published table; empty in such versions.
        calibrators: A sentence for each calibrator fitted on validation, or the reason why there is none.
        snippet: Python code that applies a calibrator; empty if there is none.
        figures: Reliability diagrams, one for each learner.
    """

    rows: tuple[CalibrationRow, ...]
    scored: bool
    candidates: tuple[CandidateRow, ...]
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
    rows = tuple(_rows(metrics))
    return CalibrationView(
        rows=rows,
        scored=any(row.record.get("expected_calibration_error") is not None for row in rows),
        candidates=tuple(_candidates(metrics)),
        calibrators=tuple(calibrator_sentences(metrics)),
        snippet=snippets[0] if snippets else "",
        figures=tuple(_figures(metrics)),
    )


def reliability_lines(metrics: dict[str, Any], learner: str) -> Iterator[ReliabilityLine]:
    """Yield the reliability of each kind of probability of a learner.

    Corrected and calibrated probabilities are those of the arm trained on the published table.
    """
    for arm in _arms(metrics, learner):
        for kind in _shown(arm) if arm["strategy"] == metrics["strategy"] else ("before",):
            yield ReliabilityLine(arm["calibration"][kind]["reliability"], *_drawn_as(arm, kind, metrics["strategy"]))


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
            known = [(_kind(arm, kind), arm["calibration"][kind]) for kind in _shown(arm)]
            for place, (text, record) in enumerate(known):
                yield CalibrationRow(
                    learner=capital(learner_label(learner)),
                    strategy=strategy_label(arm["strategy"]),
                    arm=arm_colour(arm["strategy"]),
                    kinds=0 if place else len(known),
                    kind=text,
                    record=record,
                )


def _shown(arm: dict[str, Any]) -> list[str]:
    """Return the kinds of probability to show: the published one only once."""
    kept = [kind for kind, _ in _KINDS if arm["calibration"][kind]]
    return [kind for kind in kept if kind != "calibrated" or _published_as(arm) == "calibrated"]


def _kind(arm: dict[str, Any], kind: str) -> str:
    """Return a kind of probability in words."""
    if not arm["calibration"].get("published") or kind != _published_as(arm):
        return dict(_KINDS)[kind]
    return "published" if kind == "calibrated" else f"{dict(_KINDS)[kind]}, published"


def _candidates(metrics: dict[str, Any]) -> Iterator[CandidateRow]:
    for learner in metrics["learners"]:
        published = metrics["correction"]["learners"][learner].get("published")
        for place, record in enumerate(published["candidates"] if published else ()):
            yield CandidateRow(
                learner=capital(learner_label(learner)),
                candidates=0 if place else len(published["candidates"]),
                candidate=METHODS[record["method"]],
                record=record,
                published=record["method"] == published["method"],
            )


def calibrator_sentences(metrics: dict[str, Any]) -> Iterator[str]:
    """Yield what each learner publishes and why, and whether its mean is off.

    Args:
        metrics: The metrics record, with its correction.
    """
    for learner in metrics["learners"]:
        part = metrics["correction"]["learners"][learner]
        fitted, name, published = part["calibrated"], capital(learner_label(learner)), part.get("published")
        if not fitted:
            yield f"{name}: no calibrator: {part['calibrated_note']}."
        else:
            yield f"{name}: {_described(fitted)}{'; ' + published['why'] if published else ''}."
        if part.get("mean_note"):
            yield f"{name}: {part['mean_note']}."


def _described(fitted: dict[str, Any]) -> str:
    """Return a calibrator in words, with its parameters and what it was fitted on."""
    method, found = fitted["method"], {name: one for name, one in fitted["parameters"].items() if not _many(one)}
    if method in ("own", "prior"):
        return f"{METHODS[method]} probabilities"
    if method == "sigmoid":
        text = f"sigmoid of slope {number(found['slope'])} and intercept {number(found['intercept'])}"
    elif method == "beta":
        text = f"beta calibration with a = {number(found['a'])}, b = {number(found['b'])}, c = {number(found['c'])}"
    elif method == "temperature":
        text = f"temperature {number(found['temperature'])}"
    else:
        text = METHODS[method]
    return f"{text}, {_fitted_on(fitted)}"


def _many(parameter: Any) -> bool:
    return isinstance(parameter, list | tuple)


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


def _drawn_as(arm: dict[str, Any], kind: str, strategy: str) -> tuple[str, str]:
    """Return the colour and label of a kind of probability."""
    is_published = arm["strategy"] == strategy and arm["calibration"].get("published") and kind == _published_as(arm)
    published = ", published" if is_published else ""
    if kind == "before":
        return arm_colour(arm["strategy"]), f"{strategy_label(arm['strategy'])}{published}"
    if kind == "after":
        return "corrected", f"prior-corrected{published}"
    return (
        "calibrated",
        f"{METHODS[arm['calibration']['calibrator']['method']]}{published}" if published else "calibrated",
    )


def _published_as(arm: dict[str, Any]) -> str:
    """Return the kind of probability that the published one is the same as."""
    calibration = arm["calibration"]
    method = (calibration["calibrator"] or {}).get("method")
    natural = "after" if calibration["after"] else "before"
    return {"own": "before", "prior": natural, None: natural}.get(method, "calibrated")


def _brief(metrics: dict[str, Any]) -> Iterator[str]:
    if metrics["correction"]:
        yield charts_image("Reliability of probabilities", [_figure(metrics, metrics["verdict_learner"])])


CALIBRATION = part("calibration", "Calibration", calibration_view, brief=_brief)
