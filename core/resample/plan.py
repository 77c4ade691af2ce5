"""From the train rows to a resampling plan on disk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from counterpoise.core.arrow_files import read_arrow, write_arrow
from counterpoise.core.columns import ColumnRoles, column_roles
from counterpoise.core.config import ColumnsConfig, ResamplingConfig
from counterpoise.core.errors import ResamplingError
from counterpoise.core.labels import read_labels
from counterpoise.core.progress import Progress, silent
from counterpoise.core.randomness import child_seed
from counterpoise.core.records import ResamplingPlan, Snapshot, SplitPlan
from counterpoise.core.resample.selection import repeat_rows, select_rows
from counterpoise.core.resample.smote import Recipe, smote_recipe, smotenc_recipe
from counterpoise.core.resample.space import category_codes, is_interpolated, numeric_matrix, train_statistics
from counterpoise.core.resample.targets import wanted_rows
from counterpoise.core.snapshot import SnapshotReader
from counterpoise.core.split import TrainRows

__all__ = ["VOTE", "plan_resampling", "read_copies", "read_recipe"]

VOTE = "vote:"
"""What the name of a voted column starts with in a recipe."""


@dataclass
class _Draft:
    """A plan in the making: copies a train row, recipes by class, and what the reader should know."""

    copies: npt.NDArray[np.int32]
    recipes: list[pa.Table] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Job:
    """What resampling works on."""

    reader: SnapshotReader
    roles: ColumnRoles
    train: TrainRows
    config: ResamplingConfig
    seed: int


def plan_resampling(
    snapshot: Snapshot,
    split: SplitPlan,
    *,
    columns: ColumnsConfig,
    config: ResamplingConfig,
    seed: int,
    folder: Path,
    progress: Progress = silent,
) -> ResamplingPlan:
    """Decide which train rows are repeated or dropped and which synthetic rows are made.

    Args:
        snapshot: The source.
        split: Which of its rows are train; no other row is looked at.
        columns: The roles of its columns.
        config: Strategy, ratio and options.
        seed: The run's seed.
        folder: Where the plan is written.
        progress: Told the classes done.

    Raises:
        ResamplingError: A class has too few rows for its neighbours, or values cannot be searched by.
    """
    folder.mkdir(parents=True, exist_ok=True)
    reader = SnapshotReader(snapshot)
    roles = column_roles(reader.schema, columns)
    train = TrainRows.from_plan(split, read_labels(reader, roles.target))
    draft = _draft(_Job(reader, roles, train, config, seed), progress)
    return _write_plan(draft, train, config, folder)


def read_copies(plan: ResamplingPlan) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32]]:
    """Return source rows (ascending) and how often each stands in the resampled partition."""
    table = read_arrow(plan.copies_file)
    return table["source_row"].to_numpy(), table["copies"].to_numpy()


def read_recipe(plan: ResamplingPlan) -> pa.Table | None:
    """Return the recipe of the synthetic rows, or None where there are none."""
    return read_arrow(plan.synthetic_file) if plan.synthetic_file else None


def _draft(job: _Job, progress: Progress) -> _Draft:
    counts = job.train.counts()
    wanted = wanted_rows(counts, strategy=job.config.strategy, ratio=job.config.ratio)
    by_code = {code: wanted[name] for code, name in enumerate(job.train.classes) if name in wanted}
    draft = _Draft(np.ones(len(job.train.rows), dtype=np.int32))
    if job.config.strategy != "none" and wanted == {name: count for name, count in counts.items() if count}:
        draft.notes.append("the classes already have the wanted ratio: nothing was changed")
        return draft
    seed = child_seed(job.seed, "resample", job.config.strategy)
    if job.config.strategy == "random_over":
        draft.copies = repeat_rows(job.train, by_code, seed=seed)
    elif job.config.strategy == "random_under":
        draft.copies = select_rows(job.train, by_code, seed=seed, options=job.config.sampler_options())
    elif job.config.strategy == "smote":
        _draft_smote(draft, job, by_code, seed, progress)
    return draft


def _draft_smote(draft: _Draft, job: _Job, wanted: Mapping[int, int], seed: int, progress: Progress) -> None:
    """Add a recipe for each class that should grow; repeat rows where a class has too few neighbours."""
    present = np.bincount(job.train.codes, minlength=len(job.train.classes))
    growing = [code for code, number in wanted.items() if number > present[code]]
    for done, code in enumerate(growing):
        progress(done, len(growing))
        neighbours = _usable_neighbors(job, code, int(present[code]), draft)
        missing = wanted[code] - int(present[code])
        if neighbours:
            draft.recipes.append(_class_recipe(job, code, number=missing, k_neighbors=neighbours, seed=seed))
        else:
            only = {int(other): int(number) for other, number in enumerate(present) if number}
            draft.copies += repeat_rows(job.train, only | {code: wanted[code]}, seed=seed) - 1
    progress(len(growing), len(growing))


def _usable_neighbors(job: _Job, code: int, rows: int, draft: _Draft) -> int:
    """Return k for a class, 0 where its rows should be repeated instead."""
    config, name = job.config, job.train.classes[code]
    if rows > config.k_neighbors:
        return config.k_neighbors
    if config.too_few_neighbors == "stop":
        raise ResamplingError(
            "too_few_neighbors",
            expected=f"more than k_neighbors = {config.k_neighbors} train rows in each class that SMOTE makes rows of",
            found=f"{rows} of class {name!r}",
            remedy="lower resampling.k_neighbors, set resampling.too_few_neighbors to lower_k or random_over, "
            "or choose random_over",
            values={"class": name, "rows": rows, "k_neighbors": config.k_neighbors},
        )
    if config.too_few_neighbors == "lower_k" and rows > 1:
        draft.notes.append(f"class {name!r} has {rows} train rows: k_neighbors lowered to {rows - 1}")
        return rows - 1
    draft.notes.append(f"class {name!r} has {rows} train rows: they are repeated instead of interpolated")
    return 0


def _class_recipe(job: _Job, code: int, *, number: int, k_neighbors: int, seed: int) -> pa.Table:
    """Return the recipe of one class's synthetic rows, parents as source rows."""
    fields = [job.reader.schema.field(name) for name in job.roles.features]
    numeric = [item.name for item in fields if is_interpolated(item, job.roles)]
    voted = [item.name for item in fields if item.name not in numeric]
    if not numeric:
        raise ResamplingError(
            "no_numeric_feature",
            expected="at least one numeric or date feature for SMOTE to interpolate",
            found=f"only categories: {', '.join(map(repr, voted[:20]))}",
            remedy="choose random_over or random_under",
            values={"features": voted[:200]},
        )
    rows = job.train.rows[job.train.codes == code]
    table = job.reader.read_rows(rows, [*numeric, *voted])
    points = _points(job, table.select(numeric))
    if not voted:
        recipe = smote_recipe(points, number=number, k_neighbors=k_neighbors, seed=seed)
        return _recipe_table(recipe, rows, {})
    codes, categories = category_codes(table.select(voted))
    recipe = smotenc_recipe(points, codes, number=number, k_neighbors=k_neighbors, seed=seed)
    return _recipe_table(recipe, rows, dict(zip(voted, categories, strict=True)))


