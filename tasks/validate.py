"""The second stage: the contract and the user's suite are held against the snapshot."""

from __future__ import annotations

from pathlib import Path

from counterpoise.core.config import BalanceConfig
from counterpoise.core.errors import CounterpoiseError
from counterpoise.core.records import Snapshot, Validation
from counterpoise.tasks.reporting import artifact_key, log, publish_table, stage_progress
from counterpoise.tasks.stage import stage

__all__ = ["validate"]


@stage
def validate(config: BalanceConfig, snapshot: Snapshot, *, folder: Path) -> Validation:
    """Check the snapshot with Great Expectations and set invalid rows apart.

    Args:
        config: The whole configuration.
        snapshot: The source.
        folder: The run's working area.

    Raises:
        ContractError: A critical expectation fails and quarantine cannot mend it.
    """
    from counterpoise.core.validate import validate_snapshot
    from counterpoise.expectations.suites import configured_suites

    suites = configured_suites(config, snapshot)
    progress = stage_progress(artifact_key(config.name, "validate"), description="Checking expectations")
    try:
        validation = validate_snapshot(
            snapshot, suites, config=config.validation, folder=folder / "validate", progress=progress
        )
    except CounterpoiseError as error:
        _show_failed(config, error)
        raise
    passed = sum(outcome.status == "passed" for outcome in validation.outcomes)
    log(
        f"validate: {passed:,} of {len(validation.outcomes):,} expectations met"
        + (f", {validation.rejected_rows:,} rows set apart" if validation.rejected_rows else "")
    )
    return validation


def _show_failed(config: BalanceConfig, error: CounterpoiseError) -> None:
    """Show the expectations that stopped the run; a run that goes on shows them all with its summary."""
    columns = ("expectation", "columns", "severity", "status", "observed", "unexpected", "examples")
    failed = [{name: str(outcome[name]) for name in columns} for outcome in error.values.get("failed", [])]
    if failed:
        publish_table(artifact_key(config.name, "validation"), failed, description="Why the run was refused")
