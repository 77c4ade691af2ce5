"""Load the tables of an evaluation and publish its result."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from counterpoise.config import BalanceConfig, ColumnsConfig
from counterpoise.errors import ColumnNotFoundError, IntegrityError
from counterpoise.evaluate._day_codes import DayCodes
from counterpoise.evaluate._leak.split import Ties
from counterpoise.evaluate._published_rows import PublishedRows
from counterpoise.evaluate._sample import SampledTrain, SourceTrain, sample_source_rows, sampled_train
from counterpoise.evaluate._tables import EvaluationTables
from counterpoise.persist import (
    METRICS_FILE,
    WEIGHT_FIELD,
    DatasetFolder,
    as_json,
    evaluation_name,
    find_stored_evaluation,
    has_evaluation,
    problem_of,
    source_keys,
    store_evaluation,
)
from counterpoise.records import DatasetVersion, Report, Snapshot, SplitPlan
from counterpoise.resample import follow
from counterpoise.runtime import names_refusals
from counterpoise.split import TrainRows, Units, rank_of, read_content, read_moments, read_order, tie_codes
from counterpoise.storage import join_address
from counterpoise.strategies import gives_weights
from counterpoise.table import Hashes, SnapshotReader, SourceTable, amounts_of, row_hashes
from counterpoise.typing import Floats
from counterpoise.versions import Version

_NO_DAYS = ("there is no precision by day, because the unit of the times is unknown (columns.time_unit)",)


@names_refusals("evaluate")
def load_tables(
    config: BalanceConfig, *, snapshot: Snapshot, split: SplitPlan, version: DatasetVersion
) -> EvaluationTables:
    """Return the tables to train and evaluate on: train before and after resampling, validation, test.

    If either train table has more rows than `evaluation.max_train_rows`, both are made from one sample of the train
    rows, stratified by class, and the published train rows are not read: see `evaluation_sample`. Nor are they if they
    are only the synthetic ones: learners get the source's train rows with them.

    Raises:
        EvaluationError: The strategy cannot work on that sample.
    """
    source = SourceTable(snapshot, config.columns)
    published = PublishedRows(Version(DatasetFolder.of(version), version.version), rank_of(read_order(split)))
    train = TrainRows.from_plan(split, source.labels)
    synthetic_only = config.output.rows == "synthetic"
    written = version.partitions["train"].rows
    resampled_rows = written + len(train.rows) if synthetic_only else written
    rows = sample_source_rows(train, resampled_rows=resampled_rows, config=config)
    if synthetic_only or len(rows) < len(train.rows):
        arms = sampled_train(_decided(config, published), rows, snapshot=snapshot, split=split)
    else:
        arms = _whole_train(published, source.read_rows(rows))
    test_days = _test_days(published, config)
    groups = _units(published, source.reader, split, group=config.columns.group)
    equal_rows = bool(groups) and not config.columns.group
    return EvaluationTables(
        train_natural=arms.natural,
        train_resampled=arms.resampled,
        validation=published.read("validation"),
        test=published.read("test"),
        target=source.roles.target,
        natural_rows=len(train.rows),
        notes=arms.notes + (_NO_DAYS if config.split.method == "time" and test_days is None else ()),
        weights=arms.weights,
        groups=groups,
        equal_rows=equal_rows,
        slices=_slices(published, config),
        amounts=_amounts(published, config),
        train_ties=_ties(config, rows, reader=source.reader, split=split),
        test_days=test_days,
        test_keys=None if equal_rows else _test_keys(published, config.columns),
        redraw=SourceTrain(_decided(config, published), rows, arms.natural.combine_chunks(), snapshot, split).draw,
    )


def _decided(config: BalanceConfig, published: PublishedRows) -> BalanceConfig:
    """Return the configuration with the settings that `auto` became when the version was published."""
    choice = published.version.manifest.resampling.choice
    return config if choice is None else config.model_copy(update={"resampling": follow(choice, config.resampling)})


def _whole_train(published: PublishedRows, natural: pa.Table) -> SampledTrain:
    """Return all train rows, before and after resampling as published."""
    weighted = gives_weights(published.version.manifest.resampling.strategy)
    weights = _weights(published.read("keys/train")) if weighted else None
    return SampledTrain(natural, published.read("train"), weights, ())


def _weights(keys: pa.Table) -> Floats | None:
    """Return the weights of train rows; None where the classes already had the ratio, so that none was needed."""
    name = WEIGHT_FIELD.name
    return keys[name].to_numpy().astype(np.float64) if name in keys.schema.names else None


def _ties(config: BalanceConfig, rows: npt.NDArray[np.int64], *, reader: SnapshotReader, split: SplitPlan) -> Ties:
    """Return which train rows stay together, as in the split: groups, and equal rows unless it may separate them."""
    time = config.columns.time
    group = config.columns.group if config.split.groups_apart else ""
    codes = tie_codes(reader, rows, content=read_content(split), group=group)
    if config.split.method != "time":
        return Ties(codes)
    return Ties(codes, read_moments(reader.read_columns([time]).column(0), config.columns).values[rows])


def _slices(published: PublishedRows, config: BalanceConfig) -> pa.Table | None:
    """Return the columns of test that `evaluation.slices` names."""
    wanted = config.evaluation.slices
    return _named(published, config, "test", wanted, field="evaluation.slices") if wanted else None


def _amounts(published: PublishedRows, config: BalanceConfig) -> dict[str, Floats]:
    """Return the cost of missing each untouched row by partition; empty if no column is named."""
    column, field = config.evaluation.cost_column, "evaluation.cost_column"
    parts = ("validation", "test") if column else ()
    return {part: amounts_of(_named(published, config, part, (column,), field=field).column(0)) for part in parts}


def _named(published: PublishedRows, config: BalanceConfig, part: str, names: Sequence[str], *, field: str) -> pa.Table:
    """Return columns of a partition: features, or keys that no learner sees.

    Raises:
        ColumnNotFoundError: A column is neither.
    """
    table, keys = published.read(part), config.columns.key_columns()
    known = source_keys(published.read(f"keys/{part}"), keys) if keys else pa.table({})
    everywhere = [*table.schema.names, *known.schema.names]
    if missing := [name for name in names if name not in everywhere]:
        raise ColumnNotFoundError.from_names(missing, everywhere, field=field)
    return pa.table({name: (table if name in table.schema.names else known)[name] for name in names})


def _units(
    published: PublishedRows, reader: SnapshotReader, split: SplitPlan, *, group: str
) -> dict[str, npt.NDArray[np.int32]]:
    """Return the independent unit of each untouched row by partition; empty if these are single rows."""
    content = read_content(split)
    if content is None and not group:
        return {}
    rows = {part: published.read(f"keys/{part}")["source_row"].to_numpy() for part in ("validation", "test")}
    units = {
        part: Units.of(tie_codes(reader, own, content=content, group=group), grouped=bool(group))
        for part, own in rows.items()
    }
    if all(found.kind == "rows" for found in units.values()):
        return {}
    return {part: found.codes.astype(np.int32) for part, found in units.items()}


def _test_days(published: PublishedRows, config: BalanceConfig) -> DayCodes | None:
    """Return the day of each test row if the split is by time; None if the unit of the times is unknown."""
    if config.split.method != "time":
        return None
    time = config.columns.time
    keys = source_keys(published.read("keys/test"), [time])
    moments = read_moments(keys[time], config.columns)
    days = moments.days()
    return None if days is None else DayCodes.of(days, in_calendar=moments.scale.in_calendar)


def _test_keys(published: PublishedRows, columns: ColumnsConfig) -> Hashes | None:
    """Return one hash per test row of its group, or else of its identifiers; None if there are neither."""
    names = [columns.group] if columns.group else list(columns.ids)
    return row_hashes(source_keys(published.read("keys/test"), names)) if names else None


def is_evaluated(version: DatasetVersion) -> bool:
    """Whether a version has an evaluation, readable or not: a damaged one is not replaced."""
    return has_evaluation(DatasetFolder.of(version), version.version)


def evaluation_problem(version: DatasetVersion) -> str:
    """Return why a version's evaluation cannot be used and what to do, or an empty text if it is usable or missing."""
    try:
        find_evaluation(version)
    except IntegrityError as error:
        return f"the evaluation of version {version.version} is ignored: {problem_of(error)}"
    return ""


