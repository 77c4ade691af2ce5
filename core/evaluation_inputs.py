"""What evaluation reads and where its result goes."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from counterpoise.core.columns import ColumnRoles, column_roles
from counterpoise.core.config import BalanceConfig
from counterpoise.core.evaluate import EvaluationTables
from counterpoise.core.labels import encode_labels, read_labels
from counterpoise.core.persist.evaluation_files import as_json, find_stored_evaluation, store_evaluation
from counterpoise.core.persist.key_files import source_keys
from counterpoise.core.persist.layout import DatasetFolder, evaluation_name
from counterpoise.core.randomness import child_generator
from counterpoise.core.records import PARTITIONS, DatasetVersion, Report, Snapshot, SplitPlan
from counterpoise.core.snapshot import SnapshotReader
from counterpoise.core.split import read_partition
from counterpoise.core.split.groups import group_codes
from counterpoise.core.storage import join_address
from counterpoise.core.versions import Version

__all__ = ["find_evaluation", "load_tables", "publish_evaluation"]

Ints = npt.NDArray[np.int64]


def load_tables(
    config: BalanceConfig, *, snapshot: Snapshot, split: SplitPlan, version: DatasetVersion
) -> EvaluationTables:
    """Return what learners are trained and judged on: train before and after resampling, validation, test.

    A train partition with more rows than `evaluation.max_train_rows` is sampled, stratified by class.
    """
    reader = SnapshotReader(snapshot)
    roles = column_roles(reader.schema, config.columns)
    published = Version(DatasetFolder(version.root, version.dataset), version.version)
    train = np.flatnonzero(read_partition(split) == PARTITIONS.index("train"))
    codes = read_labels(reader, roles.target).codes[train]
    chosen = train[_stratified(codes, config, "natural")]
    notes = [_sample_note(name, len(chosen), len(train)) for name in ["train"] if len(chosen) < len(train)]
    resampled = published.to_arrow("train")
    fewer = _stratified(encode_labels(resampled[roles.target]).codes, config, "resampled")
    if len(fewer) < resampled.num_rows:
        notes.append(_sample_note("resampled train", len(fewer), resampled.num_rows))
    return EvaluationTables(
        train_natural=_read(reader, chosen, roles),
        train_resampled=resampled.take(pa.array(fewer)) if len(fewer) < resampled.num_rows else resampled,
        validation=published.to_arrow("validation"),
        test=published.to_arrow("test"),
        target=roles.target,
        natural_rows=len(train),
        notes=tuple(notes),
        weights=_train_weights(published, fewer),
        groups=_groups(published, config.columns.group),
    )


def _groups(published: Version, column: str) -> dict[str, npt.NDArray[np.int32]]:
    """Return the group of each untouched row as a code, by partition; nothing where rows are not grouped."""
    if not column:
        return {}
    keys = {part: source_keys(published.to_arrow(f"keys/{part}"), [column]) for part in ("validation", "test")}
    return {part: group_codes(found.column(0)).astype(np.int32) for part, found in keys.items()}


def _train_weights(published: Version, rows: Ints) -> npt.NDArray[np.int32] | None:
    """Return the weights of some train rows, or None where rows have none."""
    if published.manifest["resampling"]["strategy"] != "weights":
        return None
    return np.asarray(published.to_arrow("keys/train")["weight"].to_numpy())[rows]


def _read(reader: SnapshotReader, rows: Ints, roles: ColumnRoles) -> pa.Table:
    return reader.read_rows(rows, roles.data)


def _stratified(codes: npt.NDArray[np.int32], config: BalanceConfig, name: str) -> Ints:
    """Return at most `evaluation.max_train_rows` positions, ascending, each class in proportion, at least two of it."""
    most = config.evaluation.max_train_rows
    if len(codes) <= most:
        return np.arange(len(codes))
    rng = child_generator(config.seed, "evaluation sample", name)
    chosen = []
    for code in np.unique(codes):
        own = np.flatnonzero(codes == code)
        number = min(len(own), max(2, round(len(own) * most / len(codes))))
        chosen.append(rng.choice(own, number, replace=False))
    return np.sort(np.concatenate(chosen))


def _sample_note(name: str, used: int, rows: int) -> str:
    return f"learners saw a stratified sample of {used:,} of the {rows:,} {name} rows (evaluation.max_train_rows)"


def find_evaluation(version: DatasetVersion) -> Report | None:
    """Return a version's published report, or None."""
    dataset = DatasetFolder(version.root, version.dataset)
    found = find_stored_evaluation(dataset, version.version)
    if found is None:
        return None
    return Report(
        html=join_address(dataset.address, found.folder, "report.html"),
        metrics=join_address(dataset.address, evaluation_name(version.version), "metrics.json"),
        verdict=found.metrics.get("verdict", ""),
    )


def publish_evaluation(version: DatasetVersion, *, metrics: dict[str, Any], html: str) -> Report:
    """Publish a version's evaluation, whole or not at all; the first one stays.

    Args:
        version: The version that was evaluated.
        metrics: All numbers; a `correction` in them is published as a file of its own, too.
        html: The report.
    """
    files = {"report.html": html}
    if metrics.get("correction"):
        files["correction.json"] = as_json(metrics["correction"])
    store_evaluation(DatasetFolder(version.root, version.dataset), version.version, metrics=metrics, files=files)
    report = find_evaluation(version)
    assert report is not None  # noqa: S101  # it was just put there
    return report
