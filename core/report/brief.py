"""The report in brief: Markdown and a table for the Prefect UI."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from counterpoise.core.evaluate.names import learner_label, number, strategy_label
from counterpoise.core.quality.records import SyntheticReview
from counterpoise.core.records import PARTITIONS
from counterpoise.core.report.data import ReportData
from counterpoise.core.report.images import curves_png, distribution_png
from counterpoise.core.report.synthetic_view import drift_rows, nearness_in_words, rules_in_words
from counterpoise.core.report.wording import capital, count, markdown_cell, ratio, share, words

__all__ = ["render_markdown", "validation_table"]

_MOST_CLASSES = 20
_MOST_DRIFTS = 5
_STATES = {"passed": "✓ passed", "failed": "✗ failed", "error": "! error", "nothing_checked": "– nothing checked"}


def render_markdown(data: ReportData) -> str:
    """Return the report in brief: verdict, rows by partition, class distribution, synthetic rows, leaderboard, curves.

    Plots are inline PNG; all of it stays below 500 kB, which the Prefect UI wants.
    """
    parts = [f"# {markdown_cell(data.title)}", _verdict(data), _facts(data), _partitions(data)]
    parts.append(f"![Class distribution of train]({distribution_png(data.resampling.before, data.resampling.after)})")
    if data.synthetic:
        parts += _synthetic_rows(data.synthetic)
    if data.metrics:
        parts.append(_leaderboard(data.metrics))
        if data.metrics["task"] == "binary":
            parts.append(f"![Precision-recall and ROC curves]({curves_png(data.metrics)})")
    parts.append(f"Run again: `{data.reproducibility.command.replace('`', '')}`, seed {data.reproducibility.seed}")
    return "\n\n".join(part for part in parts if part) + "\n"


def validation_table(data: ReportData) -> list[dict[str, str]]:
    """Return one row an expectation, those that did not pass first."""
    ordered = sorted(data.validation.outcomes, key=lambda outcome: outcome.status == "passed")
    return [
        {
            "result": _STATES[outcome.status],
            "expectation": markdown_cell(outcome.expectation),
            "columns": ", ".join(markdown_cell(name) for name in outcome.columns[:8]),
            "severity": outcome.severity,
            "checked": count(outcome.checked),
            "unexpected": count(outcome.unexpected),
            "observed": markdown_cell(outcome.observed) if outcome.observed else "",
            "source": outcome.source,
        }
        for outcome in ordered
    ]


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
    header = ["learner", "train", "average precision", "ROC-AUC", "F1", "MCC", "Brier"]
    rows = [
        [
            capital(learner_label(arm["learner"])),
            "–" if arm["learner"] == "dummy" else strategy_label(arm["strategy"]),
            _with_interval(arm, "average_precision"),
            _with_interval(arm, "roc_auc"),
            number(arm["test"]["f1"]),
            number(arm["test"]["mcc"]),
            number(arm["test"]["brier"], 4),
        ]
        for arm in metrics["arms"]
    ]
    return _table(header, rows)


def _with_interval(arm: dict[str, Any], metric: str) -> str:
    interval = arm["intervals"].get(metric) if arm["learner"] != "dummy" else None
    value = number(arm["test"][metric])
    return f"{value} ({number(interval['low'])} to {number(interval['high'])})" if interval else value


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
