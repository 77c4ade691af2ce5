"""The third stage: assign each row to a partition."""

from __future__ import annotations

from pathlib import Path

from counterpoise.config import BalanceConfig
from counterpoise.records import PARTITIONS, Snapshot, SplitPlan, Validation
from counterpoise.tasks.reporting import log
from counterpoise.tasks.stage import stage


@stage
def split(config: BalanceConfig, snapshot: Snapshot, validation: Validation, *, folder: Path) -> SplitPlan:
    """Decide for each row whether it is train, validation, test or rejected.

    Args:
        config: The complete configuration.
        snapshot: The source.
        validation: The validation verdict, whose rejected rows are excluded.
        folder: The run's working area.

    Raises:
        SplitError: The rows cannot be split as configured.
    """
    from counterpoise.split import split_snapshot

    plan = split_snapshot(
        snapshot,
        columns=config.columns,
        config=config.split,
        validation=validation,
        seed=config.seed,
        folder=folder / "split",
        positive_class=config.evaluation.positive_class,
    )
    sizes = (f"{name} {sum(plan.counts[name].values()):,}" for name in PARTITIONS)
    for line in (f"{plan.method}, {', '.join(sizes)}", *plan.notes):
        log(f"split: {line}")
    return plan
