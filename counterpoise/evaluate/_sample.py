"""One sample of the train rows for both arms of an evaluation, if there are more rows than one fit may use.

The sample is drawn from the source rows, and the strategy is run again on it, as in a comparison. Sampling the natural
and the resampled train rows independently would not be a fair comparison: of 36,000 rows with 600 positives,
under-sampled to 1,200, a cap of 1,000 rows left 17 positives in the natural arm and 500 in the other, and the verdict
said that under-sampling helped where it does not. Nor would it work to keep the published rows whose parents are in the
sample: a synthetic row has two parents, so a tenth of the rows would keep a hundredth of the synthetic ones, and the
strategy would be evaluated at the wrong ratio.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from counterpoise.config import BalanceConfig
from counterpoise.errors import EvaluationError, ResamplingError
from counterpoise.evaluate._tables import ResampledTrain
from counterpoise.persist import RowPool, Synthesis
from counterpoise.records import PARTITIONS, ResamplingPlan, Snapshot, SplitPlan
from counterpoise.resample import plan_resampling, read_copies, read_recipe, read_weights
from counterpoise.runtime import child_generator, file_sha256
from counterpoise.split import REJECTED, TrainRows, partition_targets, read_order
from counterpoise.storage import scratch_folder
from counterpoise.strategies import STRATEGIES
from counterpoise.table import SourceTable, write_arrow
from counterpoise.typing import Floats, Ints


@dataclass(frozen=True)
class SampledTrain:
    """A sample of the train rows, before and after resampling.

    Attributes:
        natural: The sampled rows in the order of their content, features and label.
        resampled: The same rows after resampling, shuffled.
        weights: The weight of each resampled row; None if all weigh one.
        notes: Notes for the reader.
    """

    natural: pa.Table
    resampled: pa.Table
    weights: Floats | None
    notes: tuple[str, ...]


def sample_source_rows(train: TrainRows, *, resampled_rows: int, config: BalanceConfig) -> Ints:
    """Return the source rows of a sample, stratified by class, with which neither arm exceeds the cap on rows.

    Each class is sampled in proportion, but keeps at least the rows that a search for `resampling.k_neighbors`
    neighbours needs, or all its rows: those of a very rare class may exceed the cap.

    Args:
        train: The train rows.
        resampled_rows: The number of train rows after resampling.
        config: The seed, and `evaluation.max_train_rows`.

    Returns:
        Source row numbers in the order of the train rows; all of them if both arms are small enough.
    """
    rows, most = len(train.rows), config.evaluation.max_train_rows
    larger = max(rows, resampled_rows)
    if larger <= most:
        return train.rows
    rng, chosen = child_generator(config.seed, "evaluation sample"), []
    present, counts = np.unique(train.codes, return_counts=True)
    shares = tuple((counts / rows).tolist())
    for code, count, number in zip(present, counts, partition_targets(rows * most // larger, shares), strict=True):
        wanted = min(int(count), max(config.resampling.k_neighbors + 1, int(number)))
        chosen.append(rng.choice(np.flatnonzero(train.codes == code), wanted, replace=False))
    return np.asarray(train.rows[np.sort(np.concatenate(chosen))])


def sampled_train(config: BalanceConfig, rows: Ints, *, snapshot: Snapshot, split: SplitPlan) -> SampledTrain:
    """Read some of the train rows and resample them as the run resampled all; only these rows are held in memory.

    Args:
        config: The run's configuration; instead of `auto` the strategy that was chosen for all train rows.
        rows: Source row numbers of train rows.
        snapshot: The source.
        split: Assigns its rows to train.

    Raises:
        EvaluationError: The strategy cannot work on the sample.
    """
    natural = SourceTable(snapshot, config.columns).read_rows(rows).unify_dictionaries().combine_chunks()
    train = SourceTrain(config, rows, natural, snapshot, split)
    resampled, notes = train.resampled(config.seed)
    return SampledTrain(natural=natural, resampled=resampled.table, weights=resampled.weights, notes=notes)


@dataclass(frozen=True)
class SourceTrain:
    """Train rows that can be resampled again with other seeds.

    Attributes:
        config: The run's configuration.
        rows: Source row numbers, in the order of their content.
        natural: These rows, features and label.
        snapshot: The source.
        split: Assigns its rows to train.
    """

    config: BalanceConfig
    rows: Ints
    natural: pa.Table
    snapshot: Snapshot
    split: SplitPlan

    def draw(self, seed: int) -> ResampledTrain:
        """Return the rows after resampling with a seed.

        Raises:
            EvaluationError: The strategy cannot work on these rows with this seed.
        """
        return self.resampled(seed)[0]

    def resampled(self, seed: int) -> tuple[ResampledTrain, tuple[str, ...]]:
        """Return the rows after resampling with a seed, and notes for the reader.

        Raises:
            EvaluationError: The strategy cannot work on these rows.
        """
        config, rows = self.config, self.rows
        with scratch_folder() as folder:
            plan = _planned_again(self, seed=seed, folder=folder)
            source_rows, copies = read_copies(plan)
            places, recipe, weights = np.searchsorted(source_rows, rows), read_recipe(plan), read_weights(plan)
            parts = [self.natural.take(pa.array(np.repeat(np.arange(len(rows)), copies[places])))]
            if recipe is not None:
                synthesis = Synthesis(recipe, SourceTable(self.snapshot, config.columns).roles, seed)
                pool = RowPool(source_rows, self.natural.take(pa.array(np.argsort(rows))))
                parts.append(synthesis.rows(np.arange(recipe.num_rows), pool)[0])
        together = pa.concat_tables(parts).unify_dictionaries()
        order = child_generator(seed, "evaluation sample", "order").permutation(together.num_rows)
        made = ResampledTrain(together.take(pa.array(order)), None if weights is None else weights[places][order])
        whole = sum(self.split.counts["train"].values())
        return made, _notes(plan, sampled=len(rows), rows=whole, after=together.num_rows)


def _planned_again(train: SourceTrain, *, seed: int, folder: Path) -> ResamplingPlan:
    """Plan the run's strategy for some of the train rows."""
    rows, snapshot = train.rows, train.snapshot
    settings = train.config.resampling
    only = _only(train.split, rows, source_rows=snapshot.rows, folder=folder)
    try:
        return plan_resampling(
            snapshot, only, columns=train.config.columns, config=settings, seed=seed, folder=folder / "plan"
        )
    except ResamplingError as error:
        change = "lower" if error.reason == "memory_limit" else "raise"
        raise EvaluationError(
            "sample_not_resampled",
            expected=f"{len(rows):,} sampled train rows on which {STRATEGIES[settings.strategy].label} works too",
            found=f"that it needs {error.expected}, and {error.found}",
            remedy=f"{change} evaluation.max_train_rows, or set evaluation.enabled to false",
            values={"sampled_rows": len(rows), "resampling": error.as_dict()},
        ) from error


def _only(split: SplitPlan, rows: Ints, *, source_rows: int, folder: Path) -> SplitPlan:
    """Return a split whose only partition is train with the given rows."""
    partition = np.full(source_rows, REJECTED, dtype=np.int8)
    partition[rows] = PARTITIONS.index("train")
    path = folder / "split.arrow"
    write_arrow(path, pa.table({"partition": partition, "order": read_order(split)}))
    return split.model_copy(update={"file": str(path), "sha256": file_sha256(path)})


def _notes(plan: ResamplingPlan, *, sampled: int, rows: int, after: int) -> tuple[str, ...]:
    if sampled == rows:
        return ("train/ has synthetic rows only (output.rows); learners used the source's train rows with them",)
    note = f"learners used a stratified sample of {sampled:,} of the {rows:,} train rows (evaluation.max_train_rows)"
    if plan.strategy == "none":
        return (note,)
    again = (
        f"{STRATEGIES[plan.strategy].label} was run again on this sample, so that both arms use the same source rows, "
        f"and gave {after:,} rows: the result is valid for tables of that size"
    )
    return (f"{note}; {again}", *(f"on the sample: {one}" for one in plan.notes))
