"""The second stage: check the snapshot and, after the split, the partitions against suites."""

from __future__ import annotations

import importlib
import logging
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from counterpoise.config import BalanceConfig
from counterpoise.errors import CounterpoiseError
from counterpoise.records import ExpectationOutcome, Snapshot, SplitPlan, Validation
from counterpoise.runtime import LOCAL, Beside, Engine, Progress, beside
from counterpoise.tasks.engine import current_engine
from counterpoise.tasks.progress import stage_progress
from counterpoise.tasks.reporting import artifact_key, emit, log, publish_table
from counterpoise.tasks.stage import stage

if TYPE_CHECKING:
    from counterpoise.drift import SourceProfile

_SHOWN = 20
_CHECKED = (
    "expect_column_class_rows_to_be_at_least",
    "expect_column_pair_values_to_be_disjoint_between_partitions",
    "expect_column_values_to_not_be_infinite",
    "expect_multicolumn_contradictory_share_to_be_at_most",
)
"""Expectations of nearly every run."""
_FOR_CHECKS = ("counterpoise.expectations.suites", "counterpoise.table", "pyarrow.parquet", "pyarrow.compute")
_LATER = {"counterpoise.split": "split_snapshot", "counterpoise.persist": "publish_version"}
_LATER_WITH_A_STRATEGY = {"imblearn.over_sampling": "SMOTE", "counterpoise.resample": "plan_resampling"}
_LATER_WITH_AN_EVALUATION = {
    "sklearn.ensemble": "HistGradientBoostingClassifier",
    "counterpoise.evaluate": "compare_strategies",
    "skrub": "TableVectorizer",
    "counterpoise.report": "render_html",
}
"""What later stages take long to import: modules, and a name in each that is loaded when it is used."""


@stage
def validate(config: BalanceConfig, snapshot: Snapshot, *, folder: Path) -> Validation:
    """Check the snapshot with Great Expectations and quarantine invalid rows.

    Args:
        config: The complete configuration.
        snapshot: The source.
        folder: The run's working area.

    Raises:
        ContractError: A critical expectation fails and quarantine does not help.
        ColumnNotFoundError: A column that a setting names does not exist.
        ColumnUseError: A column does not hold what a setting names it for.
        EvaluationError: Rows do not have what their evaluation needs, such as costs.
    """
    from counterpoise.drift import profile_source
    from counterpoise.versions import write_profile

    progress = stage_progress(config.name, "validate", work="checking", unit="expectations")
    place = folder / "validate"
    with (
        _checking(config, snapshot, place, progress) as checking,
        beside(profile_source, snapshot, config.columns, config.split) as profiling,
    ):
        _import_meanwhile(config, profiling)
        try:
            validation = checking.result()
        except CounterpoiseError as error:
            _report_refusal(config, error, checked="source")
            raise
        _log_outcomes(validation)
        return validation.model_copy(update={"profile_file": write_profile(profiling.result(), place)})


def prepare_checks() -> None:
    """Import, in a process that checks nothing but frames, what checking needs."""
    from counterpoise.validate import load_engine_for_frames

    load_engine_for_frames()
    from counterpoise.expectations.registration import register_expectations

    register_expectations(_CHECKED)
    for module in _FOR_CHECKS:
        importlib.import_module(module)


def _checking(config: BalanceConfig, snapshot: Snapshot, place: Path, progress: Progress) -> Beside[Validation]:
    engine = current_engine()
    if engine is LOCAL:
        return beside(check_source, config, snapshot, place, progress=progress)
    return Beside(partial(check_source, config, snapshot, place, progress=progress, engine=engine))


def check_source(
    config: BalanceConfig, snapshot: Snapshot, place: Path, *, progress: Progress, engine: Engine = LOCAL
) -> Validation:
    """Return the verdict on a snapshot, without its profile; see `validate`."""
    from counterpoise.evaluate import check_preconditions
    from counterpoise.expectations.suites import configured_suites
    from counterpoise.table import check_column_use
    from counterpoise.validate import validate_snapshot

    check_column_use(config, snapshot)
    suites = configured_suites(config, snapshot)
    validation = validate_snapshot(
        snapshot, suites, config=config.validation, folder=place, engine=engine, progress=progress
    )
    if config.evaluation.enabled:
        check_preconditions(config, snapshot, rejects_file=validation.rejects_file)
    return validation


