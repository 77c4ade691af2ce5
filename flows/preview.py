"""Run the first stages of a dataset and publish nothing: what would a run do?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from counterpoise.config import BalanceConfig
from counterpoise.flows.workspace import run_workspace
from counterpoise.records import ResamplingPlan, SplitPlan, Validation
from counterpoise.tasks.ingest import ingest
from counterpoise.tasks.resample import resample
from counterpoise.tasks.split import split
from counterpoise.tasks.validate import validate, validate_split

_FACTS = {"method", "duplicate_rows", "contradictory_rows", "unit", "windows", "spans", "notes"}
_NUMBERS = {"strategy", "before", "after", "weighted", "dropped", "repeated", "synthetic", "notes"}


@dataclass(frozen=True)
class Preview:
    """The plans of a run, as far as they were made.

    Attributes:
        dataset: The dataset's name.
        rows: The rows of the source.
        rejected: The rows and lines that are set apart.
        validation: The answers of the expectations.
        split: The partition of each row; None if only the source was checked.
        resampling: The copies and synthetic rows of train; None if only the source was checked.
    """

    dataset: str
    rows: int
    rejected: int
    validation: Validation
    split: SplitPlan | None = None
    resampling: ResamplingPlan | None = None

    def record(self) -> dict[str, Any]:
        """Return the plans in JSON form, without the files of the working area, which are deleted."""
        outcomes = self.validation.model_dump(mode="json", include={"success", "outcomes"})
        facts = {"dataset": self.dataset, "rows": self.rows, "rejected": self.rejected, "validation": outcomes}
        if self.split is not None:
            facts["split"] = {**self.split.model_dump(mode="json", include=_FACTS), "partitions": self.split.counts}
        if self.resampling is not None:
            facts["resampling"] = self.resampling.model_dump(mode="json", include=_NUMBERS)
        return facts


def preview(config: BalanceConfig, *, whole: bool) -> Preview:
    """Run the stages before anything is published; they refuse what they refuse in a run.

    Args:
        config: The complete configuration.
        whole: Whether to plan split and resampling, too, or only to check the source.

    Raises:
        CounterpoiseError: The data or the configuration is refused.
    """
    with run_workspace(config) as folder:
        snapshot = ingest(config, folder=folder)
        validation, lines = validate(config, snapshot, folder=folder), snapshot.rejected_lines
        if not whole:
            return Preview(config.name, snapshot.rows, lines + validation.rejected_rows, validation)
        plan = split(config, snapshot, validation, folder=folder)
        validation = validate_split(config, snapshot, validation, plan, folder=folder)
        resampling = resample(config, snapshot, plan, folder=folder)
        return Preview(config.name, snapshot.rows, lines + plan.rejected_rows, validation, plan, resampling)
