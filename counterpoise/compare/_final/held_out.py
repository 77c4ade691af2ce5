"""The untouched rows of the final: validation for threshold and calibrator, test for one access."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from counterpoise.records import PARTITIONS, Snapshot, SplitPlan
from counterpoise.results import HeldOut, Rules
from counterpoise.split import Units, read_content, read_partition, rows_of_partition, tie_codes
from counterpoise.table import SnapshotReader, SourceTable, write_snapshot


def hold_out(rules: Rules, snapshot: Snapshot, split: SplitPlan, *, folder: Path) -> HeldOut:
    """Write the validation and test rows of a split, features and label, at natural prevalence.

    Args:
        rules: Define which columns are features.
        snapshot: The source.
        split: Assigns its rows to validation and test.
        folder: The comparison's folder.
    """
    source = SourceTable(snapshot, rules.columns)
    rows = {name: rows_of_partition(split, name) for name in ("validation", "test")}
    tables = {name: source.read_rows(own) for name, own in rows.items()}
    amounts = {name: source.amounts(rules.evaluation.cost_column, own) for name, own in rows.items()}
    groups = _write_units(source.reader, split, rules.columns.group, folder)
    held = hold_out_tables(**tables, folder=folder)
    equal_rows = bool(groups) and not rules.columns.group
    return held.model_copy(
        update={
            "digest": digest_of_test(snapshot, split),
            "groups": groups,
            "equal_rows": equal_rows,
            "amounts": _written({name: own for name, own in amounts.items() if own is not None}, "amounts", folder),
        }
    )


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


def _write_units(reader: SnapshotReader, split: SplitPlan, group: str, folder: Path) -> dict[str, str]:
    """Write the independent unit of each untouched row; return the files by partition, none if rows are independent."""
    content = read_content(split)
    if content is None and not group:
        return {}
    units = {
        name: Units.of(
            tie_codes(reader, rows_of_partition(split, name), content=content, group=group), grouped=bool(group)
        )
        for name in ("validation", "test")
    }
    if all(found.kind == "rows" for found in units.values()):
        return {}
    return _written({name: found.codes.astype(np.int32) for name, found in units.items()}, "groups", folder)


def _written(arrays: Mapping[str, npt.NDArray[Any]], what: str, folder: Path) -> dict[str, str]:
    """Write one array by table and return the files."""
    files = {name: folder / f"{name}-{what}.npy" for name in arrays}
    for name, path in files.items():
        np.save(path, arrays[name])
    return {name: str(path) for name, path in files.items()}


def _whole(table: pa.Table) -> pa.Table:
    return table.unify_dictionaries().combine_chunks()
