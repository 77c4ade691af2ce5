"""Arms of the metrics record (a learner and the train table it was fitted on) as rows of tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from counterpoise.metrics import HEADLINE, METRICS, Metric, OfDecisions, names
from counterpoise.report._data import ReportData, of_metrics
from counterpoise.report._drawing.scale import Scale, Scaled
from counterpoise.report._section import Section
from counterpoise.results import DUMMY, learner_label, strategy_label
from counterpoise.text import capital

Title = str | Callable[[ReportData], str]


@dataclass(frozen=True)
class ArmRow:
    """An arm in a table: its record, its colour and its headline metric on a common scale."""

    record: dict[str, Any]
    learner: str
    strategy: str
    arm: str
    whisker: Scaled


@dataclass(frozen=True)
class ArmTable:
    """All arms, with the metrics as columns."""

    rows: tuple[ArmRow, ...]
    columns: tuple[Metric, ...]


@dataclass(frozen=True)
class Grouped:
    """A figure for one train table; `first` marks the first row of each figure."""

    record: dict[str, Any]
    strategy: str
    arm: str
    first: bool


@dataclass(frozen=True)
class GroupedFigures:
    """The figures of one name for the verdict's learner, with one row per arm for each."""

    learner: str
    arms: int
    rows: tuple[Grouped, ...]


def arm_colour(strategy: str, learner: str = "") -> str:
    """Return the CSS class of an arm's colour, the same everywhere on the page."""
    if learner == DUMMY:
        return "dummy"
    return "natural" if strategy == "none" else "resampled"


def by_learner(metrics: dict[str, Any]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Yield each learner with its arms."""
    for learner in metrics["learners"]:
        yield learner, [arm for arm in metrics["arms"] if arm["learner"] == learner]


def of_verdict(metrics: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the arms of the learner that the verdict is about."""
    return [arm for arm in metrics["arms"] if arm["learner"] == metrics["verdict_learner"]]


def grouped_figures(metrics: dict[str, Any], name: str) -> GroupedFigures | None:
    """Return the figures of that name, grouped by figure with one row per arm; None if there are none."""
    arms = of_verdict(metrics)
    if not (arms and arms[0].get(name)):
        return None
    rows = tuple(
        Grouped(record, strategy_label(arm["strategy"]), arm_colour(arm["strategy"]), first=arm is arms[0])
        for records in zip(*(arm[name] for arm in arms), strict=True)
        for arm, record in zip(arms, records, strict=True)
    )
    return GroupedFigures(learner_label(metrics["verdict_learner"]), len(arms), rows)


def arm_table(metrics: dict[str, Any], *, of_decisions: bool) -> ArmTable:
    """Return all arms with the metrics of decisions or with the threshold-free ones, the headline first."""
    columns = tuple(METRICS[name] for name in names("folds"))
    return ArmTable(
        rows=_arm_rows(metrics),
        columns=tuple(metric for metric in columns if isinstance(metric.source, OfDecisions) == of_decisions),
    )


def _arm_rows(metrics: dict[str, Any]) -> tuple[ArmRow, ...]:
    """Return all arms, grouped by learner, with the dummy last."""
    arms = [arm for _, own in by_learner(metrics) for arm in own]
    arms += [arm for arm in metrics["arms"] if arm["learner"] == DUMMY]
    chance = metrics["chance_average_precision"]
    figures = [(arm["test"][HEADLINE.name], arm["intervals"].get(HEADLINE.name) or {}) for arm in arms]
    scale = Scale.over([chance, *(number for value, bounds in figures for number in (value, *bounds.values()))])
    return tuple(
        ArmRow(
            record=arm,
            learner=capital(learner_label(arm["learner"])),
            strategy=strategy_label(arm["strategy"]),
            arm=arm_colour(arm["strategy"], arm["learner"]),
            whisker=scale.scaled(value, bounds, mark=chance),
        )
        for arm, (value, bounds) in zip(arms, figures, strict=True)
    )


def part(
    anchor: str, title: Title, view: Callable[[dict[str, Any]], object], *,
    brief: Callable[[dict[str, Any]], Iterable[str]] = lambda _: (), script: str = "",
) -> Section[ReportData]:  # fmt: skip
    """Return a part of the evaluation whose view and brief take the metrics record, omitted if the view is None."""
    template = f"{anchor.replace('-', '_')}.html.j2"
    return Section(anchor, title, template, of_metrics(view), optional=True, brief=of_metrics(brief), script=script)
