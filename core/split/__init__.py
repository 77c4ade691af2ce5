"""Exact stratified train, validation and test partitions, equal rows kept together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from counterpoise.core.arrow_files import write_arrow
from counterpoise.core.columns import column_roles
from counterpoise.core.config import ColumnsConfig, SplitConfig
from counterpoise.core.digest import file_sha256
from counterpoise.core.errors import SplitError
from counterpoise.core.labels import Labels, read_labels
from counterpoise.core.records import PARTITIONS, Snapshot, SplitPlan, Validation
from counterpoise.core.rejects import read_rejects, write_rejects
from counterpoise.core.snapshot import SnapshotReader
from counterpoise.core.split.allocation import GroupedRows, allocate_groups, partition_targets
from counterpoise.core.split.files import (
    REJECTED,
    Partition,
    read_content,
    read_partition,
)
from counterpoise.core.split.groups import Codes, content_hashes, count_contradictory, group_codes, link_groups
from counterpoise.core.split.rare import RareClasses, check_every_partition, find_rare, rare_rejects
from counterpoise.core.split.train_rows import TrainRows

__all__ = [
    "REJECTED",
    "TrainRows",
    "read_content",
    "read_partition",
    "split_snapshot",
]


_TOLERATED = 0.1


@dataclass(frozen=True)
class _Duplicates:
    """Rows that equal an earlier one in their features, and rows that equal one of another class."""

    repeated: int = 0
    contradictory: int = 0

    @classmethod
    def among(cls, content: Codes, labels: npt.NDArray[np.int32]) -> _Duplicates:
        return cls(len(content) - (int(content.max(initial=-1)) + 1), count_contradictory(content, labels))


def split_snapshot(
    snapshot: Snapshot, *, columns: ColumnsConfig, config: SplitConfig, validation: Validation, seed: int, folder: Path
) -> SplitPlan:
    """Decide for each row whether it is train, validation, test or rejected.

    Every class gets its exact share of every partition (within one row, as far as groups allow). Rows with equal
    features stay together unless `config.duplicates` is `ignore`; rows of one group always do.

    Args:
        snapshot: The source.
        columns: The roles of its columns.
        config: Sizes and policies.
        validation: Whose rejected rows are left out.
        seed: The run's seed.
        folder: Where the plan is written.

    Raises:
        SplitError: A class would be missing from a partition and `config.rare_classes` says to stop; a null label.
    """
    folder.mkdir(parents=True, exist_ok=True)
    reader = SnapshotReader(snapshot)
    roles = column_roles(reader.schema, columns)
    labels = read_labels(reader, roles.target)
    rejects = read_rejects(validation.rejects_file)
    usable = np.setdiff1d(np.arange(snapshot.rows), rejects["source_row"].to_numpy(), assume_unique=True)
    _check_labels(labels, usable)

    tied = np.arange(len(usable), dtype=np.int64)
    duplicates, content = _Duplicates(), None
    if config.duplicates == "together":
        tied = group_codes(content_hashes(snapshot, roles.features)[usable])
        content = np.full(snapshot.rows, REJECTED, dtype=np.int64)
        content[usable] = tied
        duplicates = _Duplicates.among(tied, labels.codes[usable])
    if columns.group:
        tied = link_groups(group_codes(reader.read_columns([columns.group]).column(0))[usable], tied)
    rows = GroupedRows(tied, labels.codes[usable], labels.classes)
    rare = find_rare(rows, config.rare_classes)
    placed = _place(rows, rare, config, seed)
    check_every_partition(placed, rows, rare)

    partition = np.full(snapshot.rows, REJECTED, dtype=np.int8)
    partition[usable] = placed
    set_apart = usable[placed == REJECTED]
    names = [labels.classes[code] for code in labels.codes[set_apart]]
    rejects = pa.concat_tables([rejects, rare_rejects(set_apart, names, roles.target)]).sort_by("source_row")
    notes = [f"class {labels.classes[code]!r} has too few rows: {config.rare_classes}" for code in rare]
    notes += _unequal_shares(placed, rows, rare, _shares(config))
    decided = {"partition": partition} | ({} if content is None else {"content": content})
    return _write_plan(decided, labels, duplicates, rejects, folder).model_copy(update={"notes": tuple(notes)})


def _check_labels(labels: Labels, usable: npt.NDArray[np.int64]) -> None:
    unlabelled = usable[labels.codes[usable] < 0]
    if len(unlabelled):
        raise SplitError(
            "null_label",
            expected="a label in every row that is not rejected",
            found=f"{len(unlabelled)} rows without one, the first is row {int(unlabelled[0]) + 1}",
            remedy="set validation.on_invalid_rows to quarantine, or mend the source",
            values={"rows": unlabelled[:20].tolist()},
        )
    present = [name for name, count in labels.counts(usable).items() if count]
    if len(present) < 2:
        raise SplitError(
            "single_class",
            expected="at least two classes among the usable rows",
            found=f"{len(present)}: {', '.join(present) or 'none'}",
            remedy="check columns.target and the source",
            values={"classes": present},
        )


def _shares(config: SplitConfig) -> tuple[float, ...]:
    """Return the partitions' shares of rows, in the order of `PARTITIONS`."""
    return (1 - config.validation_size - config.test_size, config.validation_size, config.test_size)


