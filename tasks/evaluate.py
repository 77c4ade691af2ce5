"""The last stage: measure whether resampling helped, and publish the report."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from counterpoise.config import BalanceConfig
from counterpoise.records import DatasetVersion, Report, ResamplingPlan, Snapshot, SplitPlan, Validation
from counterpoise.runtime import beside
from counterpoise.tasks.progress import Step, stage_progress, tell
from counterpoise.tasks.reporting import (
    artifact_key,
    log,
    publish_link,
    publish_markdown,
    publish_table,
)
from counterpoise.tasks.stage import stage

if TYPE_CHECKING:
    from counterpoise.report import ReportData
    from counterpoise.results import LeaderboardBrief, SinceVersion, SyntheticReview


@stage
def evaluate(
    config: BalanceConfig,
    *,
    snapshot: Snapshot,
    validation: Validation,
    split: SplitPlan,
    resampling: ResamplingPlan,
    version: DatasetVersion,
) -> Report | None:
    """Compare learners with and without resampling, review the synthetic rows, publish the report, show its summary.

    Args:
        config: The complete configuration; with `evaluation.enabled` off only the summary is shown.
        snapshot: The source.
        validation: The validation verdict.
        split: The partition of each row.
        resampling: The resampling of the train rows.
        version: The published version.

    Returns:
        The published report, or None without evaluation.
    """
    from counterpoise.evaluate import publish_evaluation
    from counterpoise.report import build_report_data, render_html, report_record
    from counterpoise.versions import open_version

    enabled = config.evaluation.enabled
    metrics, review = _measured(config, snapshot, split, version, resampling.strategy) if enabled else (None, None)
    previous = _previous(version, metrics)
    manifest = open_version(f"{version.root}/{version.dataset}@{version.version}").manifest
    data = build_report_data(
        config=config,
        snapshot=snapshot,
        validation=validation,
        split=split,
        resampling=resampling,
        version=version,
        certificate=manifest.certificate,
        libraries=manifest.libraries,
        metrics=metrics,
        synthetic=review,
        previous=previous,
        strategies=_strategies(config, snapshot) if enabled else None,
    )
    _show(data, config.name)
    if metrics is None:
        return None
    since = None if previous is None else previous.model_dump(mode="json")
    more = {**_as_metrics(review), "previous": since, "report": report_record(data)}
    report = publish_evaluation(version, metrics=metrics | more, html=render_html(data))
    publish_link(artifact_key(config.name, "report"), report.html, description="The report, a file of its own")
    log(f"evaluate: {report.verdict}")
    return report


def _measured(
    config: BalanceConfig, snapshot: Snapshot, split: SplitPlan, version: DatasetVersion, strategy: str
) -> tuple[dict[str, Any], SyntheticReview | None]:
    """Score the learners and, beside that if there is a companion, review the synthetic rows."""
    with beside(review_rows, config, snapshot, split, version) as reviewing:
        metrics = _metrics(config, snapshot, split, version, strategy)
        tell(Step("evaluate", "measuring the synthetic rows"))
        review = reviewing.result()
    if review is not None:
        _tell_review(review)
    return metrics, review


def _metrics(
    config: BalanceConfig, snapshot: Snapshot, split: SplitPlan, version: DatasetVersion, strategy: str
) -> dict[str, Any]:
    """Record the access to test, then score learners on it; the metrics include earlier accesses."""
    from counterpoise.compare import digest_of_test
    from counterpoise.evaluate import compare_strategies, load_tables
    from counterpoise.persist import DatasetFolder
    from counterpoise.versions import record_access, with_accesses

    dataset, test = DatasetFolder.of(version), digest_of_test(snapshot, split)
    accesses = record_access(dataset, test, key=version.run_key, version=version.version)
    metrics = compare_strategies(
        load_tables(config, snapshot=snapshot, split=split, version=version),
        strategy=strategy,
        config=config.evaluation,
        seed=config.seed,
        progress=stage_progress(config.name, "evaluate", work="training learners", unit="fits"),
    )
    return with_accesses(metrics, test, accesses)


def review_rows(
    config: BalanceConfig, snapshot: Snapshot, split: SplitPlan, version: DatasetVersion
) -> SyntheticReview | None:
    """Measure the synthetic rows and repeat the source's rules; failures are reported and stop nothing."""
    from counterpoise.expectations.suites import source_suites
    from counterpoise.synthetic import review_synthetic_rows

    suites = source_suites(config, snapshot)
    return review_synthetic_rows(config, snapshot=snapshot, split=split, version=version, suites=suites)


def _tell_review(review: SyntheticReview) -> None:
    from counterpoise.report import rules_in_words, telling_warning

    log(f"evaluate: {rules_in_words(review)}", level=logging.WARNING if review.broken else logging.INFO)
    if warning := telling_warning(review):
        log(f"evaluate: {warning}", level=logging.WARNING)


def _previous(version: DatasetVersion, metrics: dict[str, Any] | None) -> SinceVersion | None:
    """Compare the version with the previous evaluated one, if there is one."""
    from counterpoise.versions import compare_with_previous

    if metrics is None:
        return None
    previous = compare_with_previous(version, metrics)
    if previous is not None:
        log(f"evaluate: compared with version {previous.version}")
    return previous


def _strategies(config: BalanceConfig, snapshot: Snapshot) -> LeaderboardBrief | None:
    """Return the newest comparison on the same source and split, if there is one."""
    from counterpoise.compare import brief_of, newest_leaderboard

    board = newest_leaderboard(config, snapshot.digest)
    return None if board is None else brief_of(board)


def _as_metrics(review: SyntheticReview | None) -> dict[str, Any]:
    """Return the fields of metrics.json about synthetic rows; empty if there are none."""
    if review is None:
        return {"synthetic_quality": None, "resampled_validation": []}
    plain = review.model_dump(mode="json")
    return {"synthetic_quality": plain["quality"], "resampled_validation": plain["outcomes"]}


def _show(data: ReportData, dataset: str) -> None:
    tell(Step("evaluate", "writing the report"))
    from counterpoise.report import render_markdown, validation_table

    publish_markdown(artifact_key(dataset, "summary"), render_markdown(data), description=f"Summary of {dataset}")
    publish_table(
        artifact_key(dataset, "validation"), validation_table(data.validation.outcomes), description="Expectations"
    )
