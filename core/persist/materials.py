"""What the published rows are made of: gathered from plans by publishing, from files by rebuilding."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from counterpoise.core.columns import ColumnRoles
from counterpoise.core.config import OutputConfig
from counterpoise.core.persist.gather import RowPool, read_pool
from counterpoise.core.persist.materialise import Materials, RowWeights
from counterpoise.core.persist.order import WINDOW_ROWS, TrainPlan, build_order
from counterpoise.core.persist.synthesis import Synthesis
from counterpoise.core.records import Snapshot
from counterpoise.core.snapshot import SnapshotReader
from counterpoise.core.split import TrainRows

__all__ = ["TrainRecipe", "gather_materials"]

Copies = npt.NDArray[np.int32]

_POOL_BYTES = 512 * 2**20


@dataclass(frozen=True)
class TrainRecipe:
    """How the resampled train partition is made of train rows.

    Attributes:
        train: The train rows.
        copies: How often each stands in it.
        synthetic: The recipe of the synthetic rows; None without any.
        weights: How much each train row counts; None where rows have no weights.
    """

    train: TrainRows
    copies: Copies
    synthetic: pa.Table | None = None
    weights: Copies | None = None


def gather_materials(
    snapshot: Snapshot, recipe: TrainRecipe, *, roles: ColumnRoles, partition: npt.NDArray[np.int8], seed: int,
    output: OutputConfig,
) -> Materials:  # fmt: skip
    """Return everything that decides the published rows; distinct rows of growing classes are read into memory.

    Args:
        snapshot: The source.
        recipe: How train is made.
        roles: The roles of the source's columns.
        partition: The partition code of every source row.
        seed: The run's seed.
        output: How files are written.
    """
    train, columns = recipe.train, (*roles.data, *roles.keys)
    pool_rows = _POOL_BYTES // _row_bytes(SnapshotReader(snapshot).subschema(columns))
    plan = TrainPlan(train, recipe.copies, _synthetic_codes(recipe))
    order = build_order(plan, source_rows=snapshot.rows, pool_rows=pool_rows, seed=seed)
    pooled = np.isin(train.codes, [code for code, stream in enumerate(order.streams) if stream.pooled])
    if recipe.synthetic is not None:  # a parent may be of a class that is not pooled
        parent = np.zeros(snapshot.rows, dtype=np.bool_)
        parent[recipe.synthetic["parent_b"].drop_null().to_numpy()] = True
        pooled |= parent[train.rows]
    return Materials(
        snapshot=snapshot,
        roles=roles,
        partition=partition,
        order=order,
        pool=RowPool(train.rows[pooled], read_pool(snapshot, train.rows[pooled], columns)),
        synthesis=None if recipe.synthetic is None else Synthesis(recipe.synthetic, roles, seed),
        weights=None if recipe.weights is None else RowWeights(train.rows, recipe.weights),
        compression_level=output.compression_level,
        windows_per_file=max(1, output.rows_per_file // WINDOW_ROWS),
    )


def _synthetic_codes(recipe: TrainRecipe) -> Copies:
    """Return the class of each synthetic row: that of its first parent."""
    if recipe.synthetic is None:
        return np.zeros(0, np.int32)
    train = recipe.train
    codes = np.zeros(int(train.rows[-1]) + 1, dtype=np.int32)
    codes[train.rows] = train.codes
    return np.asarray(codes[recipe.synthetic["parent_a"].to_numpy()])


def _row_bytes(schema: pa.Schema) -> int:
    """Return about how many bytes a row takes in memory: texts are taken for 32 bytes."""
    widths = [field.type.bit_width // 8 or 1 if pa.types.is_primitive(field.type) else 32 for field in schema]
    return max(1, sum(widths))