def _points(job: _Job, table: pa.Table) -> npt.NDArray[np.float64]:
    """Return the class's numeric features as points, imputed and (unless switched off) standardised."""
    points = numeric_matrix(table)
    missing = np.isnan(points)
    if not job.config.scale and not missing.any():
        return points
    statistics = train_statistics(job.reader, job.train, table.schema.names)
    points = np.where(missing, statistics.median, points)
    return (points - statistics.median) / statistics.deviation if job.config.scale else points


def _recipe_table(recipe: Recipe, rows: npt.NDArray[np.int64], categories: Mapping[str, pa.Array]) -> pa.Table:
    columns = {"parent_a": rows[recipe.parent_a], "parent_b": rows[recipe.parent_b], "lambda": recipe.steps}
    table = pa.table(columns)
    for index, (name, values) in enumerate(categories.items()):
        votes = values.take(pa.array(recipe.votes[:, index].astype(np.int64)))
        table = table.append_column(f"{VOTE}{name}", votes)
    return table


def _write_plan(draft: _Draft, train: TrainRows, config: ResamplingConfig, folder: Path) -> ResamplingPlan:
    copies_file = folder / "copies.arrow"
    write_arrow(copies_file, pa.table({"source_row": train.rows, "copies": draft.copies}))
    after = np.bincount(train.codes, weights=draft.copies, minlength=len(train.classes)).astype(np.int64)
    synthetic_file = ""
    if draft.recipes:
        recipe = pa.concat_tables(draft.recipes, promote_options="default")
        synthetic_file = str(folder / "synthetic.arrow")
        write_arrow(Path(synthetic_file), recipe)
        parents = np.searchsorted(train.rows, recipe["parent_a"].to_numpy())
        after += np.bincount(train.codes[parents], minlength=len(train.classes))
    return ResamplingPlan(
        strategy=config.strategy,
        copies_file=str(copies_file),
        synthetic_file=synthetic_file,
        before=train.counts(),
        after={name: int(count) for name, count in zip(train.classes, after, strict=True)},
        dropped=int((draft.copies == 0).sum()),
        repeated=int(np.maximum(draft.copies - 1, 0).sum()),
        synthetic=sum(recipe.num_rows for recipe in draft.recipes),
        notes=tuple(draft.notes),
    )
