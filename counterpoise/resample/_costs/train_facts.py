"""The facts of the train rows before their features are read: counts, types, widths, and levels of categories.

Rows by class and types are free. A text's width is measured on up to three batches of the column; category levels take
one pass over the voted columns, one column and row group at a time, and are counted up to a bound.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from counterpoise.config import ColumnsConfig, ResamplingConfig
from counterpoise.errors import ResamplingError
from counterpoise.records import Snapshot, SplitPlan
from counterpoise.resample._job import ResamplingJob
from counterpoise.split import TrainRows
from counterpoise.table import ColumnRoles, SnapshotReader, SourceTable

MAX_LEVELS = 100_000
"""The largest number of levels that is counted in a column: no strategy with one column per level can handle more."""


@dataclass(frozen=True)
class TrainFacts:
    """The facts of the train partition.

    Attributes:
        classes: Train rows by class, for classes that have rows.
        source_rows: Rows of the whole source.
        numeric: The number of interpolated features.
        levels: Categories by voted feature, including one for missing values; 0 if they were not counted.
        nested: Features without distances, such as lists.
        numeric_bytes: Bytes per row of the interpolated features.
        voted_bytes: Bytes per row of the voted features.
        row_bytes: Bytes per row of all published columns and keys.
        group_rows: Rows of the source's largest row group.
    """

    classes: Mapping[str, int]
    source_rows: int
    numeric: int
    levels: Mapping[str, int]
    nested: tuple[str, ...] = ()
    numeric_bytes: float = 0.0
    voted_bytes: float = 0.0
    row_bytes: float = 100.0
    group_rows: int = 131_072

    @cached_property
    def rows(self) -> int:
        """The number of train rows."""
        return sum(self.classes.values())

    @property
    def voted(self) -> int:
        """The number of voted features."""
        return len(self.levels)

    @property
    def columns(self) -> int:
        """The columns of the space of all train rows: numbers, and one per category."""
        return self.numeric + sum(self.levels.values())

    def scaled(self, factor: float) -> TrainFacts:
        """Return the facts of a table with `factor` times the rows."""
        classes = {name: max(1, int(rows * factor)) for name, rows in self.classes.items()}
        source_rows = max(1, int(self.source_rows * factor))
        return replace(
            self, classes=classes, source_rows=source_rows, group_rows=max(1, min(self.group_rows, source_rows))
        )


def open_job(
    snapshot: Snapshot, split: SplitPlan, *, columns: ColumnsConfig, config: ResamplingConfig, seed: int
) -> ResamplingJob:
    """Return a job without targets: the train rows of a split, their classes, and the columns' roles.

    Args:
        snapshot: The source.
        split: Assigns its rows to train.
        columns: The roles of its columns.
        config: Strategy, ratio and options.
        seed: The run's seed.

    Raises:
        ColumnNotFoundError: The source lacks a configured column.
        InputError: No feature is left.
        ResamplingError: A feature is of an extension type.
    """
    source = SourceTable(snapshot, columns)
    _check_feature_types(source.schema, source.roles)
    train = TrainRows.from_plan(split, source.labels)
    return ResamplingJob(reader=source.reader, roles=source.roles, train=train, config=config, seed=seed, wanted={})


def _check_feature_types(schema: pa.Schema, roles: ColumnRoles) -> None:
    """Refuse features of extension types, such as UUIDs: Arrow cannot compare or count their values."""
    own = [name for name in roles.features if isinstance(schema.field(name).type, pa.BaseExtensionType)]
    if own:
        kind = schema.field(own[0]).type
        raise ResamplingError(
            "unsupported_feature_type",
            expected="numbers, dates, texts, booleans or categories as features",
            found=f"{own[0]!r} of type {kind}",
            remedy=f"name it in columns.ids or columns.drop, or write it as {kind.storage_type}",
            values={"column": own[0], "type": str(kind)},
        )


def read_facts(job: ResamplingJob, *, count_levels: bool = True) -> TrainFacts:
    """Return the facts of a job's train rows.

    Args:
        job: The train rows and the roles of the columns.
        count_levels: Whether to count the categories of the voted columns; if not, they count as 0.
    """
    reader, schema = job.reader, job.reader.schema
    nested = tuple(name for name in job.voted if pa.types.is_nested(schema.field(name).type))
    published = (*job.roles.data, *job.roles.keys)
    widths = {name: _width(reader, schema.field(name)) for name in published}
    return TrainFacts(
        classes={name: number for name, number in job.train.counts().items() if number},
        source_rows=job.reader.snapshot.rows,
        numeric=len(job.numeric),
        levels={name: 0 if name in nested or not count_levels else _levels(job, name) for name in job.voted},
        nested=nested,
        numeric_bytes=sum(widths[name] for name in job.numeric),
        voted_bytes=sum(widths[name] for name in job.voted),
        row_bytes=sum(widths.values()),
        group_rows=max((group.rows for group in reader.row_groups), default=1),
    )


def _width(reader: SnapshotReader, field: pa.Field) -> float:
    """Return the bytes of a value in memory, including its validity bit."""
    if pa.types.is_primitive(field.type) or pa.types.is_decimal(field.type):
        return float(field.type.bit_width) / 8 + 1 / 8
    groups = reader.row_groups
    if not groups:
        return 0.0
    looked_at = {0, len(groups) // 2, len(groups) - 1}
    batches = [next(iter(reader.iter_batches(groups[number], [field.name]))) for number in sorted(looked_at)]
    return max(float(batch.nbytes / max(1, batch.num_rows)) for batch in batches)


def _levels(job: ResamplingJob, name: str) -> int:
    """Return the number of a column's categories among the train rows, including one for missing values."""
    rows, found = np.sort(job.train.rows), None
    for group in job.reader.row_groups:
        low, high = np.searchsorted(rows, [group.first_row, group.first_row + group.rows])
        if low == high:
            continue
        part = job.reader.read_group(group, [name]).column(0).take(pa.array(rows[low:high] - group.first_row))
        if pa.types.is_dictionary(part.type):
            part = part.cast(part.type.value_type)
        distinct = pc.unique(part).drop_null()
        found = distinct if found is None else pc.unique(pa.concat_arrays([found, distinct]))
        if len(found) >= MAX_LEVELS:
            break
    return 1 + (0 if found is None else len(found))
