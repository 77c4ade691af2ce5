"""Operating points of the verdict's learner, grouped by rule."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from counterpoise.report._markdown import interval, table
from counterpoise.report._sections.arms import GroupedFigures, grouped_figures, of_verdict, part
from counterpoise.results import strategy_label
from counterpoise.text import capital, number, share, threshold

_FEW = 10
"""The number of missed positives below which they are mentioned."""
_GIANT = 0.1
"""The share of the costs from which on one positive is mentioned."""


@dataclass(frozen=True)
class PointsView:
    """The operating points, and for each train table a sentence on the threshold that follows from the costs."""

    points: GroupedFigures
    by_formula: tuple[str, ...]
    money: tuple[str, ...]


def points_view(metrics: dict[str, Any]) -> PointsView | None:
    """Return the operating points of the verdict's learner; None if there are none."""
    points, arms = grouped_figures(metrics, "operating_points"), of_verdict(metrics)
    return PointsView(points, tuple(_by_formula(arms)), tuple(_money(arms))) if points else None


def _by_formula(arms: list[dict[str, Any]]) -> Iterator[str]:
    """Compare the threshold from the cost formula with the one chosen on validation."""
    scales = {"calibrated": "calibrated probabilities", "natural": "probabilities at natural prevalence"}
    for arm in arms:
        for point in arm["operating_points"]:
            found = point.get("by_formula")
            if found and point["test"]:
                yield (
                    f"{capital(strategy_label(arm['strategy']))}: if its {scales[found['scale']]} were exact, the cost "
                    f"would be lowest at {threshold(found['threshold'])}: the cost of a false alarm divided by the "
                    f"cost of a false alarm plus a miss. On test this costs {number(found['test']['cost'], 1)} per "
                    f"thousand rows; the threshold chosen on validation costs {number(point['test']['cost'], 1)}."
                )


def _money(arms: list[dict[str, Any]]) -> Iterator[str]:
    """Say what the threshold of least total cost saves against calling no row and every row."""
    for arm in arms:
        yield from money_sentences(capital(strategy_label(arm["strategy"])), arm["operating_points"])


def money_sentences(name: str, points: list[dict[str, Any]]) -> Iterator[str]:
    """Yield a sentence on the money of an arm's operating points, if missing a row costs its amount.

    Args:
        name: The arm in words.
        points: Its operating points.
    """
    for point in points:
        if found := point.get("money"):
            saved = [_saved(found[f"saved_to_{other}"]) for other in ("never", "always")]
            yield (
                f"{name}: if missing a row costs its {found['column']}, errors at {threshold(point['threshold'])} cost "
                f"{number(found['cost'], 1)} per thousand rows. Never alerting costs {number(found['never'], 1)}, so "
                f"the threshold saves {saved[0]}. Alerting on every row costs {number(found['always'], 1)}, so it "
                f"saves {saved[1]}.{_caution(found.get('largest'), point['confusion']['false_negatives'])}"
            )


def _caution(largest: float | None, missed: int) -> str:
    """Say where no interval can know what other rows would cost: few missed rows, or one with much of the costs."""
    few = (
        f" Only {missed} positives of test are missed, so that what they cost is hardly known." if missed < _FEW else ""
    )
    if largest is None or largest < _GIANT:
        return few
    return (
        f"{few} A single positive has {share(largest)} of the costs of all positives in test: where costs differ so "
        "much, intervals cover less than they claim."
    )


def _saved(difference: dict[str, Any]) -> str:
    low, high = difference["low"], difference["high"]
    between = "" if low is None else f" ({number(low, 1)} to {number(high, 1)})"
    return number(difference["difference"], 1) + between


def _brief(metrics: dict[str, Any]) -> Iterator[str]:
    """Yield the results of the verdict's learner, trained on the published table, at each operating point."""
    header = ["goal", "threshold", "precision on test", "recall on test", "alerts per thousand"]
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
