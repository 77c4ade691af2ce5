"""The materials of the published rows, gathered from plans when publishing and from files when rebuilding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from counterpoise.config import OutputConfig
from counterpoise.persist._rows.gather import RowPool, read_pool
from counterpoise.persist._rows.order import WINDOW_ROWS, TrainOrder, TrainPlan, build_order
from counterpoise.persist._rows.synthesis import Synthesis
from counterpoise.records import Snapshot
from counterpoise.split import TrainRows
from counterpoise.table import ColumnRoles, SnapshotReader, batch_rows, row_bytes
from counterpoise.typing import Copies, Floats, Ints

_POOL_BYTES = 512 * 2**20


@dataclass(frozen=True)
class RowWeights:
    """The weights of train rows.

    Attributes:
        rows: Their source rows, ascending.
        weights: One per row; whole numbers, int32, in versions from before they were constant within a class.
    """

    rows: Ints
    weights: Floats | Copies

    def of(self, rows: Ints) -> pa.Array:
        """Return the weights of the given source rows."""
        return pa.array(self.weights[np.searchsorted(self.rows, rows)])

    def only(self, rows: Ints) -> RowWeights:
        """Return the weights of a subset of the rows."""
        kept = np.unique(rows)
        return RowWeights(kept, self.weights[np.searchsorted(self.rows, kept)])


@dataclass(frozen=True)
class Materials:
    """Everything that determines the published rows, or those of some windows.

    Attributes:
        snapshot: The source.
        roles: The roles of its columns.
        partition: The partition code of every source row, or of the rows in the windows' stretches.
        order: The order of the train partition.
        pool: The rows of repeated and interpolated classes.
        synthesis: Makes the synthetic rows; None if there are none.
        weights: The weights of train rows; None if rows are not weighted.
        compression_level: The zstd level.
        windows_per_file: The maximum number of windows per train file.
        first_row: The source row of the first partition code.
    """

    snapshot: Snapshot
    roles: ColumnRoles
    partition: npt.NDArray[np.int8]
    order: TrainOrder
    pool: RowPool
    synthesis: Synthesis | None
    weights: RowWeights | None
    compression_level: int
    windows_per_file: int
    first_row: int = 0

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns to read: data and keys."""
        return (*self.roles.data, *self.roles.keys)

    def part(self, windows: range, stretch: range) -> Materials:
        """Return the materials of some windows; the pool stays complete.

        Args:
            windows: The windows.
            stretch: The source rows of their stretches.
        """
        order = self.order.part(windows)
        items = np.concatenate([np.zeros(0, np.int64), *(stream.items for stream in order.streams)])
        return replace(
            self,
            partition=self.partition[stretch.start - self.first_row : stretch.stop - self.first_row],
            order=order,
            synthesis=None if self.synthesis is None else self.synthesis.only(-1 - items[items < 0]),
            weights=None if self.weights is None else self.weights.only(items[items >= 0] % order.source_rows),
            first_row=stretch.start,
        )


@dataclass(frozen=True)
class TrainRecipe:
    """How the resampled train partition is built from the train rows.

    Attributes:
        train: The train rows.
        copies: How often each of them occurs in it.
        synthetic: The recipe of the synthetic rows; None if there are none.
        weights: The weight of each train row; None if rows are not weighted.
        known: Source rows, ascending, and features of train rows that were already read; None if there are none.
    """

    train: TrainRows
    copies: Copies
    synthetic: pa.Table | None = None
    weights: Floats | Copies | None = None
    known: tuple[Ints, pa.Table] | None = None


def gather_materials(
    snapshot: Snapshot, recipe: TrainRecipe, *, roles: ColumnRoles, partition: npt.NDArray[np.int8], seed: int,
    output: OutputConfig,
) -> Materials:  # fmt: skip
    """Return the materials of the published rows; the distinct rows of growing classes are read into memory.

    Args:
        snapshot: The source.
        recipe: How train is built.
        roles: The roles of the source's columns.
        partition: The partition code of every source row.
        seed: The run's seed.
        output: How files are written.
    """
    train, columns = recipe.train, (*roles.data, *roles.keys)
    width = row_bytes(SnapshotReader(snapshot).subschema(columns))
    plan = TrainPlan(train, recipe.copies, _synthetic_codes(recipe))
    order = build_order(
        plan,
        source_rows=snapshot.rows,
        pool_rows=_POOL_BYTES // width,
        seed=seed,
        window_rows=min(WINDOW_ROWS, batch_rows(width)),
    )
    pooled = np.isin(train.codes, [code for code, stream in enumerate(order.streams) if stream.pooled])
    if recipe.synthetic is not None:  # a parent may belong to a class that is not pooled
        pooled[train.positions(recipe.synthetic["parent_b"].drop_null().to_numpy())] = True
    return Materials(
        snapshot=snapshot,
        roles=roles,
        partition=partition,
        order=order,
        pool=RowPool(train.rows[pooled], _pool(snapshot, recipe, train.rows[pooled], columns)),
        synthesis=None if recipe.synthetic is None else Synthesis(recipe.synthetic, roles, seed),
        weights=None if recipe.weights is None else RowWeights(train.rows, recipe.weights),
        compression_level=output.compression_level,
        windows_per_file=max(1, output.rows_per_file // order.window_rows),
    )


def _pool(snapshot: Snapshot, recipe: TrainRecipe, rows: Ints, columns: Sequence[str]) -> pa.Table:
    """Return the given source rows, reusing features that were already read."""
    if recipe.known is None or not len(rows) or not np.isin(rows, recipe.known[0], assume_unique=True).all():
        return read_pool(snapshot, rows, columns)
    places, features = np.searchsorted(recipe.known[0], rows), recipe.known[1]
    narrow = read_pool(snapshot, rows, [name for name in columns if name not in features.schema.names])
    wide = features.take(pa.array(places))
    taken = [(narrow if name in narrow.schema.names else wide)[name] for name in columns]
    schema = SnapshotReader(snapshot).subschema(columns)
    return pa.table(taken, schema=schema).unify_dictionaries().combine_chunks()


def _synthetic_codes(recipe: TrainRecipe) -> Copies:
    """Return the class of each synthetic row, which is that of its first parent."""
    if recipe.synthetic is None:
        return np.zeros(0, np.int32)
    train = recipe.train
    return np.asarray(train.codes[train.positions(recipe.synthetic["parent_a"].to_numpy())])
