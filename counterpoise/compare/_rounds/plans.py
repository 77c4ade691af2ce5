"""Resampling of a fold's train rows: a plan, shared by all learners, and the rows as a matrix.

The plan comes from the same code as in `counterpoise run`, applied to the fold's rows. So the comparison measures what
would be published, and a strategy is refused for the same reasons.
"""

from __future__ import annotations

import json
import time
import uuid
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from counterpoise.compare._processes.memory_peak import peak_mb
from counterpoise.compare._processes.workers import workers
from counterpoise.compare._rounds.training_rows import TrainingRows
from counterpoise.config import Step, sampler_settings
from counterpoise.errors import ResamplingError
from counterpoise.persist import RowPool, Synthesis
from counterpoise.resample import ResamplingJob, check_memory, draft_plan, wanted_rows
from counterpoise.runtime import json_sha256
from counterpoise.split import TrainRows
from counterpoise.table import read_arrow, write_arrow
from counterpoise.typing import Copies, Floats, Ints, Matrix


@dataclass(frozen=True)
class FoldPlan:
    """The resampling plan of a fold's train rows.

    Attributes:
        copies: How often each row appears in the result.
        recipe: How to make the synthetic rows; None if there are none.
        weights: The weight of each row; None if all weigh one.
        facts: `seconds` and `peak_mb` of making the plan, and its `notes`.
        folder: Where it is stored.
    """

    copies: Copies
    recipe: pa.Table | None
    weights: Floats | None
    facts: dict[str, Any]
    folder: Path | None = None


@dataclass(frozen=True)
class TrainMatrix:
    """Rows to train on: features, target codes, and weights (None if all weigh one)."""

    features: Matrix
    targets: Ints
    weights: Floats | None = None


def fold_plan(training_rows: TrainingRows, steps: tuple[Step, ...], number: int) -> FoldPlan:
    """Return the plan of a strategy for a round; it is made once and shared by all learners.

    Args:
        training_rows: The rows of the comparison.
        steps: The strategy.
        number: The round.

    Raises:
        ResamplingError: The strategy cannot work on these rows, or would need more memory than allowed.
    """
    seed = training_rows.comparison.rules.seeds.sampler
    name = json_sha256([seed, *([step.name, step.options] for step in steps)])[:16]
    folder = Path(training_rows.comparison.folder) / "plans" / f"{name}-{number}"
    if not folder.is_dir():
        _write(_make(training_rows, steps, number), folder)
    return _read(folder)


def train_matrix(training_rows: TrainingRows, plan: FoldPlan | None, number: int) -> TrainMatrix:
    """Apply a plan to a round's train rows, synthetic rows last; without a plan return the rows as they are."""
    train, features = training_rows.train_rows(number), training_rows.features("train", number)
    if plan is None:
        return TrainMatrix(features, training_rows.target_codes(train.codes))
    kept, codes = np.repeat(features, plan.copies, axis=0), np.repeat(train.codes, plan.copies)
    if plan.recipe is not None and plan.recipe.num_rows:
        kept = np.vstack([kept, _synthetic_features(training_rows, plan, number)])
        codes = np.concatenate([codes, _classes_of(plan.recipe, train)])
    return TrainMatrix(kept, training_rows.target_codes(codes), plan.weights)


def _make(training_rows: TrainingRows, steps: tuple[Step, ...], number: int) -> FoldPlan:
    started, rules = time.perf_counter(), training_rows.comparison.rules
    train = training_rows.train_rows(number)
    config = sampler_settings(rules.resampling, steps[0].name, steps[0].options)
    wanted = wanted_rows(train.counts(), config)
    job = ResamplingJob(
        reader=training_rows.source.reader, roles=training_rows.source.roles, train=train, config=config,
        seed=rules.seeds.sampler,
        wanted={code: wanted[name] for code, name in enumerate(train.classes) if name in wanted},
    )  # fmt: skip
    check_memory(job, shared_by=workers(rules.tournament.workers))
    draft = draft_plan(job)
    recipe = pa.concat_tables(draft.recipes) if draft.recipes else None
    plan = FoldPlan(draft.copies, recipe, draft.weights, {})
    for step in steps[1:]:
        plan = _thinned(training_rows, train, plan, step)
    _check_classes_left(train, plan, steps)
    facts = {"seconds": time.perf_counter() - started, "peak_mb": peak_mb(), "notes": list(draft.notes)}
    return replace(plan, facts=facts)