def _unequal_shares(
    placed: Partition, rows: GroupedRows, rare: RareClasses, shares: tuple[float, ...]
) -> Iterator[str]:
    """Tell where tied rows keep a class more than a tenth away from the share of a partition that it should have."""
    for code, name in enumerate(rows.classes):
        own = rows.labels == code
        wanted = partition_targets(int(own.sum()), shares)
        found = np.bincount(placed[own & (placed >= 0)], minlength=len(PARTITIONS))
        if code in rare or not (np.abs(found - wanted) > np.maximum(1, wanted * _TOLERATED)).any():
            continue
        largest = int(np.bincount(rows.groups[own]).max())
        counts = ", ".join(f"{part} {n:,} of {aim:,}" for part, n, aim in zip(PARTITIONS, found, wanted, strict=True))
        yield f"class {name!r} is off its shares ({counts}): up to {largest:,} of its rows are tied together"


def _place(rows: GroupedRows, rare: RareClasses, config: SplitConfig, seed: int) -> Partition:
    """Return the partition of each usable row: rare classes go where the policy says, with rows tied to them."""
    shares = _shares(config)
    is_rare = np.isin(rows.labels, list(rare))
    apart = is_rare
    if config.rare_classes == "train_only":
        apart = np.isin(rows.groups, np.unique(rows.groups[is_rare]))
    aside = REJECTED if config.rare_classes == "reject" else PARTITIONS.index("train")
    placed = np.full(len(rows.labels), aside, dtype=np.int8)
    if not apart.any():
        return allocate_groups(rows, shares=shares, seed=seed)
    free = GroupedRows(group_codes(rows.groups[~apart].astype(np.uint64)), rows.labels[~apart], rows.classes)
    placed[~apart] = allocate_groups(free, shares=shares, seed=seed)
    return placed


def _write_plan(
    decided: dict[str, npt.NDArray[Any]], labels: Labels, duplicates: _Duplicates, rejects: pa.Table, folder: Path
) -> SplitPlan:
    file, partition = folder / "split.arrow", decided["partition"]
    write_arrow(file, pa.table(decided))
    return SplitPlan(
        file=str(file),
        sha256=file_sha256(file),
        classes=labels.classes,
        counts={name: labels.counts(partition == number) for number, name in enumerate(PARTITIONS)},
        duplicate_rows=duplicates.repeated,
        contradictory_rows=duplicates.contradictory,
        rejected_rows=rejects.num_rows,
        rejects_file=write_rejects(folder / "rejects.parquet", rejects),
    )
