"""Plan the resampling of the train rows, and store the plan."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from counterpoise.config import ColumnsConfig, ResamplingConfig
from counterpoise.errors import ResamplingError
from counterpoise.records import ResamplingPlan, Snapshot, SplitPlan, StrategyChoice
from counterpoise.resample._costs.preflight import Estimate, check_memory
from counterpoise.resample._costs.train_facts import open_job
from counterpoise.resample._job import SOURCE_ROW, Draft, ResamplingJob
from counterpoise.resample._notes import plan_notes
from counterpoise.resample._strategies.drafts import draft_plan
from counterpoise.resample._targets import wanted_rows
from counterpoise.runtime import Progress, child_seed, names_refusals, silent
from counterpoise.split import TrainRows
from counterpoise.table import read_arrow, write_arrow
from counterpoise.typing import Copies, Floats

_KEPT_BYTES = 512 * 2**20


@names_refusals("resample")
def plan_resampling(
    snapshot: Snapshot,
    split: SplitPlan,
    *,
    columns: ColumnsConfig,
    config: ResamplingConfig,
    seed: int,
    folder: Path,
    choice: StrategyChoice | None = None,
    synthetic_only: bool = False,
    progress: Progress = silent,
    on_estimate: Callable[[Estimate], object] | None = None,
) -> ResamplingPlan:
    """Decide which train rows are repeated or dropped and which synthetic rows are made.

    Args:
        snapshot: The source.
        split: Assigns its rows to train; no other rows are read.
        columns: The roles of its columns.
        config: Strategy, ratio and options; `auto` must have been decided before, see `choose_resampling`.
        seed: The run's seed.
        folder: The folder to write the plan to.
        choice: How `auto` was decided, for the record; None if the strategy was configured by name.
        synthetic_only: Whether every row of the source leaves train (`output.rows`).
        progress: Called with the number of classes done and in total.
        on_estimate: Called with the estimated costs before the work starts.

    Raises:
        ResamplingError: A class has too few rows for its neighbours, values cannot be searched, the strategy cannot
            work on these rows or would remove a class, it would need more memory than allowed, or there is no synthetic
            row to publish.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if config.strategy == "auto":
        raise _undecided()
    job = _with_targets(open_job(snapshot, split, columns=columns, config=config, seed=seed), config)
    needed = check_memory(job)
    if on_estimate is not None:
        on_estimate(needed)
    draft = _draft(job, progress)
    if choice is not None:
        draft.notes.insert(0, f"auto: {choice.strategy}. {choice.reason}")
    if synthetic_only:
        _keep_synthetic_rows(draft, job)
    return _write_plan(draft, job, folder, complete=not synthetic_only).model_copy(update={"choice": choice})


def _keep_synthetic_rows(draft: Draft, job: ResamplingJob) -> None:
    """Drop every row of the source from a draft."""
    if not any(recipe.num_rows for recipe in draft.recipes):
        raise ResamplingError(
            "no_synthetic_rows",
            expected="synthetic rows, the only ones to publish (output.rows: synthetic)",
            found=f"none: {job.strategy.label} {'made' if job.strategy.grows else 'makes'} no rows",
            remedy="choose a strategy that makes rows, such as smote, and a higher ratio, or set output.rows to all",
            values={"strategy": job.config.strategy},
        )
    draft.copies, draft.weights = np.zeros_like(draft.copies), None
    draft.notes.append(
        "train has synthetic rows only (output.rows); they are no anonymisation: real rows can be computed from them"
    )


def _undecided() -> ResamplingError:
    return ResamplingError(
        "undecided",
        expected="a strategy by name",
        found="auto, which has not been decided",
        remedy="pass the settings and the choice that counterpoise.compare.choose_resampling returns",
    )


def read_copies(plan: ResamplingPlan) -> tuple[npt.NDArray[np.int64], Copies]:
    """Return source rows (ascending) and how often each appears in the resampled partition."""
    table = read_arrow(plan.copies_file)
    return table["source_row"].to_numpy(), table["copies"].to_numpy()


def read_weights(plan: ResamplingPlan) -> Floats | None:
    """Return the weight of each train row, in the order of `read_copies`, or None if rows have no weights."""
    table = read_arrow(plan.copies_file)
    return np.asarray(table["weight"].to_numpy()) if "weight" in table.schema.names else None


def read_class_rows(plan: ResamplingPlan) -> tuple[npt.NDArray[np.int64], pa.Table] | None:
    """Return source rows (ascending) and features of growing classes, or None if they were not kept."""
    if not plan.rows_file:
        return None
    table = read_arrow(plan.rows_file)
    return table[SOURCE_ROW].to_numpy(), table.drop_columns([SOURCE_ROW])


