"""Check a delivery against the expectations derived from a version, without rejecting rows or stopping."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from counterpoise.config import BalanceConfig
from counterpoise.errors import EngineError, VersionNotFoundError
from counterpoise.monitor._freshness import hours_between, measure_freshness, too_old
from counterpoise.monitor._records import Change, MonitorReport, MonitorStatus, WhatChanged
from counterpoise.persist import DatasetFolder, read_manifest
from counterpoise.records import ClassCounts, Snapshot
from counterpoise.runtime import Progress, silent
from counterpoise.table import SnapshotReader, read_labels
from counterpoise.validate import (
    Finding,
    Suite,
    answer_all,
    load_engine,
    missing_columns_outcome,
    outcome_of,
    quiet,
    scope_expectations,
)
from counterpoise.versions import Baseline, find_baseline, newest_promotion

_WHAT: Mapping[str, WhatChanged] = {
    "expect_table_schema_to_stay": "columns",
    "expect_table_growth_measure_to_be_between": "rows",
    "expect_table_row_count_to_be_between": "rows",
    "expect_column_class_proportions_to_stay": "classes",
    "expect_column_population_stability_index_to_be_at_most": "values",
    "expect_column_missing_share_to_stay": "missing values",
}


@dataclass(frozen=True)
class DriftFindings:
    """The number of expectations checked and the changes found, largest first."""

    asked: int
    changes: tuple[Change, ...]


def ask_suite(snapshot: Snapshot, suite: Suite, *, progress: Progress = silent) -> DriftFindings:
    """Check a snapshot against the suite derived from a version.

    Args:
        snapshot: The source.
        suite: The expectations of `counterpoise.expectations.drift_suite`.
        progress: Called with the number of expectations checked.

    Raises:
        EngineError: An expectation could not be evaluated, so an unchanged source cannot be confirmed.
    """
    load_engine()
    questions = scope_expectations([suite], [column.name for column in snapshot.columns])
    with quiet():
        answers = answer_all(snapshot, questions, progress)
    findings = [
        Finding(
            question, outcome_of(question, answers[index]) if index in answers else missing_columns_outcome(question)
        )
        for index, question in questions.items()
    ]
    _check_answered(findings)
    return DriftFindings(len(findings), _changes(findings))


def check_source(
    config: BalanceConfig, snapshot: Snapshot, baseline: Baseline, answers: DriftFindings, *, now: datetime
) -> MonitorReport:
    """Return the report on a source: how it differs from a version, and how old both are.

    Args:
        config: The whole configuration.
        snapshot: The source.
        baseline: The version that it was compared with.
        answers: The changes found.
        now: The time of the check, with a time zone.
    """
    folder = DatasetFolder.of(config)
    newest_version = folder.version_numbers()[-1]
    version_age = hours_between(datetime.fromisoformat(read_manifest(folder, newest_version).created), now)
    fresh = measure_freshness(config, snapshot, now=now)
    source_age = None if fresh.newest is None else hours_between(fresh.newest, now)
    return MonitorReport(
        dataset=config.name,
        version=baseline.version,
        checked=now.isoformat(timespec="seconds"),
        status=_status(answers.changes, unchanged=snapshot.digest == baseline.digest),
        changes=answers.changes,
        compared=answers.asked,
        rows=snapshot.rows,
        rows_before=baseline.profile.rows,
        classes=_classes(snapshot, config.columns.target),
        classes_before=baseline.profile.classes,
        source_newest="" if fresh.newest is None else fresh.newest.isoformat(timespec="seconds"),
        source_newest_by=fresh.by,
        source_age=source_age,
        newest_version=newest_version,
        version_age=version_age,
        stale=(
            *too_old("the source", source_age, config.monitor.max_source_age),
            *too_old("the newest version", version_age, config.monitor.max_version_age),
        ),
    )


def _check_answered(findings: Sequence[Finding]) -> None:
    unanswered = [finding.outcome for finding in findings if finding.outcome.status == "error"]
    if unanswered:
        raise EngineError(
            "expectation_not_answered",
            expected="an answer to every expectation derived from the version",
            found=f"{unanswered[0].expectation}: {unanswered[0].observed}",
            remedy="check the column's type, or exclude the column with columns.drop or validation.drift_ignore",
            values={"unanswered": [outcome.model_dump(mode="json") for outcome in unanswered[:100]]},
        )


def _changes(findings: Sequence[Finding]) -> tuple[Change, ...]:
    """Return the failed expectations, broken ones first; a broken subject is not also listed as moved."""
    failed = [finding for finding in findings if finding.outcome.status in ("failed", "nothing_checked")]
    broken = {_subject(finding) for finding in failed if finding.outcome.severity == "critical"}
    reported = [one for one in failed if one.outcome.severity == "critical" or _subject(one) not in broken]
    return tuple(_change(finding) for finding in sorted(reported, key=lambda one: one.outcome.severity != "critical"))


def _subject(finding: Finding) -> tuple[str, tuple[str, ...], str]:
    expectation = finding.scoped.expectation
    return expectation["type"], finding.outcome.columns, expectation["kwargs"].get("label_class", "")


def _change(finding: Finding) -> Change:
    outcome, kwargs = finding.outcome, finding.scoped.expectation["kwargs"]
    within = f"in class {kwargs['label_class']!r}: " if "label_class" in kwargs else ""
    return Change(
        what=_WHAT[finding.scoped.expectation["type"]],
        column=kwargs.get("column", ""),
        broken=outcome.severity == "critical",
        observed=within + (outcome.observed or "there was nothing to check"),
        measured=outcome.measured,
    )


def _status(changes: Sequence[Change], *, unchanged: bool) -> MonitorStatus:
    if unchanged:
        return "unchanged"
    if any(change.broken for change in changes):
        return "broken"
    return "moved" if changes else "steady"


def _classes(snapshot: Snapshot, target: str) -> ClassCounts:
    reader = SnapshotReader(snapshot)
    return read_labels(reader, target).counts() if target in reader.schema.names else {}


def monitored_baseline(config: BalanceConfig) -> Baseline:
    """Return the version to compare the source with, as configured.

    Raises:
        VersionNotFoundError: No version was published or promoted, or the versions have no profile.
        IntegrityError: The version's profile was changed or damaged.
    """
    folder = DatasetFolder.of(config)
    wanted = _candidates(folder, config.monitor.baseline)
    baseline = find_baseline(config, among=wanted)
    if baseline is None:
        raise VersionNotFoundError(
            "nothing_to_compare_with",
            expected=f"a published version of {config.name} to compare the source with "
            f"(monitor.baseline: {config.monitor.baseline})",
            found=f"none in {config.output.root!r}",
            remedy="publish one first with `counterpoise run`, or choose another monitor.baseline",
        )
    return baseline


def _candidates(folder: DatasetFolder, which: str) -> list[int]:
    """Return the candidate versions, ascending; the last one with a profile becomes the baseline."""
    numbers = folder.version_numbers()
    if which == "newest":
        return numbers
    if which == "first":
        return numbers[:1]
    promotion = newest_promotion(folder)
    return [] if promotion is None else [promotion.version]
