"""Operating points of the learner that the verdict is about, arranged rule by rule."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from counterpoise.report._markdown import interval, table
from counterpoise.report._sections.arms import GroupedFigures, grouped_figures, of_verdict, part
from counterpoise.results import strategy_label
from counterpoise.text import capital, number, share, threshold

__all__ = ["OPERATING_POINTS", "PointsView", "points_view"]


@dataclass(frozen=True)
class PointsView:
    """The operating points, and the threshold that the costs give by formula, in words for each train table."""

    points: GroupedFigures
    by_formula: tuple[str, ...]


def points_view(metrics: dict[str, Any]) -> PointsView | None:
    """Return the operating points of the verdict's learner, None where there are none."""
    points = grouped_figures(metrics, "operating_points")
    return PointsView(points, tuple(_by_formula(of_verdict(metrics)))) if points else None


def _by_formula(arms: list[dict[str, Any]]) -> Iterator[str]:
    """Yield what the formula of costs gives beside what was chosen on validation."""
    scales = {"calibrated": "calibrated probabilities", "natural": "probabilities at natural prevalence"}
    for arm in arms:
        for point in arm["operating_points"]:
            found = point.get("by_formula")
            if found and point["test"]:
                yield (
                    f"{capital(strategy_label(arm['strategy']))}: were its {scales[found['scale']]} right, the least "
                    f"cost would be at {threshold(found['threshold'])}, the cost of a false alarm by that of a false "
                    f"alarm and a miss together. On test that costs {number(found['test']['cost'], 1)} in a thousand "
                    f"rows, the threshold chosen on validation {number(point['test']['cost'], 1)}."
                )


def _brief(metrics: dict[str, Any]) -> Iterator[str]:
    """Yield what the published learner of the verdict does at the thresholds that people ask for."""
    header = ["wanted", "threshold", "precision on test", "recall on test", "alerts in a thousand"]
    published = [arm for arm in of_verdict(metrics) if arm["strategy"] == metrics["strategy"]]
    if points_view(metrics):
        yield table(header, [_cells(point) for arm in published for point in arm["operating_points"]])


def _cells(point: dict[str, Any]) -> list[str]:
    in_part = ""
    if point["reached"] is not None and point["reached"] < 1:
        in_part = f"reached in {share(point['reached'])} of resamples"
    if point["threshold"] is None:
        return [point["wanted"], "; ".join(filter(None, ["none on validation", in_part])), "–", "–", "–"]
    low, high = point["threshold_low"], point["threshold_high"]
    between = "" if low is None else f" ({threshold(low)} to {threshold(high)})"
    chosen = "; ".join(filter(None, [threshold(point["threshold"]) + between, in_part]))
    on_test = [interval(point["test"][name], point["intervals"].get(name)) for name in ("precision", "recall")]
    return [point["wanted"], chosen, *on_test, number(point["test"]["alerts"], 1)]


OPERATING_POINTS = part("operating-points", "", points_view, brief=_brief)
