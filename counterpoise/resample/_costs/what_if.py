"""Preview the resampling of a source: the advice, and the estimated costs of every strategy.

Nothing is validated or published. Rows without a label are ignored, and of large tables equal rows may be split, so
that only labels, narrow columns and a sample of train rows are read: the split of a run may differ by a few rows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from counterpoise.config import BalanceConfig
from counterpoise.ingest import ingest_source
from counterpoise.records import Snapshot, SplitPlan, StrategyChoice, Validation
from counterpoise.resample._advice import Advice, Alternative, advise, follow
from counterpoise.resample._costs.preflight import Estimate, estimate, memory_limit, obstacle
from counterpoise.resample._costs.train_facts import TrainFacts, open_job, read_facts
from counterpoise.runtime import names_refusals, silent
from counterpoise.split import split_snapshot
from counterpoise.table import SnapshotReader, check_column_use, read_labels, write_rejects

_QUICK_SECONDS = 10
_SMALL = 5_000_000
"""Values up to which equal rows are searched for."""


@dataclass(frozen=True)
class Option:
    """One strategy with the ratio and neighbours that suit the rows.

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
    """The advised strategy and the estimated costs of resampling, before it starts.

    Attributes:
        facts: The facts of the train rows.
        advice: The resampler that suits the rows, and how imbalanced they are.
        choice: The advised strategy, and the evidence.
        configured: The configured strategy with its own settings; None for `auto`.
        limit: The bytes that resampling may use; None if unknown.
        options: All strategies, the advised one first, then those that can be used, fastest first.
    """

    facts: TrainFacts
    advice: Advice
    choice: StrategyChoice
    configured: Option | None
    limit: int | None
    options: tuple[Option, ...]

    def record(self) -> dict[str, Any]:
        """Return the preview as JSON-serialisable values."""
        return {
            "rows": self.facts.source_rows,
            "train": dict(self.facts.classes),
            "degree": self.advice.degree,
            "advice": self.choice.model_dump(mode="json"),
            "memory_limit": self.limit,
            "configured": None if self.configured is None else _record(self.configured),
            "strategies": [_record(option) for option in self.options],
        }


@names_refusals("advise")
def preview_resampling(
    config: BalanceConfig, *, folder: Path, choose: Callable[[Snapshot, SplitPlan], StrategyChoice]
) -> ResamplingPreview:
    """Estimate the resampling of a configuration's source.

    Args:
        config: The whole configuration.
        folder: A working area for the data that is read from the source.
        choose: Decides on a strategy for the train rows of a split.

    Raises:
        InputError: The source cannot be read as a table.
        ColumnNotFoundError: A configured column is missing.
        ColumnUseError: A configured column does not hold what it is named for.
        SplitError: The rows cannot be split as configured.
    """
    snapshot = ingest_source(
        config.source,
        target=config.columns.target,
        columns=config.columns.named(),
        folder=folder / "ingest",
        progress=silent,
    )
    check_column_use(config, snapshot)
    split = labelled_split(config, snapshot, folder=folder)
    settings = config.resampling
    facts = read_facts(open_job(snapshot, split, columns=config.columns, config=settings, seed=config.seed))
    advice, limit = advise(facts, settings), memory_limit(settings)
    choice = choose(snapshot, split)
    chosen = follow(choice, settings)
    advised = _option(choice.strategy, estimate(facts, chosen), "advised", obstacle(facts, chosen), limit)
    suited = Alternative(advice.strategy, advice.estimate, "suits the rows, and was tried")
    others = (
        _option(one.strategy, one.estimate, one.remark, one.trouble, limit)
        for one in (suited, *advice.alternatives)
        if one.strategy != choice.strategy
    )
    configured = None
    if settings.strategy != "auto":
        trouble = obstacle(facts, settings)
        configured = _option(settings.strategy, estimate(facts, settings), "", trouble, limit)
    return ResamplingPreview(facts, advice, choice, configured, limit, (advised, *sorted(others, key=_usefulness)))


def _usefulness(option: Option) -> tuple[bool, float]:
    """Return the sort key of options: those that can be used first, fastest first."""
    return not (option.runs and option.fits), max(_QUICK_SECONDS, option.estimate.seconds)


def _option(name: str, needed: Estimate, remark: str, trouble: str, limit: int | None) -> Option:
    fits = limit is None or needed.bytes <= limit
    return Option(name, needed, fits=fits, runs=not trouble, remark=trouble or (remark if fits else "over the limit"))


def labelled_split(config: BalanceConfig, snapshot: Snapshot, *, folder: Path) -> SplitPlan:
    """Split without validation: rows that have no label are left out.

    Equal rows are kept together as configured in small tables only: in large ones, reading all columns takes too long.

    Args:
        config: The roles of the columns, the split and the seed.
        snapshot: The source.
        folder: A working area.

    Raises:
        SplitError: The rows cannot be split as configured.
    """
    folder.mkdir(parents=True, exist_ok=True)
    labels = read_labels(SnapshotReader(snapshot), config.columns.target)
    rows, small = np.flatnonzero(labels.codes < 0), snapshot.rows * len(snapshot.columns) <= _SMALL
    same = {"reason": "null_label", "column": config.columns.target, "value": ""}
    rejects = pa.table({"source_row": rows, **{name: pa.repeat(text, len(rows)) for name, text in same.items()}})
    return split_snapshot(
        snapshot,
        columns=config.columns,
        config=config.split if small else config.split.model_copy(update={"duplicates": "ignore"}),
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
