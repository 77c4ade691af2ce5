"""Resample frames with the same plans as published versions, for pipelines that split the rows themselves."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from counterpoise.compare import choose_resampling
from counterpoise.config import BalanceConfig
from counterpoise.errors import InputError, ResamplingError
from counterpoise.frames._balance import snapshot_frame
from counterpoise.persist import RowPool, Synthesis
from counterpoise.records import SplitPlan
from counterpoise.resample import plan_resampling, read_copies, read_recipe
from counterpoise.runtime import child_generator, file_sha256
from counterpoise.split import content_order
from counterpoise.storage import scratch_folder
from counterpoise.strategies import gives_weights
from counterpoise.table import SourceTable, to_pandas, write_arrow

if TYPE_CHECKING:
    import pandas as pd


def resample_frame(
    features: pd.DataFrame, labels: npt.ArrayLike | pd.Series[Any], *, config: BalanceConfig
) -> tuple[pd.DataFrame, pd.Series[Any]]:
    """Resample training rows; validation and test rows must not be among them.

    Args:
        features: Rows by columns of any kind; columns that have another role in the configuration are dropped.
        labels: The class of each row, in the order of the rows.
        config: Only `resampling`, the roles in `columns`, and `seed` are used.

    Returns:
        Features and labels with their own dtypes, shuffled, on a new index.

    Raises:
        ResamplingError: The strategy cannot handle these rows, or it produces weights instead of rows.
        InputError: The number of labels differs from that of rows, or labels have several types.
    """
    if gives_weights(config.resampling.strategy):
        raise ResamplingError(
            "weights_are_no_rows",
            expected="a strategy that produces rows",
            found=config.resampling.strategy,
            remedy="choose random_over, which repeats the rows instead of weighting them",
        )
    target = config.columns.target
    table = _joined(features, labels, config)
    with scratch_folder() as folder:
        resampled = to_pandas(_resampled(table, config, folder)).astype(table.dtypes)
    return resampled.drop(columns=target), resampled[target]


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
    import pandas as pd
    from imblearn import FunctionSampler
    from imblearn.pipeline import Pipeline
    from sklearn.preprocessing import FunctionTransformer
    from skrub import tabular_pipeline

    roles = FunctionTransformer(pd.DataFrame.drop, kw_args={"columns": _no_features(config), "errors": "ignore"})
    resample = FunctionSampler(func=resample_frame, kw_args={"config": config}, validate=False)
    return Pipeline([("roles", roles), ("resample", resample), *tabular_pipeline(learner).steps])


def _joined(features: pd.DataFrame, labels: npt.ArrayLike | pd.Series[Any], config: BalanceConfig) -> pd.DataFrame:
    """Join features and label into one frame without columns that have another role."""
    import pandas as pd

    series = pd.Series(labels).reset_index(drop=True)
    if len(features) != len(series):
        raise InputError(
            "labels_do_not_fit",
            expected=f"one label for each of the {len(features):,} rows",
            found=f"{len(series):,} labels",
            remedy="pass features and labels of the same rows",
        )
    kept = features.drop(columns=_no_features(config), errors="ignore").reset_index(drop=True)
    return kept.assign(**{config.columns.target: series})


def _no_features(config: BalanceConfig) -> list[str]:
    return [*config.columns.key_columns(), *config.columns.drop, config.columns.target]


def _resampled(table: pd.DataFrame, config: BalanceConfig, folder: Path) -> pa.Table:
    """Resample a table with the configured strategy and return the rows, shuffled."""
    columns = config.columns.model_copy(update={"ids": (), "group": "", "time": "", "drop": ()})
    source = SourceTable(snapshot_frame(table, columns.target, folder), columns)
    split, whole = _all_train(source, folder), config.model_copy(update={"columns": columns})
    chosen = choose_resampling(whole, source.snapshot, split, folder=folder / "auto", rows_only=True)
    plan = plan_resampling(
        source.snapshot, split, columns=columns, config=chosen.settings, seed=config.seed, folder=folder / "plan"
    )
    rows = source.reader.read_columns(source.roles.data).combine_chunks()
    kept, copies = read_copies(plan)
    parts = [rows.take(pa.array(np.repeat(kept, copies)))]
    recipe = read_recipe(plan)
    if recipe is not None:
        synthesis = Synthesis(recipe, source.roles, config.seed)
        parts.append(synthesis.rows(np.arange(recipe.num_rows), RowPool(np.arange(len(table)), rows))[0])
    together = pa.concat_tables(parts).unify_dictionaries()
    order = child_generator(config.seed, "resample_frame", "order").permutation(together.num_rows)
    return together.take(pa.array(order))


def _all_train(source: SourceTable, folder: Path) -> SplitPlan:
    """Return a split plan with every row in train."""
    labels = source.labels
    path = folder / "split.arrow"
    order = content_order(source.snapshot, source.roles)
    write_arrow(path, pa.table({"partition": np.zeros(len(order), np.int8), "order": order}))
    counts = np.bincount(labels.codes, minlength=len(labels.classes))
    return SplitPlan(
        file=str(path),
        sha256=file_sha256(path),
        classes=labels.classes,
        counts={"train": {name: int(count) for name, count in zip(labels.classes, counts, strict=True)}},
    )
