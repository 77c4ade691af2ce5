"""The summary: the verdict and the most important facts."""

from __future__ import annotations

from collections.abc import Iterator

from counterpoise.report._data import ReportData
from counterpoise.report._section import Section
from counterpoise.report._sections.told_apart import telling_warning
from counterpoise.results import strategy_label
from counterpoise.text import count, markdown_cell, ratio, words


def _brief(data: ReportData) -> Iterator[str]:
    yield _verdict(data)
    yield "; ".join(_facts(data)) + "."


def _verdict(data: ReportData) -> str:
    if not data.metrics:
        return "The effect of resampling was not measured: evaluation.enabled is false."
    others = [
        f"- {comparison['verdict']['text']}"
        for comparison in data.metrics["comparisons"]
        if comparison["learner"] != data.metrics["verdict_learner"]
    ]
    alone = data.metrics.get("threshold_alone")
    said = ["", alone["text"]] if alone else []
    if warning := telling_warning(data.synthetic):
        said += ["", f"⚠ {markdown_cell(warning, 400)}"]
    return "\n".join([f"**{data.metrics['verdict']}**", *([""] if others else []), *others, *said])


def _facts(data: ReportData) -> Iterator[str]:
    yield f"{count(data.source.rows)} rows in the source"
    if data.source.imbalance:
        yield f"imbalance {ratio(data.source.imbalance.ratio)} ({data.source.imbalance.degree})"
    yield strategy_label(data.resampling.strategy)
    yield f"{count(data.persist.certificate.rows_rejected)} rows rejected"
    checks = data.persist.certificate.checks
    broken = ", ".join(words(name) for name, held in sorted(checks.items()) if not held)
    yield "leakage certificate " + (f"broken: {broken}" if broken else f"holds ({len(checks)} checks)")


def _view(data: ReportData) -> str:
    """Return the warning that goes with the verdict; empty if there is none."""
    return telling_warning(data.synthetic)


SUMMARY = Section("summary", "Summary", "summary.html.j2", _view, brief=_brief)
