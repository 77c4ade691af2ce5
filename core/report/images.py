"""Plots as small PNG data URIs, for places that show no SVG. Matplotlib without its global state."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING, Any

from counterpoise.core.evaluate.names import learner_label, number, strategy_label
from counterpoise.core.records import ClassCounts
from counterpoise.core.report.wording import shown

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["curves_png", "distribution_png"]

_COLOURS = {"natural": "#0067a5", "resampled": "#c04a00"}
_SOFT = "#545d69"
_MOST_CLASSES = 12


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


def _draw(axes: Axes, arms: list[dict[str, Any]], kind: str, chance: float) -> None:
    metric = "average_precision" if kind == "pr" else "roc_auc"
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
