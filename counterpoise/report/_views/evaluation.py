"""The evaluation section: what stands in the metrics record, arranged for tables and charts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from counterpoise.metrics import HEADLINE, METRICS, Metric, OfDecisions, names
from counterpoise.report._views.curves import (
    Figure,
    arm_colour,
    binary_curves,
    by_learner,
    class_curves,
    smallest_classes,
)
from counterpoise.results import learner_label, strategy_label
from counterpoise.text import capital, share

__all__ = ["ArmRow", "EvaluationView", "Whisker", "evaluation_view", "whiskers"]

_BINARY_PARTS = (
    ("leaderboard", "Leaderboard"),
    ("curves", "Curves"),
    ("calibration", "Calibration"),
    ("thresholds", "Thresholds"),
    ("slices", "Segments"),
)
_CLASS_PARTS = (
    ("leaderboard", "Leaderboard"),
    ("by-class", "By class"),
    ("curves", "Curves"),
    ("thresholds", "Decisions"),
)


@dataclass(frozen=True)
class Whisker:
    """A value with its interval on a common scale, all in percent of the width; None where there is no interval."""

    value: float
    low: float | None
    high: float | None
    mark: float


@dataclass(frozen=True)
class ArmRow:
    """An arm in the leaderboard: its record, its colour and its average precision on the common scale."""

    record: dict[str, Any]
    learner: str
    strategy: str
    arm: str
    whisker: Whisker


@dataclass(frozen=True)
class ChangeRow:
    """A paired difference of a learner, strategy minus none; `first` opens the rows of a metric."""

    learner: str
    metric: str
    lower_is_better: bool
    first: bool
    change: dict[str, Any]
    whisker: Whisker


@dataclass(frozen=True)
class EvaluationView:
    """What the templates need of the metrics; `parts` are the anchors and names of what stands in the contents."""

    metrics: dict[str, Any]
    binary: bool
    macro: str
    rows: tuple[ArmRow, ...]
    changes: tuple[ChangeRow, ...]
    curves: tuple[Figure, ...]
    classes: tuple[dict[str, Any], ...]
    parts: tuple[tuple[str, str], ...]

    @property
    def leading(self) -> tuple[Metric, ...]:
        """The metrics that need no threshold, the headline first."""
        return tuple(metric for metric in self._shown if not isinstance(metric.source, OfDecisions))

    @property
    def decided(self) -> tuple[Metric, ...]:
        """The metrics of decisions."""
        return tuple(metric for metric in self._shown if isinstance(metric.source, OfDecisions))

    @property
    def _shown(self) -> tuple[Metric, ...]:
        return tuple(METRICS[name] for name in names("folds"))


def evaluation_view(metrics: dict[str, Any]) -> EvaluationView:
    """Arrange a metrics record."""
    binary = metrics["task"] == "binary"
    return EvaluationView(
        metrics=metrics,
        binary=binary,
        macro="" if binary else "macro ",
        rows=tuple(_arm_rows(metrics)),
        changes=tuple(_change_rows(metrics)),
        curves=tuple(binary_curves(metrics) if binary else class_curves(metrics)),
        classes=() if binary else tuple(_class_rows(metrics)),
        parts=_BINARY_PARTS if binary else _CLASS_PARTS,
    )


def whiskers(values: list[tuple[float | None, float | None, float | None]], mark: float) -> list[Whisker]:
    """Put (value, low, high) of several rows on one scale, together with a mark such as zero."""
    known = [item for row in values for item in row if item is not None] + [mark]
    low, high = min(known), max(known)
    spread = (high - low) or 1.0

    def place(value: float | None) -> float | None:
        return None if value is None else round(4 + 92 * (value - low) / spread, 2)

    return [Whisker(place(value) or 0.0, place(low), place(high), place(mark) or 0.0) for value, low, high in values]


def _arm_rows(metrics: dict[str, Any]) -> Iterator[ArmRow]:
    arms = [arm for _, own in by_learner(metrics) for arm in own] + [
        arm for arm in metrics["arms"] if arm["learner"] == "dummy"
    ]
    values = [(arm["test"][HEADLINE.name], *_bounds(arm["intervals"].get(HEADLINE.name))) for arm in arms]
    for arm, whisker in zip(arms, whiskers(values, metrics["chance_average_precision"]), strict=True):
        yield ArmRow(
            record=arm,
            learner=capital(learner_label(arm["learner"])),
            strategy=strategy_label(arm["strategy"]),
            arm="dummy" if arm["learner"] == "dummy" else arm_colour(arm["strategy"]),
            whisker=whisker,
        )


def _change_rows(metrics: dict[str, Any]) -> Iterator[ChangeRow]:
    for metric in names("differences"):
        changes = [comparison["differences"][metric] for comparison in metrics["comparisons"]]
        scaled = whiskers([(change["difference"], change["low"], change["high"]) for change in changes], 0.0)
        for index, comparison in enumerate(metrics["comparisons"]):
            yield ChangeRow(
                learner=capital(learner_label(comparison["learner"])),
                metric=METRICS[metric].label,
                lower_is_better=METRICS[metric].better == "smaller",
                first=index == 0,
                change=changes[index],
                whisker=scaled[index],
            )


def _bounds(interval: dict[str, float] | None) -> tuple[float | None, float | None]:
    return (interval["low"], interval["high"]) if interval else (None, None)


def _class_rows(metrics: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield one row a class and learner, the smallest classes first: its figures with and without the strategy."""
    for learner, arms in by_learner(metrics):
        for index in smallest_classes(arms[0]):
            own = [arm["per_class"][index] for arm in arms]
            yield {
                "learner": capital(learner_label(learner)),
                "class": own[0]["class"],
                "rows": own[0]["rows"],
                "prevalence": share(own[0]["prevalence"]),
                "arms": [
                    {"strategy": strategy_label(arm["strategy"]), "arm": arm_colour(arm["strategy"]), **part}
                    for arm, part in zip(arms, own, strict=True)
                ],
            }
