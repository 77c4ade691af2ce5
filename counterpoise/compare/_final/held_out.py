"""The untouched rows of the final: validation for threshold and calibrator, test for one access."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pyarrow as pa

from counterpoise.records import PARTITIONS, Snapshot, SplitPlan
from counterpoise.results import HeldOut, Rules
from counterpoise.split import Partition, group_codes, read_partition
from counterpoise.table import SnapshotReader, SourceTable, write_snapshot


def hold_out(rules: Rules, snapshot: Snapshot, split: SplitPlan, *, folder: Path) -> HeldOut:
    """Write the validation and test rows of a split, features and label, at natural prevalence.

    Args:
        rules: Define which columns are features.
        snapshot: The source.
        split: Assigns its rows to validation and test.
        folder: The comparison's folder.
    """
    source, partition = SourceTable(snapshot, rules.columns), read_partition(split)
    tables = {
        name: source.read_rows(np.flatnonzero(partition == PARTITIONS.index(name))) for name in ("validation", "test")
    }
    groups = _write_groups(source.reader, partition, rules.columns.group, folder) if rules.columns.group else {}
    held = hold_out_tables(**tables, folder=folder)
    return held.model_copy(update={"digest": digest_of_test(snapshot, split), "groups": groups})


def hold_out_tables(*, validation: pa.Table, test: pa.Table, folder: Path) -> HeldOut:
    """Write two tables as validation and test.

    Args:
        validation: Features and label, with the columns of the comparison.
        test: The same columns of other rows.
        folder: The comparison's folder.
    """
    kept = {"validation": validation, "test": test}
    return HeldOut(**{name: write_snapshot(folder / f"{name}.arrow", _whole(table)) for name, table in kept.items()})


def digest_of_test(snapshot: Snapshot, split: SplitPlan) -> str:
    """Return the key that identifies a test partition: the SHA-256 of the source's digest and of the row numbers."""
    rows = np.flatnonzero(read_partition(split) == PARTITIONS.index("test")).astype("<i8")
    return hashlib.sha256(snapshot.digest.encode() + rows.tobytes()).hexdigest()


def _write_groups(reader: SnapshotReader, partition: Partition, column: str, folder: Path) -> dict[str, str]:
    """Write the group code of each untouched row; return the files by partition."""
    values = reader.read_columns([column]).column(0)
    files = {}
    for name in ("validation", "test"):
        rows = np.flatnonzero(partition == PARTITIONS.index(name))
        path = folder / f"{name}-groups.npy"
        np.save(path, group_codes(values.take(pa.array(rows))).astype(np.int32))
        files[name] = str(path)
    return files


def _whole(table: pa.Table) -> pa.Table:
    return table.unify_dictionaries().combine_chunks()
