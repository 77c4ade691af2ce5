"""The split stage: assign rows to train, validation and test, keeping equal rows and groups in one partition."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from counterpoise.config import ColumnsConfig, SplitConfig, SplitMethod
from counterpoise.errors import SplitError
from counterpoise.records import PARTITIONS, Snapshot, SplitPlan, Validation
from counterpoise.runtime import file_sha256, names_refusals
from counterpoise.split._allocation import partition_shares
from counterpoise.split._content_order import content_order
from counterpoise.split._files import REJECTED
from counterpoise.split._groups import content_hashes, count_contradictory, group_codes
from counterpoise.split._in_time import TimeRoles, place_in_time
from counterpoise.split._keys import KeyRule
from counterpoise.split._leakage_removal import exclusion_rejects
from counterpoise.split._moments import read_moments
from counterpoise.split._near import MOST_CELLS, NearRows, near_duplicates, notes_on_near
from counterpoise.split._rows import Placement, SplitRows
from counterpoise.split._stable import place_by_key
from counterpoise.split._stratified import place_at_random
from counterpoise.split._unit_facts import notes_on_large_units, sizes_by_partition, units_of
from counterpoise.table import (
    Hashes,
    Labels,
    SourceTable,
    read_rejects,
    write_arrow,
    write_rejects,
)
from counterpoise.typing import Ints


@dataclass(frozen=True)
class _Duplicates:
    """Counts of rows with the same features as an earlier row, and as a row of another class."""

    repeated: int = 0
    contradictory: int = 0

    @classmethod
    def among(cls, rows: SplitRows) -> _Duplicates:
        if rows.content is None:
            return cls()
        repeated = len(rows.content) - (int(rows.content.max(initial=-1)) + 1)
        return cls(repeated, count_contradictory(rows.content, rows.labels))

    def told(self) -> dict[str, int]:
        """Return them by the names of the plan."""
        return {"duplicate_rows": self.repeated, "contradictory_rows": self.contradictory}


@dataclass(frozen=True)
class _Source:
    """The source to split, its usable rows by content, and the class of interest, empty for the rarer one."""

    table: SourceTable
    usable: Ints
    positive_class: str = ""

    def contents(self) -> Hashes:
        """Return a hash of each usable row's features."""
        return content_hashes(self.table.snapshot, self.table.roles.features)[self.usable]

    def near(self, config: SplitConfig) -> NearRows | None:
        """Return the near rows; None if there is too much to look through unasked."""
        features = self.table.roles.features
        if config.duplicates != "near" and len(self.usable) * len(features) > MOST_CELLS:
            return None
        return NearRows.of(self.table.snapshot, features, self.usable)

    def column(self, name: str) -> pa.ChunkedArray:
        return self.table.reader.read_columns([name]).column(0).take(pa.array(self.usable))


@names_refusals("split")
def split_snapshot(
    snapshot: Snapshot, *, columns: ColumnsConfig, config: SplitConfig, validation: Validation, seed: int, folder: Path,
    positive_class: str = "",
) -> SplitPlan:  # fmt: skip
    """Assign each row to train, validation or test, or reject it.

    Rows with equal features never end up in two partitions unless `config.duplicates` is `ignore`; rows of one group
    never do. A random draw gives every class its exact share of every partition (within one row, as far as groups
    allow) and draws tied rows as a unit. If the key or time decides, tied rows stay in only one partition and are
    excluded from the others.

    Args:
        snapshot: The source.
        columns: The roles of its columns.
        config: Method, sizes and policies.
        validation: The validation whose rejected rows are left out.
        seed: The run's seed.
        folder: The folder for the plan.
        positive_class: The class of interest, for `config.known_positives`; empty for the rarer one.

    Raises:
        SplitError: A class would be missing from a partition and `config.rare_classes` is `stop`, a label is null, or
            time does not divide the rows.
    """
    folder.mkdir(parents=True, exist_ok=True)
    table = SourceTable(snapshot, columns)
    labels = table.labels
    rejects = read_rejects(validation.rejects_file)
    together = config.duplicates != "ignore"
    hashes = content_hashes(snapshot, table.roles.features) if together else None
    order = content_order(snapshot, table.roles, features=hashes)
    usable = order[~np.isin(order, rejects["source_row"].to_numpy())] if rejects.num_rows else order
    _check_labels(labels, usable)

    source = _Source(table, usable, positive_class)
    contents = None if hashes is None else hashes[usable]
    content = group_codes(contents) if contents is not None else None
    near = source.near(config) if together else None
    rows = SplitRows(
        labels.codes[usable],
        labels.classes,
        near.codes if near is not None and config.duplicates == "near" else content,
        group_codes(source.column(columns.group)) if columns.group else None,
    )
    placement = _place(source, rows, contents, config, seed)
    rejects = pa.concat_tables([rejects, exclusion_rejects(placement.exclusions, usable, table.reader)]).sort_by(
        "source_row"
    )
    plan = _write_plan(_decided(placement, rows, usable, order), labels, rejects, folder)
    alike = None
    if near is not None and content is not None:
        alike = near_duplicates(near.steps, near.codes, content, placement.partition)
    facts = _facts(rows, placement, config)
    told = {
        **_Duplicates.among(replace(rows, content=content)).told(),
        "near": alike,
        "notes": (*facts["notes"], *notes_on_near(alike, looked=together)),
    }
    return plan.model_copy(update={"method": _method(columns, config), **facts, **told})


