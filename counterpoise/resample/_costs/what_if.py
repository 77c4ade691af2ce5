"""Preview the resampling of a source: the advice, and the estimated costs of every strategy.

Nothing is validated or published. Rows without a label are ignored, and equal rows may be split, so only labels and
narrow columns of a Parquet or Arrow source are read: the split of a run may differ by a few rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from counterpoise.config import BalanceConfig
from counterpoise.ingest import ingest_source
from counterpoise.records import Snapshot, SplitPlan, Validation
from counterpoise.resample._advice import Advice, advise
from counterpoise.resample._costs.preflight import Estimate, estimate, memory_limit, obstacle
from counterpoise.resample._costs.train_facts import TrainFacts, open_job, read_facts
from counterpoise.runtime import names_refusals, silent
from counterpoise.split import split_snapshot
from counterpoise.table import SnapshotReader, read_labels, write_rejects

_QUICK_SECONDS = 10


@dataclass(frozen=True)
class Option:
    """One strategy with the advised ratio and neighbours.

    Attributes:
        strategy: Its name in the configuration.
        estimate: Its estimated costs.
        fits: Whether these are within the memory limit.
        runs: Whether it can run on these rows.
        remark: Why it cannot be used, or a short description.
    """

    strategy: str
    estimate: Estimate
    fits: bool
    runs: bool
    remark: str


@dataclass(frozen=True)
class ResamplingPreview:
    """The advice and the estimated costs of resampling, before it starts.

    Attributes:
        facts: The facts of the train rows.
        advice: The strategy worth a first try.
        configured: The configured strategy with its own settings; None for `auto`.
        limit: The bytes that resampling may use; None if unknown.
        options: All strategies, the advised one first, then those that can be used, fastest first.
    """

    facts: TrainFacts
    advice: Advice
    configured: Option | None
    limit: int | None
    options: tuple[Option, ...]

    def record(self) -> dict[str, Any]:
        """Return the preview as JSON-serialisable values."""
        return {
            "rows": self.facts.source_rows,
            "train": dict(self.facts.classes),
            "degree": self.advice.degree,
            "advice": {
                "strategy": self.advice.strategy,
                "ratio": self.advice.ratio,
                "k_neighbors": self.advice.k_neighbors,
                "reason": self.advice.reason,
            },
            "memory_limit": self.limit,
            "configured": None if self.configured is None else _record(self.configured),
            "strategies": [_record(option) for option in self.options],
        }


@names_refusals("advise")
def preview_resampling(config: BalanceConfig, *, folder: Path) -> ResamplingPreview:
    """Estimate the resampling of a configuration's source.

    Args:
        config: The whole configuration.
        folder: A working area for the data that is read from the source.

    Raises:
        InputError: The source cannot be read as a table.
        ColumnNotFoundError: A configured column is missing.
        SplitError: The rows cannot be split as configured.
    """
    snapshot = ingest_source(config.source, target=config.columns.target, folder=folder / "ingest", progress=silent)
    split = _quick_split(config, snapshot, folder)
    settings = config.resampling
    facts = read_facts(open_job(snapshot, split, columns=config.columns, config=settings, seed=config.seed))
    advice, limit = advise(facts, settings), memory_limit(settings)
    advised = _option(advice.strategy, advice.estimate, "advised", obstacle(facts, advice.applied(settings)), limit)
    others = (_option(one.strategy, one.estimate, one.remark, one.trouble, limit) for one in advice.alternatives)
    configured = None
    if settings.strategy != "auto":
        trouble = obstacle(facts, settings)
        configured = _option(settings.strategy, estimate(facts, settings), "", trouble, limit)
    return ResamplingPreview(facts, advice, configured, limit, (advised, *sorted(others, key=_usefulness)))


def _usefulness(option: Option) -> tuple[bool, float]:
    """Return the sort key of options: those that can be used first, fastest first."""
    return not (option.runs and option.fits), max(_QUICK_SECONDS, option.estimate.seconds)


def _option(name: str, needed: Estimate, remark: str, trouble: str, limit: int | None) -> Option:
    fits = limit is None or needed.bytes <= limit
    return Option(name, needed, fits=fits, runs=not trouble, remark=trouble or (remark if fits else "over the limit"))


def _quick_split(config: BalanceConfig, snapshot: Snapshot, folder: Path) -> SplitPlan:
    """Split by labels, groups and sizes only, without rows that have no label."""
    labels = read_labels(SnapshotReader(snapshot), config.columns.target)
    rows = np.flatnonzero(labels.codes < 0)
    same = {"reason": "null_label", "column": config.columns.target, "value": ""}
    rejects = pa.table({"source_row": rows, **{name: pa.repeat(text, len(rows)) for name, text in same.items()}})
    return split_snapshot(
        snapshot,
        columns=config.columns,
        config=config.split.model_copy(update={"duplicates": "ignore"}),
        validation=Validation(success=True, outcomes=(), rejects_file=write_rejects(folder / "aside.parquet", rejects)),
        seed=config.seed,
        folder=folder / "split",
        positive_class=config.evaluation.positive_class,
    )


def _record(option: Option) -> dict[str, Any]:
    return {
        "strategy": option.strategy,
        "bytes": option.estimate.bytes,
        "seconds": round(option.estimate.seconds, 1),
        "fits": option.fits,
        "runs": option.runs,
        "remark": option.remark,
    }
