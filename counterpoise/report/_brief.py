"""The report in brief: Markdown and a table for the Prefect UI."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from counterpoise.metrics import METRICS, Metric, names
from counterpoise.records import PARTITIONS, ExpectationOutcome
from counterpoise.report._data import ReportData
from counterpoise.report._drawing.images import calibration_png, class_curves_png, curves_png, distribution_png
from counterpoise.report._views.history import history_brief
from counterpoise.report._views.operating_points import PointRow, points_view
from counterpoise.report._views.synthetic import drift_rows, nearness_in_words, rules_in_words
from counterpoise.results import SyntheticReview, learner_label, strategy_label
from counterpoise.text import capital, count, markdown_cell, number, ratio, share, shown, threshold, words

__all__ = ["render_markdown", "validation_table"]

_MOST_CLASSES = 20
_MOST_DRIFTS = 5
_SEVERITIES = ("critical", "warning", "info")
_STATES = {"passed": "✓ passed", "failed": "✗ failed", "error": "! error", "nothing_checked": "– nothing checked"}


def render_markdown(data: ReportData) -> str:
    """Return the report in brief: verdict, rows, classes, synthetic rows, leaderboard, curves, thresholds, history.

    Plots are inline PNG; all of it stays below 500 kB, which the Prefect UI wants.
    """
    parts = [f"# {markdown_cell(data.title)}", _verdict(data), _facts(data), _partitions(data)]
    parts.append(f"![Class distribution of train]({distribution_png(data.resampling.before, data.resampling.after)})")
    if data.synthetic:
        parts += _synthetic_rows(data.synthetic)
    if data.metrics:
        parts.append(_leaderboard(data.metrics))
        parts += _figures(data.metrics)
        if data.previous:
            learner = data.metrics["verdict_learner"]
            parts += history_brief(data.previous, learner=learner, strategy=data.metrics["strategy"])
    parts.append(f"Run again: `{data.reproducibility.command.replace('`', '')}`, seed {data.reproducibility.seed}")
    return "\n\n".join(part for part in parts if part) + "\n"


def _figures(metrics: dict[str, Any]) -> list[str]:
    """Return the curves, and for two classes calibration and thresholds by what is wanted."""
    if metrics["task"] != "binary":
        return [f"![Precision-recall and ROC curves of the smallest classes]({class_curves_png(metrics)})"]
    curves = f"![Precision-recall and ROC curves]({curves_png(metrics)})"
    return [curves, f"![Reliability of probabilities]({calibration_png(metrics)})", _thresholds(metrics)]


def _thresholds(metrics: dict[str, Any]) -> str:
    """Return what the published learner of the verdict does at the thresholds that people ask for."""
    points = points_view(metrics)
    label = strategy_label(metrics["strategy"])
    header = ["wanted", "threshold", "precision on test", "recall on test", "alerts in a thousand"]
    return _table(header, [_threshold(row) for row in points.rows if row.strategy == label]) if points else ""


def _threshold(row: PointRow) -> list[str]:
    point, in_part = row.point, ""
    if row.reached_in_part:
        in_part = f"reached in {share(point['reached'])} of resamples"
    if point["threshold"] is None:
        return [point["wanted"], "; ".join(filter(None, ["none on validation", in_part])), "–", "–", "–"]
    low, high = point["threshold_low"], point["threshold_high"]
    between = "" if low is None else f" ({threshold(low)} to {threshold(high)})"
    chosen = "; ".join(filter(None, [threshold(point["threshold"]) + between, in_part]))
    on_test = [_interval(point["test"][name], point["intervals"].get(name)) for name in ("precision", "recall")]
    return [point["wanted"], chosen, *on_test, number(point["test"]["alerts"], 1)]


def validation_table(outcomes: Sequence[ExpectationOutcome]) -> list[dict[str, str]]:
    """Return one row an expectation, those that did not pass first; comparisons that found nothing are one row."""
    steady = [one for one in outcomes if one.source == "drift" and one.status == "passed"]
    ordered = sorted((one for one in outcomes if one not in steady), key=_importance)
    rows = [_outcome_row(outcome) for outcome in ordered]
    if steady:
        unmoved = "rows, classes and columns that have not moved since the last version"
        rows.append({**dict.fromkeys(rows[0] if rows else ("expectation",), ""), "result": _STATES["passed"]})
        rows[-1] |= {"expectation": unmoved, "checked": f"{count(len(steady))} comparisons", "source": "drift"}
    return rows


def _importance(outcome: ExpectationOutcome) -> tuple[bool, int]:
    return outcome.status == "passed", _SEVERITIES.index(outcome.severity)


def _outcome_row(outcome: ExpectationOutcome) -> dict[str, str]:
    broken = share(outcome.unexpected / outcome.checked) if outcome.unexpected and outcome.checked else ""
    return {
        "result": _STATES[outcome.status],
        "columns": ", ".join(shown(name) for name in outcome.columns[:8]),
        "observed": shown(outcome.observed, 120) if outcome.observed else "",
        "expectation": shown(outcome.expectation),
        "severity": outcome.severity,
        "unexpected": count(outcome.unexpected),
        "unexpected share": broken,
        "examples": ", ".join(shown(example, 40) for example in outcome.examples),
        "checked": count(outcome.checked),
        "source": outcome.source,
        "why": shown(outcome.notes, 200) if outcome.notes else "",
    }


def _verdict(data: ReportData) -> str:
    if not data.metrics:
        return "The effect of resampling was not measured: evaluation.enabled is false."
    others = [
        f"- {comparison['verdict']['text']}"
        for comparison in data.metrics["comparisons"]
        if comparison["learner"] != data.metrics["verdict_learner"]
    ]
    return "\n".join([f"**{data.metrics['verdict']}**", *([""] if others else []), *others])


def _facts(data: ReportData) -> str:
    checks = data.persist.certificate.checks
    facts = [f"{count(data.source.rows)} rows in the source"]
    if data.source.imbalance:
        facts.append(f"imbalance {ratio(data.source.imbalance.ratio)} ({data.source.imbalance.degree})")
    facts.append(strategy_label(data.resampling.strategy))
    facts.append(f"{count(data.persist.certificate.rows_rejected)} rows set apart")
    broken = ", ".join(words(name) for name, held in sorted(checks.items()) if not held)
    facts.append("leakage certificate " + (f"broken: {broken}" if broken else f"holds ({len(checks)} checks)"))
    return "; ".join(facts) + "."


def _partitions(data: ReportData) -> str:
    published = {name: data.persist.partitions[name] for name in PARTITIONS if name in data.persist.partitions}
    classes = sorted(data.source.classes, key=lambda name: (-data.source.classes[name], name))[:_MOST_CLASSES]
    rows = [
        [markdown_cell(name), count(data.resampling.before.get(name, 0))]
        + [_with_share(part.classes.get(name, 0), part.rows) for part in published.values()]
        for name in classes
    ]
    return _table(["class", "train before", *published], rows)


def _synthetic_rows(review: SyntheticReview) -> list[str]:
    """Return what is known of the synthetic rows: where they lie, whether they obey the rules, the worst drift."""
    quality = review.quality
    said = [f"{count(quality.synthetic_rows)} rows of train are synthetic."]
    said += [nearness_in_words(part, name=markdown_cell(part.name)) for part in quality.classes[:1]]
    copies = sum(part.copies_of_own_class + part.copies_of_another_class for part in quality.classes)
    said.append(
        f"{count(copies)} are exact copies of a real row." if copies else "None is an exact copy of a real row."
    )
    drifts = [
        [
            markdown_cell(row.name),
            markdown_cell(row.record.column),
            number(row.record.drift),
            markdown_cell(row.changed, 300),
        ]
        for row in drift_rows(quality)[:_MOST_DRIFTS]
    ]
    table = [_table(["class", "column", "drift of synthetic rows", "what changed"], drifts)] if drifts else []
    return [" ".join(filter(None, [*said, rules_in_words(review)])), *table]


def _with_share(rows: int, total: int) -> str:
    return f"{count(rows)} ({share(rows / total if total else 0)})"


def _leaderboard(metrics: dict[str, Any]) -> str:
    shown = [METRICS[name] for name in names("summary")]
    header = ["learner", "train", *(metric.heading for metric in shown)]
    rows = [
        [
            capital(learner_label(arm["learner"])),
            "–" if arm["learner"] == "dummy" else strategy_label(arm["strategy"]),
            *(_measured(arm, metric) for metric in shown),
        ]
        for arm in metrics["arms"]
    ]
    return _table(header, rows)


def _measured(arm: dict[str, Any], metric: Metric) -> str:
    """Return a metric of an arm, with its interval if it is one of rankings."""
    value = arm["test"].get(metric.name)
    if not metric.ranks:
        return number(value, metric.digits)
    return _interval(value, arm["intervals"].get(metric.name) if arm["learner"] != "dummy" else None)


def _interval(value: float | None, interval: dict[str, float] | None) -> str:
    between = f" ({number(interval['low'])} to {number(interval['high'])})" if interval else ""
    return number(value) + between


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