def find_evaluation(version: DatasetVersion) -> Report | None:
    """Return a version's published report, or None if there is none.

    Raises:
        IntegrityError: The metrics were changed after publication.
    """
    dataset = DatasetFolder.of(version)
    found = find_stored_evaluation(dataset, version.version)
    if found is None:
        return None
    return Report(
        html=join_address(dataset.address, found.folder, "report.html"),
        metrics=join_address(dataset.address, evaluation_name(version.version), METRICS_FILE),
        verdict=found.record.verdict,
    )


@names_refusals("evaluate")
def publish_evaluation(version: DatasetVersion, *, metrics: dict[str, Any], html: str) -> Report:
    """Publish a version's evaluation atomically; an existing one is kept.

    Args:
        version: The version that was evaluated.
        metrics: The metrics record; its `correction` is also published as a separate file.
        html: The report.

    Raises:
        EvaluationError: The metrics do not match their model, which is a bug.
        IntegrityError: There are already metrics, and they were changed after publication.
    """
    from counterpoise.results import check_metrics, published_correction

    check_metrics(metrics)
    files = {"report.html": html}
    if correction := published_correction(metrics):
        files["correction.json"] = as_json(correction)
    store_evaluation(DatasetFolder.of(version), version.version, metrics=metrics, files=files)
    report = find_evaluation(version)
    assert report is not None  # noqa: S101  # it was just stored
    return report
