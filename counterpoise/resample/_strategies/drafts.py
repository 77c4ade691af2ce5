"""Run each kind of strategy and draft its plan: copies of train rows, and recipes of synthetic ones."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pyarrow as pa

from counterpoise.errors import ResamplingError
from counterpoise.resample._job import SOURCE_ROW, Draft, ResamplingJob
from counterpoise.resample._neighbours.search import NeighbourSearch, neighbour_search
from counterpoise.resample._neighbours.space import ClassSpace, TrainSpace, read_codes
from counterpoise.resample._neighbours.voting import vote
from counterpoise.resample._strategies.grid import with_grids
from counterpoise.resample._strategies.learn_grid import learn_grids
from counterpoise.resample._strategies.recipe_table import recipe_table
from counterpoise.resample._strategies.smote import Recipe, smote_recipe, smotenc_recipe
from counterpoise.resample._strategies.smoten import draw_smoten
from counterpoise.runtime import Progress, silent
from counterpoise.strategies import (
    Combined,
    Drawn,
    Keeper,
    Maker,
    SamplerInput,
    Selection,
    Smote,
    SmoteKind,
    Unchanged,
    Weighing,
    repeat_rows,
)
from counterpoise.typing import Codes, Matrix


def draft_plan(job: ResamplingJob, progress: Progress = silent) -> Draft:
    """Run the job's strategy and return its draft.

    Raises:
        ResamplingError: The strategy cannot work on these rows.
    """
    draft = Draft.unchanged(job)
    match job.strategy:
        case Unchanged():
            pass
        case Selection() as strategy:
            _draft_selection(job, draft, strategy)
        case Weighing() as strategy:
            draft.weights = strategy.weigh(job.train.codes, job.wanted)
        case Keeper() as strategy:
            _draft_kept(job, draft, strategy)
        case Maker() as strategy:
            _draft_made(job, draft, strategy)
        case Smote() as strategy:
            _draft_smote(job, draft, progress, kind=_suitable_kind(job, strategy))
        case Combined() as strategy:
            _draft_smote(job, draft, progress, kind=job.smote_kind)
            _clean_together(job, draft, strategy)
        case other:
            raise TypeError(f"strategy {other.name!r} has no kind that resamples")
    if job.config.grid and draft.recipes:
        recipe = pa.concat_tables(draft.recipes)
        draft.recipes = [with_grids(recipe, learn_grids(job, recipe))]
    return draft


def _draft_selection(job: ResamplingJob, draft: Draft, strategy: Selection) -> None:
    """Select rows by their labels only."""
    draft.copies = strategy.select(job.train.codes, job.wanted, seed=job.seed, options=job.config.sampler_options())


def _draft_kept(job: ResamplingJob, draft: Draft, strategy: Keeper) -> None:
    """Keep the rows that an under-sampler or cleaner keeps."""
    space = TrainSpace.read(job)
    present, labels = np.unique(job.train.codes, return_inverse=True)
    wanted = {index: job.wanted[int(code)] for index, code in enumerate(present)}
    with _explained(job, draft):
        kept = strategy.keep(_input(job, space.points, labels, wanted=wanted))
    draft.copies = np.bincount(kept, minlength=len(labels)).astype(np.int32)


def _input(
    job: ResamplingJob, points: Matrix, labels: Codes, *, wanted: Mapping[int, int], k_neighbors: int = 0
) -> SamplerInput:
    options = job.config.sampler_options()
    return SamplerInput(
        points, labels, wanted=wanted, k_neighbors=k_neighbors, seed=job.seed, options=options, even=job.config.grid
    )


def _draft_smote(job: ResamplingJob, draft: Draft, progress: Progress, *, kind: SmoteKind) -> None:
    """Make rows of each growing class."""
    growing = _growing_by_neighbors(job, draft)
    if kind == "smoten":
        _draft_smoten(job, draft, growing)
        return
    classes = [(code, number, k) for k, wanted in growing.items() for code, number in wanted.items()]
    search = neighbour_search(job.config.neighbor_search, seed=job.seed)
    for done, (code, number, k) in enumerate(sorted(classes)):
        progress(done, len(classes))
        missing = number - int(job.present[code])
        _draft_class(job, draft, code, _smote_maker(number=missing, k_neighbors=k, seed=job.seed, search=search))
    progress(len(classes), len(classes))


def _smote_maker(
    *, number: int, k_neighbors: int, seed: int, search: NeighbourSearch
) -> Callable[[ClassSpace], Recipe]:
    def make(space: ClassSpace) -> Recipe:
        if not space.categories:
            return smote_recipe(space.points, number=number, k_neighbors=k_neighbors, seed=seed, search=search)
        return smotenc_recipe(
            space.points, space.codes, number=number, k_neighbors=k_neighbors, seed=seed, search=search
        )

    return make


def _draft_class(job: ResamplingJob, draft: Draft, code: int, make: Callable[[ClassSpace], Recipe]) -> None:
    space = ClassSpace.read(job, code)
    recipe = make(space)
    if job.config.grid:
        recipe = recipe.with_categories_of_nearer_parents(space.codes)
    if recipe.recall is not None:
        found = f"approximate search found {recipe.recall:.3f} of the true neighbours of the rows that were checked"
        draft.notes.append(f"class {job.train.classes[code]!r}: {found}")
    draft.recipes.append(recipe_table(recipe, space.rows, space.categories))
    draft.rows.append(space.table.append_column(SOURCE_ROW, pa.array(space.rows)))


def _suitable_kind(job: ResamplingJob, strategy: Smote) -> SmoteKind:
    """Return the kind of SMOTE that suits the features; a strategy that names another kind is refused."""
    if strategy.suits not in (None, job.smote_kind):
        raise ResamplingError(
            "unsuitable_features",
            expected=f"{strategy.needs} among the features, for {strategy.label}",
            found=f"{len(job.numeric)} numbers or dates and {len(job.voted)} categories",
            remedy="choose smote, which adapts to the features, or name numbers that are codes in columns.categorical",
            values={"numeric": list(job.numeric[:200]), "categorical": list(job.voted[:200])},
        )
    return job.smote_kind


def _draft_smoten(job: ResamplingJob, draft: Draft, growing: Mapping[int, Mapping[int, int]]) -> None:
    """Make rows by votes only, with distances between category codes: this needs no one-hot columns."""
    if not growing:
        return
    codes, categories = read_codes(job)
    for k, wanted in growing.items():
        with _explained(job, draft):
            made = list(draw_smoten(codes, job.train.codes, wanted=wanted, k_neighbors=k, seed=job.seed))
        for drawn, votes in made:
            recipe = Recipe(drawn.parent_a, drawn.parent_b, drawn.steps, votes.astype(np.float64))
            draft.recipes.append(recipe_table(recipe, job.train.rows, categories))


def _draft_made(job: ResamplingJob, draft: Draft, strategy: Maker) -> None:
    """Make rows with a strategy that considers all classes."""
    growing = _growing_by_neighbors(job, draft)
    if not growing:
        return
    space = TrainSpace.read(job)
    for k, wanted in growing.items():
        with _explained(job, draft):
            drawn = list(strategy.draw(_input(job, space.points, job.train.codes, wanted=wanted, k_neighbors=k)))
        draft.recipes += [_voted_recipe(job, space, one) for one in drawn if len(one.parent_a)]


def _voted_recipe(job: ResamplingJob, space: TrainSpace, drawn: Drawn) -> pa.Table:
    votes = vote(space.codes, drawn.neighbours, seed=job.seed)
    recipe = Recipe(drawn.parent_a, drawn.parent_b, drawn.steps, votes.astype(np.float64))
    if job.config.grid and job.numeric:  # without numbers, such rows would be copies
        recipe = recipe.with_categories_of_nearer_parents(space.codes)
    return recipe_table(recipe, job.train.rows, space.categories)


def _clean_together(job: ResamplingJob, draft: Draft, strategy: Combined) -> None:
    """Clean original and synthetic rows together, as SMOTEENN and SMOTETomek do."""
    space = TrainSpace.read(job)
    recipe = pa.concat_tables(draft.recipes) if draft.recipes else None
    points, labels = space.points, job.train.codes
    if recipe is not None:
        parents = job.train.positions(recipe["parent_a"].to_numpy())
        points = np.vstack([points, space.synthetic_points(recipe, job.train)])
        labels = np.concatenate([labels, labels[parents]])
    given = _input(job, points, labels, wanted={})
    with _explained(job, draft):
        kept = strategy.cleaner.keep(replace(given, options={"sampling_strategy": "all", **given.options}))
    stays = np.bincount(kept, minlength=len(labels)).astype(bool)
    draft.copies[~stays[: len(space.points)]] = 0
    if recipe is not None:
        draft.recipes = [recipe.filter(pa.array(stays[len(space.points) :]))]


def _growing_by_neighbors(job: ResamplingJob, draft: Draft) -> dict[int, dict[int, int]]:
    """Return the wanted rows of growing classes by their usable k; repeat the rows of classes without any."""
    by_neighbors: dict[int, dict[int, int]] = {}
    for code in job.growing():
        if k := _usable_neighbors(job, code, draft):
            by_neighbors.setdefault(k, {})[code] = job.wanted[code]
        else:
            only = {int(other): int(number) for other, number in enumerate(job.present) if number}
            draft.copies += repeat_rows(job.train.codes, only | {code: job.wanted[code]}, seed=job.seed) - 1
    return by_neighbors


def _usable_neighbors(job: ResamplingJob, code: int, draft: Draft) -> int:
    """Return k for a class, or 0 if its rows are to be repeated instead."""
    config, name, rows = job.config, job.train.classes[code], int(job.present[code])
    if rows > config.k_neighbors:
        return config.k_neighbors
    if config.too_few_neighbors == "stop":
        raise ResamplingError(
            "too_few_neighbors",
            expected=f"more than k_neighbors = {config.k_neighbors} train rows in each class that "
            f"{job.strategy.label} enlarges",
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


@contextmanager
def _explained(job: ResamplingJob, draft: Draft) -> Iterator[None]:
    """Turn the warnings of imbalanced-learn into notes, and its errors into refusals."""
    try:
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            yield
        draft.notes += dict.fromkeys(str(warning.message) for warning in said)
    except (ValueError, RuntimeError) as error:
        counts = {name: number for name, number in job.train.counts().items() if number}
        shown = ", ".join(f"{name} {number:,}" for name, number in list(counts.items())[:10])
        raise ResamplingError(
            "sampler_refused",
            expected=f"train rows that {job.strategy.label} can work with",
            found=f"{error} (train rows: {shown})",
            remedy=f"{job.strategy.remedy}, choose another resampling.strategy, or merge small classes",
            values={"strategy": job.config.strategy, "counts": counts},
        ) from error
