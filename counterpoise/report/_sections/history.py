"""Changes since the previous version: as tables for the page, as sentences for the brief."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from counterpoise.metrics import METRICS, names
from counterpoise.report._data import ReportData
from counterpoise.report._section import Section
from counterpoise.results import (
    ArmChange,
    ClassChange,
    MetricChange,
    SinceVersion,
    learner_label,
    strategy_label,
)
from counterpoise.text import capital, count, markdown_cell, number, ratio, share, shown, signed

_MOST_CLASSES = 12
_MOST_FIELDS = 50

Reading = Literal["better", "worse", "open", "not_comparable"]


@dataclass(frozen=True)
class ChangedMetric:
    """A metric of an arm then and now; `rows` is the row span of the arm's name, 0 after its first row."""

    learner: str
    strategy: str
    rows: int
    metric: str
    digits: int
    change: MetricChange
    reading: Reading


@dataclass(frozen=True)
class HistoryView:
    """The data of the template.

    Attributes:
        since: The record.
        facts: Changes in the data as a whole: name, then, now.
        classes: The classes whose share of the source changed most.
        fields: Changed fields of the configuration: path, then, now.
        metrics: One row per learner and metric, with this version's resampling if both versions have it.
        other_metrics: The rows of the other strategies.
        prevalence: A warning if the prevalence of the two test partitions differs; else empty.
    """

    since: SinceVersion
    facts: tuple[tuple[str, str, str], ...]
    classes: tuple[ClassChange, ...]
    fields: tuple[tuple[str, str, str], ...]
    metrics: tuple[ChangedMetric, ...]
    other_metrics: tuple[ChangedMetric, ...]
    prevalence: str


def history_view(since: SinceVersion) -> HistoryView:
    """Arrange the changes for tables."""
    arms = since.metrics.arms
    first = [arm for arm in arms if arm.strategy == since.data.strategy_after] or list(arms)
    return HistoryView(
        since=since,
        facts=_facts(since),
        classes=since.data.classes[:_MOST_CLASSES],
        fields=tuple(
            (field.path, _setting(field.before), _setting(field.after)) for field in since.data.config[:_MOST_FIELDS]
        ),
        metrics=_metric_rows(since, first),
        other_metrics=_metric_rows(since, [arm for arm in arms if arm not in first]),
        prevalence=prevalence_note(since),
    )


def prevalence_note(since: SinceVersion) -> str:
    """Return a warning if the prevalence in test has changed too much for a comparison; else an empty text."""
    prevalence = since.metrics.prevalence
    if prevalence is None or prevalence.alike:
        return ""
    shares = f"{share(prevalence.before)} to {share(prevalence.after)}"
    return (
        f"The prevalence of {shown(prevalence.name, 40)} in test went from {shares}. {capital(_labels(equal=True))} "
        f"compare only at equal prevalence; {_labels(equal=False)} can be compared."
    )


def _labels(*, equal: bool) -> str:
    """Return the labels of the compared metrics: those that need equal prevalence, or the others."""
    metrics = [METRICS[name] for name in names("summary")]
    *most, last = [metric.label for metric in metrics if metric.equal_prevalence == equal]
    return f"{', '.join(most)} and {last}" if most else last


def history_brief(since: SinceVersion, *, learner: str, strategy: str) -> list[str]:
    """Summarise the changes in two or three lines of Markdown.

    Args:
        since: The record.
        learner: The preferred learner, if both versions have it.
        strategy: The preferred strategy.
    """
    facts = "; ".join(f"{name} {before} → {after}" for name, before, after in _facts(since))
    moved = [
        f"{markdown_cell(one.name, 40)} {share(one.source_share.before)} → {share(one.source_share.after)}"
        for one in since.data.classes[:1]
    ]
    lines = [f"**Since version {since.version}**: {'; '.join([facts, *moved])} of the source."]
    lines += _metric_line(since, learner, strategy)
    if note := prevalence_note(since):
        lines.append(markdown_cell(note, 600))
    return lines


def _metric_line(since: SinceVersion, learner: str, strategy: str) -> list[str]:
    """Return a sentence on the average precision of an arm in both versions, the preferred one if possible."""
    if since.metrics.incomparable:
        return [f"Its metrics are not compared: {since.metrics.incomparable}."]
    arms = sorted(since.metrics.arms, key=lambda arm: (arm.learner != learner, arm.strategy != strategy))
    if not arms:
        return ["No learner and strategy was evaluated in both versions."]
    change = arms[0].metrics[0]
    name = f"{METRICS[change.metric].label} of {learner_label(arms[0].learner)} with {strategy_label(arms[0].strategy)}"
    text = f"{capital(name)}: {number(change.before.value)} → {number(change.after.value)}"
    if change.low is not None and change.high is not None and change.difference is not None:
        bounds = f"95 % CI {signed(change.low)} to {signed(change.high)}, unpaired"
        text += f" (difference {signed(change.difference)}, {bounds})"
    return [f"{text}."]


def _facts(since: SinceVersion) -> tuple[tuple[str, str, str], ...]:
    data = since.data
    return (
        ("source rows", count(data.source_rows.before), count(data.source_rows.after)),
        ("resampling", strategy_label(data.strategy_before), strategy_label(data.strategy_after)),
        ("train rows", count(data.train_rows.before), count(data.train_rows.after)),
        ("train imbalance", ratio(data.train_imbalance.before), ratio(data.train_imbalance.after)),
    )


def _metric_rows(since: SinceVersion, arms: Sequence[ArmChange]) -> tuple[ChangedMetric, ...]:
    alike = since.metrics.prevalence is None or since.metrics.prevalence.alike
    return tuple(
        ChangedMetric(
            learner=capital(learner_label(arm.learner)),
            strategy=strategy_label(arm.strategy),
            rows=len(arm.metrics) if position == 0 else 0,
            metric=capital(METRICS[change.metric].label),
            digits=METRICS[change.metric].digits,
            change=change,
            reading=_reading(change) if alike or not METRICS[change.metric].equal_prevalence else "not_comparable",
        )
        for arm in arms
        for position, change in enumerate(arm.metrics)
    )


def _reading(change: MetricChange) -> Reading:
    """Interpret the interval of the difference: better or worse only if it excludes zero."""
    if change.low is None or change.high is None or change.low <= 0 <= change.high:
        return "open"
    return "better" if (change.low > 0) != (METRICS[change.metric].better == "smaller") else "worse"


def _setting(value: Any) -> str:
    """Format a setting as one short line."""
    return "not there" if value is None else shown(value if isinstance(value, str) else json.dumps(value), 120)


def _title(data: ReportData) -> str:
    return f"Since version {data.previous.version}" if data.previous else ""


def _view(data: ReportData) -> HistoryView | None:
    return history_view(data.previous) if data.previous else None


def _brief(data: ReportData) -> list[str]:
    if not (data.metrics and data.previous):
        return []
    learner, strategy = data.metrics["verdict_learner"], data.metrics["strategy"]
    return history_brief(data.previous, learner=learner, strategy=strategy)


HISTORY = Section("since-version", _title, "history.html.j2", _view, optional=True, brief=_brief)
