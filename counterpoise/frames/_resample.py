"""Resample frames with the same plans as published versions, for pipelines that split the rows themselves."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa

from counterpoise.compare import choose_resampling
from counterpoise.config import BalanceConfig, SourceConfig, SplitConfig
from counterpoise.errors import ResamplingError
from counterpoise.frames._open import open_frame
from counterpoise.frames._read import ReadFrame, read_frame
from counterpoise.frames._rows import ResultRows
from counterpoise.persist import RowPool, Synthesis
from counterpoise.records import SplitPlan
from counterpoise.resample import plan_resampling, read_copies, read_recipe
from counterpoise.runtime import child_generator, file_sha256
from counterpoise.split import content_order
from counterpoise.storage import scratch_folder
from counterpoise.strategies import gives_weights
from counterpoise.table import write_arrow

F = TypeVar("F")

_REJECTED = -1


def resample_frame(features: F, labels: Any, *, config: BalanceConfig) -> tuple[F, Any]:
    """Resample training rows; validation and test rows must not be among them.

    Rows that are kept come back as they are, as from `balance_frame`. Rows without a label are left out.

    Args:
        features: A frame of pandas or Polars; columns that have another role in the configuration are dropped.
        labels: The class of each row, in the order of the rows: a series of the same library, or an array.
        config: It says how to resample, as in a run: `resampling`, `seed`, the roles in `columns`, `output.rows`, how
            `source` reads labels (`missing_labels`, `label_spellings`) and, for `auto`, `evaluation` and `split`. All
            other settings are about files and other stages, such as those of the version that a pipeline belongs to.

    Returns:
        Features and labels with their own dtypes, shuffled.

    Raises:
        ResamplingError: The strategy cannot handle these rows, or it produces weights instead of rows.
        InputError: The number of labels differs from that of rows, or a column has values of several kinds.
    """
    if gives_weights(config.resampling.strategy):
        raise ResamplingError(
            "weights_are_no_rows",
            expected="a strategy that produces rows",
            found=config.resampling.strategy,
            remedy="choose random_over, which repeats the rows instead of weighting them",
        )
    opened, target = open_frame(features), config.columns.target
    classes = opened.labels(labels, target)
    unused = {*config.columns.ids, *config.columns.drop, target}
    carried = {name: column for name, column in opened.carried(unused).items() if name not in unused}
    with scratch_folder() as folder:
        read = read_frame({**carried, **classes.carried()}, _for_train(config, carried.keys()), folder)
        rows = _resampled(read, folder)
        kept = tuple(name for name in rows.names if name != target)
        return opened.result(replace(rows, names=kept)), classes.series(replace(rows, names=(target,)))


def resampling_pipeline(config: BalanceConfig, learner: Any) -> Any:
    """Return a pipeline of encoding, resampling and learner that resamples in `fit` but not in `predict`.

    Cross-validation of the pipeline resamples within each fold, as it should. The step `roles` drops columns that are
    not features, `resample` is `resample_frame`, and the others are those of skrub's `tabular_pipeline`.

    Args:
        config: For example the configuration of a published version; `resample_frame` says which fields are used.
        learner: A scikit-learn classifier.

    Returns:
        An unfitted `imblearn.pipeline.Pipeline` that takes a frame and labels.
    """
    from imblearn import FunctionSampler
    from imblearn.pipeline import Pipeline
    from sklearn.preprocessing import FunctionTransformer
    from skrub import tabular_pipeline

    columns = config.columns
    names = [*columns.key_columns(), *columns.drop, columns.target]
    roles = FunctionTransformer(_without, kw_args={"names": names})
    resample = FunctionSampler(func=resample_frame, kw_args={"config": config}, validate=False)
    return Pipeline([("roles", roles), ("resample", resample), *tabular_pipeline(learner).steps])


def _without(frame: Any, names: list[str]) -> Any:
    return open_frame(frame).without(names)


def _for_train(config: BalanceConfig, present: Any) -> BalanceConfig:
    """Return the configuration for train rows alone: without the columns that are not among them."""
    columns, evaluation, source = config.columns, config.evaluation, config.source
    group, time = (name if name in present else "" for name in (columns.group, columns.time))
    amounts = evaluation.cost_column if evaluation.cost_column in present else ""
    return config.model_copy(
        update={
            "source": SourceConfig(
                path="frame.arrow", missing_labels=source.missing_labels, label_spellings=source.label_spellings
            ),
            "columns": columns.model_copy(update={"ids": (), "drop": (), "group": group, "time": time}),
            "split": config.split if time or config.split.method != "time" else SplitConfig(),
            "evaluation": evaluation.model_copy(update={"cost_column": amounts}),
        }
    )


def _resampled(read: ReadFrame, folder: Path) -> ResultRows:
    """Resample rows with the configured strategy and return them, shuffled."""
    config, source = read.config, read.source
    split = _all_train(read, folder)
    chosen = choose_resampling(config, read.snapshot, split, folder=folder / "auto", rows_only=True)
    plan = plan_resampling(
        read.snapshot, split, columns=config.columns, config=chosen.settings, seed=config.seed, folder=folder / "plan",
        synthetic_only=config.output.rows == "synthetic",
    )  # fmt: skip
    original, recipe = np.repeat(*read_copies(plan)), read_recipe(plan)
    made = read.rows.slice(0, 0)
    if recipe is not None:
        synthesis = Synthesis(recipe, source.roles, config.seed)
        pool = RowPool(np.arange(read.rows.num_rows), read.rows)
        made, _ = synthesis.rows(np.arange(recipe.num_rows), pool)
    order = child_generator(config.seed, "resample_frame", "order").permutation(len(original) + made.num_rows)
    positions = np.concatenate([original, np.full(made.num_rows, -1)])[order]
    return read.result(positions, made.take(pa.array(order[order >= len(original)] - len(original))))


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
