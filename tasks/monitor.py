"""The task of monitoring: compare a source with a published version, and report by artifacts and events."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from counterpoise.config import BalanceConfig
from counterpoise.monitor import MonitorReport
from counterpoise.records import Snapshot
from counterpoise.tasks.progress import stage_progress
from counterpoise.tasks.reporting import artifact_key, emit, log, publish_markdown, publish_table
from counterpoise.tasks.stage import stage

if TYPE_CHECKING:
    from counterpoise.monitor import DriftFindings
    from counterpoise.versions import Baseline

_TOLD = 50


@stage
def inspect(config: BalanceConfig, snapshot: Snapshot) -> MonitorReport:
    """Compare a source with a published version: columns, rows, classes, values, missing values and age.

    Changes beyond the limits emit the event `counterpoise.drift.detected`; exceeded age limits emit
    `counterpoise.data.stale`.

    Args:
        config: The complete configuration.
        snapshot: The source.

    Raises:
        VersionNotFoundError: There is no such version.
        IntegrityError: The version's profile was changed or damaged.
        EngineError: An expectation could not be evaluated.
    """
    from counterpoise.monitor import check_source, monitored_baseline

    baseline = monitored_baseline(config)
    answers = _check(config, snapshot, baseline)
    report = check_source(config, snapshot, baseline, answers, now=datetime.now(UTC))
    _show(report)
    if report.drifted:
        emit("counterpoise.drift.detected", config.name, _drift_facts(report))
    if report.stale:
        emit("counterpoise.data.stale", config.name, _age_facts(report))
    return report


def _check(config: BalanceConfig, snapshot: Snapshot, baseline: Baseline) -> DriftFindings:
    """Check everything that the version lets us expect, regardless of the configured stop conditions."""
    from counterpoise.expectations.drift_suite import suite_against
    from counterpoise.monitor import DriftFindings, ask_suite

    if snapshot.digest == baseline.digest:
        return DriftFindings(0, ())
    strict = config.validation.model_copy(update={"drift": "stop", "schema_changes": "freeze"})
    suite = suite_against(baseline, config.model_copy(update={"validation": strict}), snapshot)
    progress = stage_progress(config.name, "inspect", work="comparing with the version", unit="expectations")
    return ask_suite(snapshot, suite, progress=progress)


def _show(report: MonitorReport) -> None:
    from counterpoise.monitor import changes_table, describe_status, render_monitor

    alarming = report.drifted or report.stale
    log(f"monitor: {describe_status(report)}", level=logging.WARNING if alarming else logging.INFO)
    key = artifact_key(report.dataset, "monitor")
    publish_markdown(key, render_monitor(report), description=f"The source of {report.dataset}")
    key = artifact_key(report.dataset, "changes")
    publish_table(key, changes_table(report), description=f"Changes since version {report.version}")


def _drift_facts(report: MonitorReport) -> dict[str, Any]:
    facts = report.model_dump(
        mode="json", include={"version", "status", "rows", "rows_before", "classes", "classes_before"}
    )
    moved = [change.model_dump(mode="json") for change in report.changes[:_TOLD]]
    return {**facts, "moved": moved, "changes": len(report.changes)}


def _age_facts(report: MonitorReport) -> dict[str, Any]:
    facts = report.model_dump(mode="json", include={"stale", "source_age", "source_newest", "version_age"})
    return {"version": report.newest_version, **facts}
