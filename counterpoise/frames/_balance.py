"""Balance a frame in a notebook with the flow's own engine, without a server or files to manage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from counterpoise.compare import choose_resampling
from counterpoise.config import BalanceConfig
from counterpoise.errors import InputError
from counterpoise.persist import publish_version
from counterpoise.records import ResamplingPlan, Snapshot, SplitPlan, Validation
from counterpoise.resample import plan_resampling
from counterpoise.runtime import names_refusals
from counterpoise.split import split_snapshot
from counterpoise.storage import scratch_folder
from counterpoise.strategies import StrategyName
from counterpoise.table import check_column_use, to_pandas, write_snapshot
from counterpoise.versions import Version, open_version

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class BalancedFrame:
    """The result of `balance_frame`.

    Attributes:
        train: Resampled features and label, shuffled.
        validation: Untouched rows.
        test: Untouched rows.
        keys: By partition: source row (the frame's row position), origin, parents, and the frame's id columns; one row
            for each row of the partition, in the same order.
        split: The split's plan.
        resampling: The resampling's plan.
        certificate: The checks of the leakage certificate.
    """

    train: pd.DataFrame
    validation: pd.DataFrame
    test: pd.DataFrame
    keys: dict[str, pd.DataFrame]
    split: SplitPlan
    resampling: ResamplingPlan
    certificate: dict[str, bool]


@names_refusals("resample")
def balance_frame(
    frame: pd.DataFrame, *, target: str, strategy: StrategyName = "random_over", seed: int = 0, **sections: Any
) -> BalancedFrame:
    """Split a frame and resample its train partition.

    Args:
        frame: The table; it is not modified. Its index is ignored: rows are identified by position.
        target: The label column.
        strategy: The resampling strategy.
        seed: The seed of all random choices.
        sections: Further settings by section, such as `columns={"ids": ["id"]}`, `split={"test_size": 0.3}` or
            `resampling={"ratio": 0.5}`.

    Returns:
        The partitions, with the frame's dtypes.

    Raises:
        CounterpoiseError: The frame cannot be split or resampled as configured.
    """
    with scratch_folder() as place:
        settings = {**sections, "columns": {**sections.get("columns", {}), "target": target}}
        settings["resampling"] = {**sections.get("resampling", {}), "strategy": strategy}
        config = BalanceConfig(
            name="frame", seed=seed, source={"path": str(place)}, output={"root": str(place / "datasets")}, **settings
        )
        snapshot = snapshot_frame(frame, target, place)
        return _balance(config, snapshot, place, frame)


def _balance(config: BalanceConfig, snapshot: Snapshot, place: Path, frame: pd.DataFrame) -> BalancedFrame:
    check_column_use(config, snapshot)
    unchecked = Validation(success=True, outcomes=())
    split = split_snapshot(
        snapshot,
        columns=config.columns,
        config=config.split,
        validation=unchecked,
        seed=config.seed,
        folder=place,
        positive_class=config.evaluation.positive_class,
    )
    chosen = choose_resampling(config, snapshot, split, folder=place / "auto")
    plan = plan_resampling(
        snapshot, split, columns=config.columns, config=chosen.settings, seed=config.seed, folder=place,
        choice=chosen.choice, synthetic_only=config.output.rows == "synthetic",
    )  # fmt: skip
    publish_version(config, snapshot=snapshot, validation=unchecked, split=split, resampling=plan)
    version = open_version(place / "datasets" / "frame")
    return BalancedFrame(
        **{name: _like(version.to_pandas(name), frame) for name in ("train", "validation", "test")},
        keys=_keys(version, ("train", "validation", "test")),
        split=split,
        resampling=plan,
        certificate=version.manifest.certificate.checks,
    )


def snapshot_frame(frame: pd.DataFrame, target: str, folder: Path) -> Snapshot:
    """Write the frame to an Arrow file and return it as a snapshot."""
    if target in frame.columns:
        kinds = {type(value) for value in frame[target].dropna().unique()} if frame[target].dtype == object else set()
        if len(kinds) > 1:
            raise InputError(
                "mixed_label_types",
                expected=f"labels of one type in {target!r}",
                found=", ".join(sorted(kind.__name__ for kind in kinds)),
                remedy="convert the label column, for example with .astype(str)",
            )
    try:
        table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
    except (pa.ArrowException, ValueError) as error:
        raise InputError(
            "unsupported_frame",
            expected="a frame with uniquely named columns, each of one type",
            found=str(error),
            remedy="convert the column, for example with .astype(str)",
        ) from error
    return write_snapshot(folder / "frame.arrow", table)


def _like(part: pd.DataFrame, frame: pd.DataFrame) -> pd.DataFrame:
    """Return a partition with the frame's dtypes."""
    return part.astype({name: frame[name].dtype for name in part.columns})


def _keys(version: Version, parts: Sequence[str]) -> dict[str, pd.DataFrame]:
    return {name: to_pandas(version.to_arrow(f"keys/{name}")) for name in parts}