def read_recipe(plan: ResamplingPlan) -> pa.Table | None:
    """Return the recipe of the synthetic rows, or None if there are none."""
    return read_arrow(plan.synthetic_file) if plan.synthetic_file else None


def _with_targets(job: ResamplingJob, config: ResamplingConfig) -> ResamplingJob:
    """Return the job with the named strategy, its own seed and the wanted rows of each class."""
    wanted = wanted_rows(job.train.counts(), config)
    return replace(
        job,
        config=config,
        seed=child_seed(job.seed, "resample", config.strategy),
        wanted={code: wanted[name] for code, name in enumerate(job.train.classes) if name in wanted},
    )


def _draft(job: ResamplingJob, progress: Progress) -> Draft:
    unchanged = all(number == job.present[code] for code, number in job.wanted.items())
    if job.strategy.family in ("over", "under") and unchanged:
        draft = Draft.unchanged(job)
        draft.notes.append("the classes already have the wanted ratio or exceed it: nothing was changed")
        return draft
    return draft_plan(job, progress)


def _write_plan(draft: Draft, job: ResamplingJob, folder: Path, *, complete: bool) -> ResamplingPlan:
    train, recipe = job.train, pa.concat_tables(draft.recipes) if draft.recipes else None
    after = _rows_after(job, draft.copies, recipe)
    if complete:
        _check_classes_left(job, after)
    copies_file = folder / "copies.arrow"
    order = np.argsort(train.rows)
    weights = {} if draft.weights is None else {"weight": draft.weights[order]}
    write_arrow(copies_file, pa.table({"source_row": train.rows[order], "copies": draft.copies[order], **weights}))
    synthetic = 0 if recipe is None else recipe.num_rows
    synthetic_file = str(folder / "synthetic.arrow") if recipe is not None and synthetic else ""
    if synthetic_file:
        write_arrow(Path(synthetic_file), recipe)
    rows_file = _write_rows(draft, folder)
    reached = after if draft.weights is None else _rows_after(job, draft.weights, None)
    return ResamplingPlan(
        strategy=job.config.strategy,
        copies_file=str(copies_file),
        synthetic_file=synthetic_file,
        rows_file=rows_file,
        before=train.counts(),
        after=_by_name(train, after),
        weighted={} if draft.weights is None else _by_name(train, reached),
        dropped=int((draft.copies == 0).sum()),
        repeated=int(np.maximum(draft.copies - 1, 0).sum()),
        synthetic=synthetic,
        notes=(*draft.notes, *(plan_notes(job, reached) if complete else ())),
    )


def _write_rows(draft: Draft, folder: Path) -> str:
    """Store the rows of growing classes for making synthetic rows later, unless there are very many."""
    if not 0 < sum(table.nbytes for table in draft.rows) <= _KEPT_BYTES:
        return ""
    path = folder / "rows.arrow"
    write_arrow(path, pa.concat_tables(draft.rows).unify_dictionaries().sort_by(SOURCE_ROW))
    return str(path)


def _rows_after(job: ResamplingJob, counted: Copies | Floats, recipe: pa.Table | None) -> npt.NDArray[np.int64]:
    """Return the rows by class code that result from copies or weights, and the recipe."""
    train, classes = job.train, len(job.train.classes)
    after = np.rint(np.bincount(train.codes, weights=counted, minlength=classes)).astype(np.int64)
    if recipe is not None:
        parents = train.positions(recipe["parent_a"].to_numpy())
        after += np.bincount(train.codes[parents], minlength=classes)
    return after


def _by_name(train: TrainRows, counts: npt.NDArray[np.int64]) -> dict[str, int]:
    return {name: int(count) for name, count in zip(train.classes, counts, strict=True)}


def _check_classes_left(job: ResamplingJob, after: npt.NDArray[np.int64]) -> None:
    """Refuse a plan that removes a class, which cleaning can do silently."""
    gone = [job.train.classes[code] for code in np.flatnonzero((after == 0) & (job.present > 0))]
    if gone:
        raise ResamplingError(
            "class_removed",
            expected="rows of every class after resampling",
            found=f"none left of {', '.join(map(repr, gone))}: {job.strategy.label} dropped them all",
            remedy='protect the smallest class with sampling_strategy "auto" in resampling.options, '
            "or choose another strategy",
            values={"classes": gone},
        )


def describe_plan(plan: ResamplingPlan) -> str:
    """Return the strategy and what it does to the train rows, in words.

    Args:
        plan: The plan.
    """
    weighted = ", ".join(f"{name} {number:,}" for name, number in plan.weighted.items())
    rows = f"{plan.repeated:,} repeated, {plan.synthetic:,} synthetic, {plan.dropped:,} dropped rows"
    return f"{plan.strategy}, {f'weighted to {weighted}' if weighted else rows}"
