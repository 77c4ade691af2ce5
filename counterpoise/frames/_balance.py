"""Balance a frame in a notebook with the flow's own engine, without a server or files to manage."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from counterpoise.compare import choose_resampling
from counterpoise.config import BalanceConfig
from counterpoise.expectations.suites import source_suites
from counterpoise.frames._open import AnyFrame, open_frame
from counterpoise.frames._read import ReadFrame, read_frame
from counterpoise.frames._settings import frame_config
from counterpoise.persist import publish_version
from counterpoise.records import PARTITIONS, ResamplingPlan, SplitPlan, Validation
from counterpoise.resample import plan_resampling
from counterpoise.runtime import names_refusals
from counterpoise.split import split_snapshot
from counterpoise.storage import scratch_folder
from counterpoise.strategies import StrategyName
from counterpoise.table import REJECTS_SCHEMA, check_column_use
from counterpoise.validate import validate_snapshot
from counterpoise.versions import Version, open_version

F = TypeVar("F")


@dataclass(frozen=True)
class BalancedFrame(Generic[F]):
    """The result of `balance_frame`, in frames of the library of the frame that was given.

    Attributes:
        train: Resampled features and label, shuffled.
        validation: Untouched rows.
        test: Untouched rows.
        keys: By partition: source row (the frame's row position), origin, parents, and the frame's id columns; one row
            for each row of the partition, in the same order.
        rejected: The rows that were set apart, such as those without a label: source row, reason, column and value.
        split: The split's plan.
        resampling: The resampling's plan.
        certificate: The checks of the leakage certificate.
        notes: What a run says in its log: columns that are kept as text, failed expectations, remarks of the strategy.
    """

    train: F
    validation: F
    test: F
    keys: dict[str, F]
    rejected: F
    split: SplitPlan
    resampling: ResamplingPlan
    certificate: dict[str, bool]
    notes: tuple[str, ...]


@names_refusals("resample")
def balance_frame(
    frame: F, *, target: Hashable, strategy: StrategyName = "random_over", seed: int = 0, **sections: Any
) -> BalancedFrame[F]:
    """Split a frame and resample its train partition, as a run does with a file of the same rows.

    Rows of the frame come back as they are: dtypes, values and, in pandas, index and labels of columns. Synthetic rows
    get labels of their own: integers that follow the largest one, or missing ones.

    Args:
        frame: A frame of pandas or Polars; it is not modified. Its index is no feature, but named levels may have
            roles, such as the group. Rows are identified by position.
        target: The label column.
        strategy: The resampling strategy.
        seed: The seed of all random choices.
        sections: Further settings by section, such as `columns={"ids": ["id"]}`, `split={"test_size": 0.3}` or
            `resampling={"ratio": 0.5}`. Those without effect on frames are refused.

    Returns:
        The partitions, with the frame's dtypes.

    Raises:
        CounterpoiseError: The frame cannot be split or resampled as configured.
    """
    opened = open_frame(frame)
    labels = {**opened.levels, **opened.names}
    config = frame_config(labels, sections, target=target, strategy=strategy, seed=seed)
    opened = opened.with_levels({config.columns.target, *config.columns.named()})
    with scratch_folder() as place:
        read = read_frame(opened.carried(config.columns.drop), config, place)
        return _balance(read, place, opened)


def _balance(read: ReadFrame, place: Path, frame: AnyFrame) -> BalancedFrame[Any]:
    config = read.config.model_copy(
        update={"output": read.config.output.model_copy(update={"root": str(place / "out")})}
    )
    check_column_use(config, read.snapshot)
    validation = validate_snapshot(
        read.snapshot, source_suites(config, read.snapshot), config=config.validation, folder=place / "validate"
    )
    split = split_snapshot(
        read.snapshot,
        columns=config.columns,
        config=config.split,
        validation=validation,
        seed=config.seed,
        folder=place,
        positive_class=config.evaluation.positive_class,
    )
    plan = _resampling(config, read, split, place)
    publish_version(config, snapshot=read.snapshot, validation=validation, split=split, resampling=plan)
    version = open_version(place / "out" / config.name)
    return BalancedFrame(
        **{name: _partition(version, name, read, frame) for name in PARTITIONS},
        keys={name: frame.table(version.to_arrow(f"keys/{name}"), read.source.roles.keys) for name in PARTITIONS},
        rejected=frame.table(_rejected(version)),
        split=split,
        resampling=plan,
        certificate=version.manifest.certificate.checks,
        notes=_notes(read, validation, plan),
    )


def _resampling(config: BalanceConfig, read: ReadFrame, split: SplitPlan, place: Path) -> ResamplingPlan:
    chosen = choose_resampling(config, read.snapshot, split, folder=place / "auto")
    return plan_resampling(
        read.snapshot, split, columns=config.columns, config=chosen.settings, seed=config.seed, folder=place,
        choice=chosen.choice, synthetic_only=config.output.rows == "synthetic",
    )  # fmt: skip


def _rejected(version: Version) -> pa.Table:
    found = version.to_arrow("rejected")
    return found if found.column_names else REJECTS_SCHEMA.empty_table()


def _partition(version: Version, name: str, read: ReadFrame, frame: AnyFrame) -> Any:
    """Return a partition: the frame's own rows, and the synthetic ones of the version."""
    positions = np.asarray(pc.fill_null(version.to_arrow(f"keys/{name}")["source_row"], -1).to_numpy())
    made = version.to_arrow(name).filter(pa.array(positions < 0))
    return frame.result(read.result(positions, made))


def _notes(read: ReadFrame, validation: Validation, plan: ResamplingPlan) -> tuple[str, ...]:
    failed = (one for one in validation.outcomes if one.status != "passed")
    found = (f"{', '.join(one.columns)}: {one.observed or one.status}".removeprefix(": ") for one in failed)
    return tuple(dict.fromkeys((*read.snapshot.notes, *found, *plan.notes)))
