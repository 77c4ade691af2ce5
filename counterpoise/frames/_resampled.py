"""Carry out the plan of a resampling on the rows of a frame, and say where each row of the result comes from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from counterpoise.compare import choose_resampling
from counterpoise.frames._read import ReadFrame
from counterpoise.frames._rows import ResultRows
from counterpoise.persist import KEY_FIELDS, ORIGINS, PARENT_FIELDS, RowPool, Synthesis
from counterpoise.records import ResamplingPlan, SplitPlan
from counterpoise.resample import plan_resampling, read_copies, read_recipe
from counterpoise.runtime import file_sha256
from counterpoise.split import content_order
from counterpoise.table import write_arrow
from counterpoise.typing import Floats, Ints, Mask

_REJECTED = -1


@dataclass(frozen=True)
class Parents:
    """The rows that each row of a result is made of.

    Attributes:
        first: The position of the source row or of the first parent, whose label the row has.
        second: The position of the source row or of the second parent.
        steps: The step from the first to the second; 0 for rows of the source and for those made by votes.
    """

    first: Ints
    second: Ints
    steps: Floats


@dataclass(frozen=True)
class Resampled:
    """What a plan makes of train rows: rows of the frame, repeated ones beside each other, then synthetic ones.

    Attributes:
        read: The frame.
        plan: The plan.
        original: The positions of the frame's rows, ascending.
        made: The synthetic rows.
        recipe: How they were made: the columns `parent_a`, `parent_b` and `lambda`.
    """

    read: ReadFrame
    plan: ResamplingPlan
    original: Ints
    made: pa.Table
    recipe: pa.Table

    @property
    def number(self) -> int:
        """The number of rows."""
        return len(self.original) + int(self.made.num_rows)

    @cached_property
    def later(self) -> Mask:
        """Whether each row is a repetition or synthetic."""
        first = np.diff(self.original, prepend=-1) > 0
        return np.concatenate([~first, np.ones(self.made.num_rows, np.bool_)])

    def rows(self, order: Ints) -> ResultRows:
        """Return the rows in an order, without the label.

        Args:
            order: The number of each row.
        """
        positions = np.concatenate([self.original, np.full(self.made.num_rows, -1)])[order]
        return self.read.result(positions, self.made.take(pa.array(order[positions < 0] - len(self.original))))

    def parents(self, order: Ints) -> Parents:
        """Return the rows that each row is made of, in an order."""
        second = pc.coalesce(self.recipe["parent_b"], self.recipe["parent_a"])
        return Parents(
            np.concatenate([self.original, self.recipe["parent_a"].to_numpy()])[order],
            np.concatenate([self.original, second.to_numpy()])[order],
            np.concatenate([np.zeros(len(self.original)), pc.fill_null(self.recipe["lambda"], 0.0).to_numpy()])[order],
        )

    def keys(self, order: Ints) -> pa.Table:
        """Return source row, origin and parents of each row in an order, as the keys of a version have them."""
        own, made = len(self.original), self.made.num_rows
        source = pa.concat_arrays([pa.array(self.original), pa.nulls(made, pa.int64())])
        origin = np.where(self.later, ORIGINS[1], ORIGINS[0]).astype(object)
        origin[own:] = ORIGINS[2]
        parents = [
            pa.concat_arrays([pa.nulls(own, field.type), self.recipe[field.name].combine_chunks()])
            for field in PARENT_FIELDS
        ]
        return pa.table([source, pa.array(origin, pa.string()), *parents], schema=pa.schema(KEY_FIELDS)).take(order)


def carry_out(read: ReadFrame, folder: Path) -> Resampled:
    """Resample the rows of a frame as its configuration says, all of them in train.

    Args:
        read: The frame.
        folder: A working area.

    Raises:
        ResamplingError: The strategy cannot handle these rows.
    """
    config, roles = read.config, read.source.roles
    split = _all_train(read, folder)
    chosen = choose_resampling(config, read.snapshot, split, folder=folder / "auto", rows_only=True)
    plan = plan_resampling(
        read.snapshot, split, columns=config.columns, config=chosen.settings, seed=config.seed, folder=folder / "plan",
        choice=chosen.choice, synthetic_only=config.output.rows == "synthetic",
    )  # fmt: skip
    original, recipe = np.repeat(*read_copies(plan)), read_recipe(plan)
    if recipe is None:
        return Resampled(read, plan, original, read.rows.slice(0, 0), pa.schema(PARENT_FIELDS).empty_table())
    synthesis = Synthesis(recipe, roles, config.seed)
    made, _ = synthesis.rows(np.arange(recipe.num_rows), RowPool(np.arange(read.rows.num_rows), read.rows))
    return Resampled(read, plan, original, made, recipe)


def _all_train(read: ReadFrame, folder: Path) -> SplitPlan:
    """Return a split plan with every row that has a label in train."""
    labels = read.source.labels
    path = folder / "split.arrow"
    order = content_order(read.snapshot, read.source.roles)
    partition = np.where(labels.codes < 0, _REJECTED, 0).astype(np.int8)
    write_arrow(path, pa.table({"partition": partition, "order": order}))
    return SplitPlan(
        file=str(path), sha256=file_sha256(path), classes=labels.classes, counts={"train": labels.counts()}
    )
