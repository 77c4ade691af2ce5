"""The last stage: did resampling help, and the report that says so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from counterpoise.core.config import BalanceConfig
from counterpoise.core.records import DatasetVersion, Report, ResamplingPlan, Snapshot, SplitPlan, Validation
from counterpoise.tasks.reporting import artifact_key, log, publish_markdown, publish_table, stage_progress
from counterpoise.tasks.stage import stage

if TYPE_CHECKING:
    from counterpoise.core.report import ReportData

__all__ = ["evaluate"]


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
    """Compare learners with and without resampling, publish the report, show its summary in the Prefect UI.

    Args:
        config: The whole configuration; with `evaluation.enabled` off only the summary is shown.
        snapshot: The source.
        validation: The verdict on it.
        split: Which row went where.
        resampling: What happened to the train rows.
        version: What was published.

    Returns:
        The published report, or None where the evaluation is left out.
    """
    from counterpoise.core.evaluation_inputs import publish_evaluation
    from counterpoise.core.report import build_report_data, render_html
    from counterpoise.core.versions import open_version

    metrics = _metrics(config, snapshot, split, version) if config.evaluation.enabled else None
    manifest = open_version(f"{version.root}/{version.dataset}@{version.version}").manifest
    data = build_report_data(
        config=config,
        snapshot=snapshot,
        validation=validation,
        split=split,
        resampling=resampling,
        version=version,
        certificate=manifest["certificate"],
        libraries=manifest["libraries"],
        metrics=metrics,
    )
    _show(data, config.name)
    if metrics is None:
        return None
    report = publish_evaluation(version, metrics=metrics, html=render_html(data))
    log(f"evaluate: {report.verdict}")
    return report


def _metrics(config: BalanceConfig, snapshot: Snapshot, split: SplitPlan, version: DatasetVersion) -> dict[str, Any]:
    from counterpoise.core.evaluate import compare_strategies
    from counterpoise.core.evaluation_inputs import load_tables

    return compare_strategies(
        load_tables(config, snapshot=snapshot, split=split, version=version),
        strategy=config.resampling.strategy,
        config=config.evaluation,
        seed=config.seed,
        progress=stage_progress(artifact_key(config.name, "evaluate"), description="Training learners"),
    )


def _show(data: ReportData, dataset: str) -> None:
    from counterpoise.core.report import render_markdown, validation_table

    publish_markdown(artifact_key(dataset, "summary"), render_markdown(data), description=f"What became of {dataset}")
    publish_table(artifact_key(dataset, "validation"), validation_table(data), description="Expectations")