def _thinned(training_rows: TrainingRows, train: TrainRows, plan: FoldPlan, step: Step) -> FoldPlan:
    """Under-sample the rows of a plan at random; this depends on their classes only."""
    from imblearn.under_sampling import RandomUnderSampler

    rules = training_rows.comparison.rules
    config = sampler_settings(rules.resampling, step.name, step.options)
    rows = np.repeat(np.arange(len(train.codes)), plan.copies)
    synthetic = np.zeros(0, np.int32) if plan.recipe is None else _classes_of(plan.recipe, train)
    codes = np.concatenate([train.codes[rows], synthetic])
    present = np.bincount(codes, minlength=len(train.classes))
    wanted = wanted_rows({name: int(count) for name, count in zip(train.classes, present, strict=True)}, config)
    sizes = {code: wanted[name] for code, name in enumerate(train.classes) if name in wanted}
    sampler = RandomUnderSampler(sampling_strategy=sizes, random_state=rules.seeds.sampler, **config.sampler_options())
    sampler.fit_resample(np.arange(len(codes)).reshape(-1, 1), codes)
    chosen = np.asarray(sampler.sample_indices_)
    copies = np.bincount(rows[chosen[chosen < len(rows)]], minlength=len(train.codes)).astype(np.int32)
    kept = np.sort(chosen[chosen >= len(rows)]) - len(rows)
    return replace(plan, copies=copies, recipe=None if plan.recipe is None else plan.recipe.take(pa.array(kept)))


def _check_classes_left(train: TrainRows, plan: FoldPlan, steps: tuple[Step, ...]) -> None:
    after = np.bincount(train.codes, weights=plan.copies, minlength=len(train.classes))
    if plan.recipe is not None:
        after += np.bincount(_classes_of(plan.recipe, train), minlength=len(train.classes))
    present = np.bincount(train.codes, minlength=len(train.classes))
    gone = [train.classes[code] for code in np.flatnonzero((after == 0) & (present > 0))]
    if gone:
        raise ResamplingError(
            "class_removed",
            expected="rows of every class after resampling",
            found=f"none left of {', '.join(map(repr, gone))}",
            remedy=f"leave the smallest class alone in the options of {steps[0].name}, or choose another strategy",
            values={"classes": gone},
        )


def _synthetic_features(training_rows: TrainingRows, plan: FoldPlan, number: int) -> Matrix:
    """Return the encoded synthetic rows; they are made once and shared by all learners."""
    assert plan.folder is not None  # noqa: S101  # every plan is read back from its folder
    assert plan.recipe is not None  # noqa: S101  # there are synthetic rows
    made = plan.folder / "synthetic.npy"
    if made.exists():
        return np.asarray(np.load(made))
    features = training_rows.encode(_synthetic_rows(training_rows, plan.recipe), number)
    draft = made.with_name(f".{uuid.uuid4().hex}.npy")
    np.save(draft, features)
    draft.replace(made)
    return features


def _synthetic_rows(training_rows: TrainingRows, recipe: pa.Table) -> pa.Table:
    """Return the synthetic rows in the source's own types."""
    both = [recipe["parent_a"].to_numpy(), recipe["parent_b"].drop_null().to_numpy()]
    parents = np.unique(np.concatenate(both))
    pool = RowPool(parents, training_rows.source.read_rows(parents).combine_chunks())
    synthesis = Synthesis(recipe, training_rows.source.roles, training_rows.comparison.rules.seeds.sampler)
    rows, _ = synthesis.rows(np.arange(recipe.num_rows), pool)
    return rows


def _classes_of(recipe: pa.Table, train: TrainRows) -> Copies:
    return train.codes[train.positions(recipe["parent_a"].to_numpy())]


def _write(plan: FoldPlan, folder: Path) -> None:
    """Write a plan's folder atomically; if two candidates make the same plan, the first one is kept."""
    draft = folder.with_name(f".{folder.name}.{uuid.uuid4().hex}")
    draft.mkdir(parents=True)
    weights = {} if plan.weights is None else {"weight": plan.weights}
    write_arrow(draft / "copies.arrow", pa.table({"copies": plan.copies, **weights}))
    if plan.recipe is not None:
        write_arrow(draft / "recipe.arrow", plan.recipe.unify_dictionaries().combine_chunks())
    (draft / "facts.json").write_text(json.dumps(plan.facts), encoding="utf-8")
    try:
        draft.rename(folder)
    except OSError:
        if not folder.is_dir():
            raise


def _read(folder: Path) -> FoldPlan:
    table = read_arrow(folder / "copies.arrow")
    recipe = folder / "recipe.arrow"
    return FoldPlan(
        copies=np.asarray(table["copies"].to_numpy()),
        recipe=read_arrow(recipe) if recipe.exists() else None,
        weights=np.asarray(table["weight"].to_numpy()) if "weight" in table.column_names else None,
        facts=json.loads((folder / "facts.json").read_text(encoding="utf-8")),
        folder=folder,
    )