def _import_meanwhile(config: BalanceConfig, profiling: Beside[SourceProfile]) -> None:
    """Import what later stages need, for as long as the companion works."""
    sampled = _LATER_WITH_A_STRATEGY if config.resampling.strategy != "none" else {}
    evaluated = _LATER_WITH_AN_EVALUATION if config.evaluation.enabled else {}
    for module, name in (_LATER | sampled | evaluated).items():
        if profiling.waiting:
            getattr(importlib.import_module(module), name)


@stage
def validate_split(
    config: BalanceConfig, snapshot: Snapshot, validation: Validation, split: SplitPlan, *, folder: Path
) -> Validation:
    """Check that the partitions are disjoint and keep the prevalence.

    Args:
        config: The complete configuration.
        snapshot: The source.
        validation: The validation verdict.
        split: The partition of each row.
        folder: The run's working area.

    Returns:
        The verdict with the outcomes on the partitions added.

    Raises:
        ContractError: A guarantee of the split is violated.
    """
    from counterpoise.validate import partition_rows

    rows = partition_rows(snapshot, split, columns=config.columns, folder=folder / "validate")
    try:
        with beside(check_partitions, config, rows, split) as checking:
            outcomes = checking.result()
    except CounterpoiseError as error:
        _report_refusal(config, error, checked="partitions")
        raise
    for outcome in outcomes:
        if outcome.status != "passed":
            log(f"validate: {_line(outcome)}", level=logging.WARNING)
    return validation.model_copy(update={"outcomes": (*validation.outcomes, *outcomes)})


def check_partitions(config: BalanceConfig, rows: Snapshot, split: SplitPlan) -> tuple[ExpectationOutcome, ...]:
    """Return the outcomes on the partitions; see `validate_split`."""
    from counterpoise.expectations.partitions import build_partition_suite
    from counterpoise.validate import validate_partitions

    suite = build_partition_suite(split, tuple(column.name for column in rows.columns))
    return validate_partitions(rows, suite, config=config.validation)


def _log_outcomes(validation: Validation) -> None:
    """Log how many expectations passed, and the first warnings."""
    passed = sum(outcome.status == "passed" for outcome in validation.outcomes)
    log(
        f"validate: {passed:,} of {len(validation.outcomes):,} expectations passed"
        + (f", {validation.rejected_rows:,} rows rejected" if validation.rejected_rows else "")
        + (f", compared with version {validation.baseline}" if validation.baseline else "")
    )
    for outcome in validation.outcomes:
        if outcome.severity == "info" and outcome.source == "drift":
            log(f"validate: {outcome.observed}")
    warned = [one for one in validation.outcomes if one.status != "passed" and one.severity == "warning"]
    for outcome in warned[:_SHOWN]:
        log(f"validate: {_line(outcome)}", level=logging.WARNING)
    if len(warned) > _SHOWN:
        log(f"validate: and {len(warned) - _SHOWN:,} more warnings, all in the report", level=logging.WARNING)


def _line(outcome: ExpectationOutcome) -> str:
    columns = f"{', '.join(outcome.columns)}: " if outcome.columns else ""
    expectation = f" ({outcome.expectation})" if outcome.source in ("contract", "suite") or not outcome.columns else ""
    return f"{columns}{outcome.observed or outcome.status}{expectation}"


def _report_refusal(config: BalanceConfig, error: CounterpoiseError, *, checked: str) -> None:
    """Show the expectations that stopped the run, and emit the event; other runs show all of them at the end."""
    from counterpoise.report import validation_table

    failed, warned = (
        [ExpectationOutcome(**outcome) for outcome in error.values.get(kind, [])] for kind in ("failed", "warned")
    )
    if failed:
        key = artifact_key(config.name, "validation")
        publish_table(key, validation_table([*failed, *warned]), description="Why the run was refused")
    facts = {"checked": checked, "reason": error.reason, "found": error.found, "remedy": error.remedy}
    shown = [one.model_dump(mode="json", include={"expectation", "columns", "observed"}) for one in failed[:_SHOWN]]
    emit("counterpoise.validation.failed", config.name, {**facts, "failed": shown})
