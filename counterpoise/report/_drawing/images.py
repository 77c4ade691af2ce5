"""Plots as small PNG data URIs, for places that show no SVG. Matplotlib without its global state."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING, Any

from counterpoise.compare import candidate_words
from counterpoise.metrics import HEADLINE, METRICS
from counterpoise.records import ClassCounts
from counterpoise.report._views.calibration import reliability_lines
from counterpoise.report._views.curves import CURVES, arm_colour, smallest_classes
from counterpoise.results import DUMMY, Leaderboard, learner_label, strategy_label
from counterpoise.text import number, shown

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["calibration_png", "class_curves_png", "curves_png", "distribution_png", "leaderboard_png"]

_COLOURS = {
    "natural": "#0067a5",
    "resampled": "#c04a00",
    "corrected": "#007a5a",
    "calibrated": "#7a3e9d",
    "dummy": "#6a7280",
}
_SOFT = "#545d69"
_MOST_CLASSES = 12
_MOST_CURVES = 3
"""Classes whose curves are drawn: the artifact stays below what the Prefect UI wants."""
_MOST_ENTRIES = 20


def distribution_png(before: ClassCounts, after: ClassCounts) -> str:
    """Return the class distribution of train before and after resampling as a data URI; the largest classes only."""
    names = sorted({*before, *after}, key=lambda name: (-before.get(name, 0), name))[:_MOST_CLASSES]
    figure, (axes,) = _figure(1, 1.1 + 0.42 * len(names))
    for offset, counts, colour, text in ((-0.2, before, "natural", "before"), (0.2, after, "resampled", "after")):
        positions = [index + offset for index in range(len(names))]
        widths = [counts.get(name, 0) for name in names]
        axes.barh(positions, widths, height=0.36, color=_COLOURS[colour], label=text)
        for position, width in zip(positions, widths, strict=True):
            axes.annotate(f" {width:,}", (width, position), va="center", color=_SOFT, fontsize=8)
    axes.set_yticks(range(len(names)), [_plain(shown(name, 24)) for name in names])
    axes.invert_yaxis()
    axes.set_xticks([])
    axes.margins(x=0.15)
    figure.legend(frameon=False, loc="outside upper right", ncols=2, fontsize=8)
    return _data_uri(figure)


def curves_png(metrics: dict[str, Any]) -> str:
    """Return precision-recall and ROC curves of all learners as a data URI; for two classes only."""
    learners = metrics["learners"]
    figure, rows = _figure(2 * len(learners), 3.1 * len(learners), columns=2)
    for index, learner in enumerate(learners):
        arms = [arm for arm in metrics["arms"] if arm["learner"] == learner]
        _draw(rows[2 * index], arms, "pr", metrics["chance_average_precision"])
        _draw(rows[2 * index + 1], arms, "roc", metrics["chance_average_precision"])
        rows[2 * index].set_title(learner_label(learner), loc="left", fontsize=9)
    return _data_uri(figure)


def class_curves_png(metrics: dict[str, Any]) -> str:
    """Return both curves of the smallest classes as a data URI, for the learner of the verdict; for many classes."""
    arms = [arm for arm in metrics["arms"] if arm["learner"] == metrics["verdict_learner"]]
    shown_classes = smallest_classes(arms[0])[:_MOST_CURVES]
    figure, rows = _figure(2 * len(shown_classes), 3.1 * len(shown_classes), columns=2)
    for place, index in enumerate(shown_classes):
        own = [
            {"strategy": arm["strategy"], "test": arm["per_class"][index], **arm["per_class"][index]} for arm in arms
        ]
        for axes, kind in zip(rows[2 * place : 2 * place + 2], ("pr", "roc"), strict=True):
            _draw(axes, own, kind, own[0]["prevalence"])
        rows[2 * place].set_title(_plain(shown(own[0]["class"], 40)), loc="left", fontsize=9)
    return _data_uri(figure)


def calibration_png(metrics: dict[str, Any]) -> str:
    """Return reliability diagrams of the learner of the verdict as a data URI; for two classes only."""
    figure, (axes,) = _figure(1, 3.6)
    axes.plot([0, 1], [0, 1], color=_SOFT, linestyle=":", linewidth=1, label="right")
    for bins, arm, text in reliability_lines(metrics, metrics["verdict_learner"]):
        points = [(one["mean_predicted"], one["observed"]) for one in bins]
        axes.plot(*zip(*points, strict=True), color=_COLOURS[arm], linewidth=1.6, marker="o", markersize=3, label=text)
    axes.set_xlabel("mean predicted probability", fontsize=8)
    axes.set_ylabel("observed share of positives", fontsize=8)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1.02)
    axes.set_title(learner_label(metrics["verdict_learner"]), loc="left", fontsize=9)
    axes.legend(frameon=False, fontsize=8, loc="upper left")
    return _data_uri(figure)


def leaderboard_png(board: Leaderboard) -> str:
    """Return the best entries of a tournament with intervals and folds as a data URI, the best one on top.

    Args:
        board: It has at least one entry in which the metric is defined.
    """
    metric = board.metric
    known = [(one, mean) for one in board.ranked if (mean := one.mean[metric]) is not None][:_MOST_ENTRIES]
    figure, (axes,) = _figure(1, 1.0 + 0.3 * len(known))
    for place, (one, mean) in enumerate(known):
        colour = _COLOURS["dummy" if one.learner == DUMMY else arm_colour(one.strategy)]
        folds = [value for fold in one.folds if (value := fold[metric]) is not None]
        low, high = one.low[metric], one.high[metric]
        if low is not None and high is not None:
            axes.plot([low, high], [place, place], color=colour, linewidth=1.2)
        axes.plot(folds, [place] * len(folds), ".", color=colour, markersize=4)
        axes.plot([mean], [place], "o", color=colour, markersize=6)
    if metric == HEADLINE.name:
        axes.axvline(board.chance, color=_SOFT, linestyle=":", linewidth=1)
    axes.set_yticks(range(len(known)), [_plain(shown(candidate_words(one), 48)) for one, _ in known])
    axes.set_ylim(len(known) - 0.5, -0.5)
    axes.set_xlabel(METRICS[metric].label, fontsize=8)
    return _data_uri(figure)


def _draw(axes: Axes, arms: list[dict[str, Any]], kind: str, chance: float) -> None:
    metric = next(curve.metric for curve in CURVES if curve.kind == kind)
    ends = ([0, 1], [chance, chance]) if kind == "pr" else ([0, 1], [0, 1])
    axes.plot(
        *ends, color=_SOFT, linestyle=":", linewidth=1, label=f"chance {chance:.3f}" if kind == "pr" else "chance"
    )
    for arm in arms:
        points = arm[f"{kind}_curve"]
        axes.plot(
            [x for x, _ in points],
            [y for _, y in points],
            color=_COLOURS["natural" if arm["strategy"] == "none" else "resampled"],
            linewidth=1.6,
            label=f"{strategy_label(arm['strategy'])} {number(arm['test'][metric])}",
        )
    axes.set_xlabel("recall" if kind == "pr" else "false positive rate", fontsize=8)
    axes.set_ylabel("precision" if kind == "pr" else "recall", fontsize=8)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1.02)
    axes.legend(frameon=False, fontsize=8, loc="upper right" if kind == "pr" else "lower right")


def _figure(plots: int, height: float, *, columns: int = 1) -> tuple[Figure, list[Axes]]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, height), dpi=100, layout="constrained")
    axes = [figure.add_subplot(-(-plots // columns), columns, number + 1) for number in range(plots)]
    for part in axes:
        part.spines[["top", "right"]].set_visible(False)
        part.tick_params(labelsize=8, colors=_SOFT)
    return figure, axes


def _plain(text: str) -> str:
    """Return a text that Matplotlib does not take for a formula."""
    return text.replace("$", r"\$")


def _data_uri(figure: Figure) -> str:
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    buffer = io.BytesIO()
    FigureCanvasAgg(figure).print_png(buffer, metadata={"Software": None})  # type: ignore[no-untyped-call]  # matplotlib
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
