"""Resample frames with the same plans as published versions, for pipelines that split the rows themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np

from counterpoise.config import BalanceConfig, SourceConfig, SplitConfig
from counterpoise.errors import ResamplingError
from counterpoise.frames._carried import Carried
from counterpoise.frames._open import AnyFrame, open_frame
from counterpoise.frames._read import ReadFrame, read_frame
from counterpoise.frames._resampled import Parents, carry_out
from counterpoise.frames._rows import ResultRows
from counterpoise.records import ResamplingPlan
from counterpoise.runtime import child_generator
from counterpoise.storage import scratch_folder
from counterpoise.strategies import gives_weights

F = TypeVar("F")


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
    _check_gives_rows(config)
    opened, target = open_frame(features), config.columns.target
    classes = opened.labels(labels, target)
    with scratch_folder() as folder:
        made = carry_out(_read(opened, config, folder, classes.carried()), folder)
        rows = made.rows(child_generator(config.seed, "resample_frame", "order").permutation(made.number))
        return opened.result(_features(rows, target)), classes.series(replace(rows, names=(target,)))


@dataclass(frozen=True)
class ResampledFrame(Generic[F]):
    """Resampled features, and where each row comes from.

    Attributes:
        features: Rows that are kept, in their order; then repeated and synthetic ones.
        keys: For each row `source_row`, `origin`, `parent_a`, `parent_b` and `lambda`, as in the keys of a version.
        parents: The rows that each row is made of.
        plan: The plan.
    """

    features: F
    keys: F
    parents: Parents
    plan: ResamplingPlan


def resample_with_keys(features: F, labels: Any, *, config: BalanceConfig, groups: Any = None) -> ResampledFrame[F]:
    """Resample training rows as `resample_frame` does, in imbalanced-learn's order, and say where each comes from.

    Args:
        features: A frame of pandas or Polars.
        labels: The class of each row; none is missing.
        config: As for `resample_frame`.
        groups: The values of `columns.group`, if they are no column of the frame.

    Raises:
        ResamplingError: The strategy cannot handle these rows, or it produces weights instead of rows.
        InputError: The number of labels differs from that of rows, or a column has values of several kinds.
    """
    _check_gives_rows(config)
    opened, columns = open_frame(features), config.columns
    roles = opened.labels(labels, columns.target).carried()
    if groups is not None:
        roles |= opened.labels(groups, columns.group).carried()
    with scratch_folder() as folder:
        made = carry_out(_read(opened, config, folder, roles), folder)
        order = np.argsort(made.later, kind="stable")
        return ResampledFrame(
            opened.result(_features(made.rows(order), columns.target)),
            opened.table(made.keys(order)),
            made.parents(order),
            made.plan,
        )


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


def _check_gives_rows(config: BalanceConfig) -> None:
    if gives_weights(config.resampling.strategy):
        raise ResamplingError(
            "weights_are_no_rows",
            expected="a strategy that produces rows",
            found=config.resampling.strategy,
            remedy="choose random_over, which repeats the rows instead of weighting them",
        )


def _read(opened: AnyFrame, config: BalanceConfig, folder: Path, roles: Mapping[str, Carried]) -> ReadFrame:
    """Read the features of a frame, and other columns that have a role, such as the label."""
    unused = {*config.columns.ids, *config.columns.drop, *roles}
    carried = {name: column for name, column in opened.carried(unused).items() if name not in unused}
    return read_frame({**carried, **roles}, _for_train(config, {*carried, *roles}), folder)


def _features(rows: ResultRows, target: str) -> ResultRows:
    return replace(rows, names=tuple(name for name in rows.names if name != target))
