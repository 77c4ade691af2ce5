"""The report as data: everything that the HTML page and the Markdown brief show, with nothing left to compute."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from counterpoise.config import BalanceConfig, ResamplingConfig
from counterpoise.records import (
    PARTITIONS,
    Certificate,
    ClassCounts,
    DatasetVersion,
    ResamplingPlan,
    Snapshot,
    SplitPlan,
    Validation,
)
from counterpoise.resample import follow
from counterpoise.results import (
    LeaderboardBrief,
    PersistFacts,
    ReportFacts,
    ReproducibilityFacts,
    ResamplingFacts,
    SinceVersion,
    SourceFacts,
    SplitFacts,
    SyntheticReview,
    ValidationFacts,
)
from counterpoise.strategies import STRATEGIES, Strategy
from counterpoise.table import degree_of_imbalance

Found = TypeVar("Found")


class ReportData(ReportFacts):
    """A report: the facts of the stages and the results of the evaluation.

    Attributes:
        metrics: The metrics record, as plain JSON; None if evaluation is disabled.
        synthetic: The review of the synthetic rows; None if there are none, or if evaluation is disabled.
        previous: The changes since the previous version; None for the first, or if evaluation is disabled.
    """

    metrics: dict[str, Any] | None
    synthetic: SyntheticReview | None = None
    previous: SinceVersion | None = None


def of_metrics(find: Callable[[dict[str, Any]], Found]) -> Callable[[ReportData], Found | None]:
    """Make a function of the metrics record a function of the report, which returns None if evaluation is disabled."""
    return lambda data: find(data.metrics) if data.metrics else None


def build_report_data(
    *, config: BalanceConfig, snapshot: Snapshot, validation: Validation, split: SplitPlan, resampling: ResamplingPlan,
    version: DatasetVersion, certificate: Certificate, libraries: dict[str, str], metrics: dict[str, Any] | None,
    synthetic: SyntheticReview | None = None, previous: SinceVersion | None = None,
    strategies: LeaderboardBrief | None = None, command: str = "", created: datetime | None = None,
) -> ReportData:  # fmt: skip
    """Build a report from the records of all stages.

    Args:
        config: The configuration of the run.
        snapshot: The snapshot from ingest.
        validation: The result of validate.
        split: The plan of the split.
        resampling: The plan that changed train.
        version: The published version.
        certificate: The result of the checks on its files.
        libraries: Library versions by name.
        metrics: The metrics record, as plain JSON; None if evaluation is disabled.
        synthetic: The review of the synthetic rows; None if there are none, or if evaluation is disabled.
        previous: The changes since the previous version; None for the first, or if evaluation is disabled.
        strategies: The newest comparison on this source and split; None if there is none.
        command: The command that reproduces the version; by default `counterpoise run` on `<name>.yaml`.
        created: The time of the report; now by default.
    """
    moment = (created or datetime.now(UTC)).astimezone(UTC)
    return ReportData(
        title=f"{version.dataset}, version {version.version}",
        dataset=version.dataset,
        version=version.version,
        created=moment.isoformat(timespec="seconds"),
        source=_source(config, snapshot, split),
        validation=_validation(config, validation),
        split=_split(config, split),
        resampling=_resampling(config, resampling),
        persist=_persist(config, version, certificate),
        reproducibility=ReproducibilityFacts(
            seed=config.seed,
            run_key=version.run_key,
            command=command or f"counterpoise run {config.name}.yaml",
            libraries=dict(sorted(libraries.items())),
            config=config.portable(),
        ),
        metrics=metrics,
        synthetic=synthetic,
        previous=previous,
        strategies=strategies,
    )


def _source(config: BalanceConfig, snapshot: Snapshot, split: SplitPlan) -> SourceFacts:
    classes: ClassCounts = {}
    for partition in PARTITIONS:
        for name, rows in split.counts.get(partition, {}).items():
            classes[name] = classes.get(name, 0) + rows
    settings = config.portable()["source"]
    return SourceFacts(
        location=settings["path"] or settings["url"],
        files=len(snapshot.files),
        target=config.columns.target,
        keys=config.columns.key_columns(),
        dropped_columns=config.columns.drop,
        classes=classes,
        imbalance=degree_of_imbalance(classes) if any(classes.values()) else None,
        **snapshot.model_dump(include={"rows", "columns", "digest", "rejected_lines", "notes"}),
    )


def _validation(config: BalanceConfig, validation: Validation) -> ValidationFacts:
    stated = validation.model_dump(include=set(ValidationFacts.model_fields))
    return ValidationFacts(on_invalid_rows=config.validation.on_invalid_rows, **stated)


def _split(config: BalanceConfig, split: SplitPlan) -> SplitFacts:
    return SplitFacts(duplicates=config.split.duplicates, **split.model_dump(include=set(SplitFacts.model_fields)))


def _resampling(config: BalanceConfig, plan: ResamplingPlan) -> ResamplingFacts:
    settings = config.resampling if plan.choice is None else follow(plan.choice, config.resampling)
    return ResamplingFacts(
        strategy=plan.strategy,
        options=_shown_options(settings, STRATEGIES[plan.strategy]),
        choice=plan.choice,
        **plan.model_dump(include={"before", "after", "weighted", "dropped", "repeated", "synthetic", "notes"}),
    )


def _shown_options(config: ResamplingConfig, strategy: Strategy) -> dict[str, Any]:
    """Return the options that affect the strategy."""
    options: dict[str, Any] = {}
    if strategy.searches:
        options = {"k_neighbors": config.k_neighbors, "scale": config.scale}
    if strategy.has_target:
        options |= {"ratio": config.ratio} | {f"ratio of {name}": ratio for name, ratio in config.ratios().items()}
    return options | config.sampler_options()


def _persist(config: BalanceConfig, version: DatasetVersion, certificate: Certificate) -> PersistFacts:
    root = config.output.root if not Path(config.output.root).is_absolute() else Path(config.output.root).name
    return PersistFacts(
        address=f"{root}/{version.dataset}@{version.version}",
        certificate=certificate,
        **version.model_dump(include=set(PersistFacts.model_fields)),
    )