def _facts(rows: SplitRows, placement: Placement, config: SplitConfig) -> dict[str, Any]:
    """Return the plan's statements on the placement."""
    units = units_of(rows, placement.partition)
    large = notes_on_large_units(rows, placement.partition, units, partition_shares(config))
    return {
        "apart": {one.reason: len(one.places) for one in placement.exclusions},
        "spans": dict(placement.spans),
        "windows": dict(placement.windows),
        "positive_class": placement.positive_class,
        "unit": units.kind,
        "units": sizes_by_partition(units, placement.partition),
        "notes": (*placement.notes, *(one.note for one in placement.exclusions if one.note), *large),
    }


def _method(columns: ColumnsConfig, config: SplitConfig) -> SplitMethod:
    """Return the effective method: a random split with a group column is a grouped one."""
    return "grouped" if config.method == "random" and columns.group else config.method


def _place(source: _Source, rows: SplitRows, contents: Hashes | None, config: SplitConfig, seed: int) -> Placement:
    target = source.table.roles.target
    if config.method == "time":
        columns = source.table.columns
        moments = read_moments(source.column(columns.time), columns)
        roles = TimeRoles(target, columns.time, columns.group, source.positive_class)
        return place_in_time(rows, moments, config=config, roles=roles)
    if config.method == "stable":
        rule = KeyRule.of(source.table.columns, config, seed)
        keys = (
            content_hashes(source.table.snapshot, rule.columns, rule.key_hashes)[source.usable]
            if rule.columns
            else None
        )
        by_key = rule.partitions(keys, lambda: source.contents() if contents is None else contents)
        return place_by_key(rows, by_key, config=config, target=target)
    return place_at_random(rows, config=config, seed=seed, target=target)


def _check_labels(labels: Labels, usable: Ints) -> None:
    unlabelled = np.sort(usable[labels.codes[usable] < 0])
    if len(unlabelled):
        raise SplitError(
            "null_label",
            expected="a label in every row that is not rejected",
            found=f"{len(unlabelled)} rows without one, the first is row {int(unlabelled[0]) + 1}",
            remedy="set validation.on_invalid_rows to quarantine, or fix the source",
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


def _decided(placement: Placement, rows: SplitRows, usable: Ints, order: Ints) -> dict[str, npt.NDArray[Any]]:
    """Return the columns of the plan's file, with one value per source row."""
    partition = np.full(len(order), REJECTED, dtype=np.int8)
    partition[usable] = placement.partition
    if rows.content is None:
        return {"partition": partition, "order": order}
    content = np.full(len(order), REJECTED, dtype=np.int64)
    content[usable] = rows.content
    return {"partition": partition, "order": order, "content": content}


def _write_plan(decided: dict[str, npt.NDArray[Any]], labels: Labels, rejects: pa.Table, folder: Path) -> SplitPlan:
    file, partition = folder / "split.arrow", decided["partition"]
    write_arrow(file, pa.table(decided))
    return SplitPlan(
        file=str(file),
        sha256=file_sha256(file),
        classes=labels.classes,
        counts={name: labels.counts(partition == number) for number, name in enumerate(PARTITIONS)},
        rejected_rows=rejects.num_rows,
        rejects_file=write_rejects(folder / "rejects.parquet", rejects),
    )
