"""The fourth stage: plan which train rows are repeated, dropped or synthesised."""

from __future__ import annotations

from pathlib import Path

from counterpoise.config import BalanceConfig
from counterpoise.records import ResamplingPlan, Snapshot, SplitPlan
from counterpoise.tasks.progress import stage_progress
from counterpoise.tasks.reporting import log
from counterpoise.tasks.stage import stage


@stage
def resample(config: BalanceConfig, snapshot: Snapshot, split: SplitPlan, *, folder: Path) -> ResamplingPlan:
    """Plan the resampling of the train partition; no other row is read.

    `auto` is decided first, by cross-validation within train.

    Args:
        config: The complete configuration.
        snapshot: The source.
        split: The split, which identifies the train rows.
        folder: The run's working area.

    Raises:
        ResamplingError: The train partition cannot be resampled as configured.
    """
    from counterpoise.compare import choose_resampling
    from counterpoise.resample import Estimate, describe_plan, plan_resampling

    def log_estimate(needed: Estimate) -> None:
        if needed.noteworthy:
            log(f"resample: needs {needed}: {'; '.join(needed.reasons)}")

    chosen = choose_resampling(config, snapshot, split, folder=folder / "auto")
    plan = plan_resampling(
        snapshot,
        split,
        columns=config.columns,
        config=chosen.settings,
        seed=config.seed,
        folder=folder / "resample",
        choice=chosen.choice,
        synthetic_only=config.output.rows == "synthetic",
        progress=stage_progress(config.name, "resample", work="planning", unit="classes"),
        on_estimate=log_estimate,
    )
    for line in (describe_plan(plan), *plan.notes):
        log(f"resample: {line}")
    return plan
