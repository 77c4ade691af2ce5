"""Decision curves and cost curves: the worth of decisions by published probabilities at any ratio of costs."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from counterpoise.report._drawing.charts import Axis, Curve, Figure, axis_end, value_chart
from counterpoise.report._drawing.images import charts_image
from counterpoise.report._sections.arms import arm_colour, part
from counterpoise.results import learner_label, strategy_label
from counterpoise.text import capital, number, threshold
from counterpoise.typing import Floats

_TICKS = (1e-6, 1e-5, 1e-4, 1e-3, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999)
_BELOW = 0.25
"""How far below 0 the decision chart shows losses, as a share of the largest possible net benefit."""
_NAMES = {"published": "the published threshold", "cost": "the configured costs"}


@dataclass(frozen=True)
class PointRow:
    """A learner at one threshold; `points` is the number of rows of the learner, in its first row."""

    learner: str
    points: int
    name: str
    record: dict[str, Any]
    benefits: tuple[float, ...]


@dataclass(frozen=True)
class DecisionCurvesView:
    """The strategies in the order of the columns, one row per learner and threshold, sentences and charts."""

    strategies: tuple[tuple[str, str], ...]
    rows: tuple[PointRow, ...]
    texts: tuple[str, ...]
    figures: tuple[Figure, ...]


def decision_curves_view(metrics: dict[str, Any]) -> DecisionCurvesView | None:
    """Return the curves of all learners; None if the record has none."""
    found = metrics.get("decision_curves")
    if not found:
        return None
    arms = [arm["strategy"] for arm in found["learners"][0]["arms"]]
    return DecisionCurvesView(
        strategies=tuple((arm_colour(name), strategy_label(name)) for name in arms),
        rows=tuple(row for one in found["learners"] for row in _rows(one)),
        texts=tuple(f"{capital(learner_label(one['learner']))}: {one['text']}" for one in found["learners"]),
        figures=tuple(figure for one in found["learners"] for figure in _figures(found, one)),
    )


def _rows(learner: dict[str, Any]) -> Iterator[PointRow]:
    for place, point in enumerate(learner["points"]):
        yield PointRow(
            learner=capital(learner_label(learner["learner"])),
            points=0 if place else len(learner["points"]),
            name=_NAMES[point["name"]],
            record=point,
            benefits=tuple(arm["net_benefit"] for arm in point["arms"]),
        )


def _figures(found: dict[str, Any], learner: dict[str, Any]) -> Iterator[Figure]:
    """Yield the decision curve and the cost curve of a learner."""
    name = learner_label(learner["learner"])
    yield Figure(f"Decision curve: {name}", _decision_chart(found, learner))
    yield Figure(f"Cost curve: {name}", _cost_chart(found, learner))


def _decision_chart(found: dict[str, Any], learner: dict[str, Any]) -> Any:
    """Return the net benefit by threshold; thresholds are even in their log-odds, and so are their places."""
    most = 1_000 * found["prevalence"]
    places = np.linspace(0, 1, len(found["thresholds"]))
    curves = [
        Curve(_within(places, arm["net_benefit"], most), arm_colour(arm["strategy"]), strategy_label(arm["strategy"]))
        for arm in learner["arms"]
    ]
    everything = _within(places, found["treat_all"], most)
    curves.append(Curve(everything[: 1 + int(np.argmin(everything[:, 1]))], "chance", "call all"))
    curves.append(Curve(_within(np.array([0.0, 1.0]), [0.0, 0.0], most), "chance", "call none"))
    heights = [(share, f"{share * most:.3g}".replace("-", "−")) for share in (-_BELOW, 0.0, 0.25, 0.5, 0.75, 1.0)]
    axes = (
        Axis("threshold on the published probability", list(_threshold_ticks(found["thresholds"]))),
        Axis("net benefit per 1,000 rows", [((share + _BELOW) / (1 + _BELOW), text) for share, text in heights]),
    )
    return value_chart(
        curves,
        axes,
        name=f"decision-{learner['learner']}",
        description=_described("Decision curve", learner),
        dots=list(_dots(found, learner, most)),
    )


def _within(places: Floats, benefits: list[float], most: float) -> Floats:
    """Return net benefits as points from 0 to 1, at the edge of the chart where they are below it."""
    heights = (np.array(benefits) / most + _BELOW) / (1 + _BELOW)
    return np.column_stack([places, np.clip(heights, 0.0, 1.0)])


def _place(thresholds: list[float], value: float) -> float:
    """Return the place of a threshold along the axis, from 0 to 1."""
    low, here, high = (math.log(one / (1 - one)) for one in (thresholds[0], value, thresholds[-1]))
    return (here - low) / (high - low)


def _threshold_ticks(thresholds: list[float]) -> Iterator[tuple[float, str]]:
    for value in _TICKS:
        if thresholds[0] * 0.999 <= value <= thresholds[-1] * 1.0001:
            yield min(1.0, max(0.0, _place(thresholds, value))), f"{value:g}"


def _dots(found: dict[str, Any], learner: dict[str, Any], most: float) -> Iterator[tuple[float, float, str, str]]:
    """Yield the decisions at the published threshold, if it is on the chart."""
    ends = found["thresholds"][0], found["thresholds"][-1]
    for point in learner["points"]:
        if point["name"] == "published" and ends[0] <= point["threshold"] <= ends[1]:
            place = np.array([_place(found["thresholds"], point["threshold"])])
            for arm in point["arms"]:
                ((x, y),) = _within(place, [arm["net_benefit"]], most)
                text = f"{strategy_label(arm['strategy'])} at the published threshold"
                yield float(x), float(y), arm_colour(arm["strategy"]), text


def _cost_chart(found: dict[str, Any], learner: dict[str, Any]) -> Any:
    """Return the expected cost by probability cost, with the lower envelopes and the trivial decisions."""
    weights = np.array(found["probability_cost"])
    end = axis_end(max(max(arm["expected_cost"]) for arm in learner["arms"]))
    curves = [
        Curve(_costs(weights, arm["expected_cost"], end), arm_colour(arm["strategy"]), strategy_label(arm["strategy"]))
        for arm in learner["arms"]
    ]
    curves += [
        Curve(_costs(weights, arm["lowest_cost"], end), f"{arm_colour(arm['strategy'])} envelope", "")
        for arm in learner["arms"]
    ]
    top = min(end, 0.5)
    for heights, text in (([0.0, top], "call none"), ([1.0, 1 - top], "call all")):
        curves.append(Curve(np.array([[heights[0], 0.0], [heights[1], top / end]]), "chance", text))
    quarters = (0.0, 0.25, 0.5, 0.75, 1.0)
    axes = (
        Axis("probability cost: share of misses in the worst cost", [(share, f"{share:g}") for share in quarters]),
        Axis("expected cost", [(share, f"{share * end:.4g}") for share in quarters]),
    )
    return value_chart(curves, axes, name=f"cost-{learner['learner']}", description=_described("Cost curve", learner))


def _costs(weights: Floats, costs: list[float], end: float) -> Floats:
    """Return costs as points from 0 to 1, from left to right; at both ends one error costs nothing."""
    inner = np.column_stack([weights, np.array(costs) / end])[::-1]
    return np.concatenate([[[0.0, 0.0]], inner, [[1.0, 0.0]]])


def _described(what: str, learner: dict[str, Any]) -> str:
    """Return a chart in words: what the curves come to, and the net benefits at single thresholds."""
    said = [
        f"At {_NAMES[point['name']]} ({threshold(point['threshold'])}) the net benefit per 1,000 rows is "
        + ", ".join(f"{number(arm['net_benefit'], 2)} with {strategy_label(arm['strategy'])}" for arm in point["arms"])
        + f" and {number(point['treat_all'], 2)} if every row is called."
        for point in learner["points"]
    ]
    return " ".join([f"{what} of {learner_label(learner['learner'])}.", learner["text"], *said])


def _brief(metrics: dict[str, Any]) -> Iterator[str]:
    """Yield the charts of the verdict's learner and its sentence."""
    found: dict[str, Any] = metrics.get("decision_curves") or {}
    for learner in found.get("learners", ()):
        if learner["learner"] == metrics["verdict_learner"]:
            yield learner["text"]
            yield charts_image("Decision curve and cost curve", _figures(found, learner))


DECISION_CURVES = part("decision-curves", "Decision curves", decision_curves_view, brief=_brief)
