"""The facts of the report and their counts, which metrics.json stores for the stages before the evaluation."""

from __future__ import annotations

from typing import Any

from counterpoise.records import ClassCounts
from counterpoise.report._data import ReportData
from counterpoise.report._sections.drift import drift_view
from counterpoise.results import RuleCounts, Shares, StageCounts


def count_up(data: ReportData) -> StageCounts:
    """Count the figures that the page shows for the stages."""
    on_source = [one.status == "passed" for one in data.validation.outcomes if one.source in ("contract", "suite")]
    on_parts = [one.status == "passed" for one in data.validation.outcomes if one.source == "partitions"]
    drift = drift_view(data)
    return StageCounts(
        columns=len(data.source.columns),
        expectations=len(on_source),
        expectations_passed=sum(on_source),
        partition_expectations=len(on_parts),
        partition_expectations_unmet=on_parts.count(False),
        columns_compared=drift.compared if drift else 0,
        columns_moved=drift.moved if drift else 0,
        partition_rows={name: sum(rows.values()) for name, rows in data.split.counts.items()},
        partition_shares={name: _shares(rows) for name, rows in data.split.counts.items()},
        train_rows_before=sum(data.resampling.before.values()),
        train_rows_after=sum(data.resampling.after.values()),
        train_shares_before=_shares(data.resampling.before),
        train_shares_after=_shares(data.resampling.after),
        rules=_rules(data),
        checks=len(data.persist.certificate.checks),
        checks_passed=sum(data.persist.certificate.checks.values()),
    )


def report_record(data: ReportData) -> dict[str, Any]:
    """Return the facts of the stages and the counts as plain JSON, without the parts that metrics.json already has."""
    facts = data.model_dump(mode="json", exclude={"metrics", "synthetic", "previous"})
    return {**facts, "counts": count_up(data).model_dump(mode="json")}


def _shares(rows: ClassCounts) -> Shares:
    total = max(1, sum(rows.values()))
    return {name: number / total for name, number in rows.items()}


def _rules(data: ReportData) -> RuleCounts | None:
    if data.synthetic is None:
        return None
    asked = [one for one in data.synthetic.outcomes if not one.left_out]
    return RuleCounts(
        asked=len(asked),
        held=sum(one.status == "passed" for one in asked),
        broken_by_synthetic_rows=sum(bool(one.unexpected_synthetic) for one in data.synthetic.broken),
        left_out=len({(one.expectation, one.notes) for one in data.synthetic.outcomes if one.left_out}),
    )
