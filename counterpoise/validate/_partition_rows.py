"""Turn the rows of a split into a snapshot, so that expectations can check the split."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

from counterpoise.config import ColumnsConfig
from counterpoise.records import PARTITIONS, Snapshot, SplitPlan
from counterpoise.split import REJECTED, read_content, read_partition
from counterpoise.table import SnapshotReader, read_labels, write_snapshot


def partition_rows(snapshot: Snapshot, split: SplitPlan, *, columns: ColumnsConfig, folder: Path) -> Snapshot:
    """Return a snapshot of the rows that have a partition, with fixed column names.

    Its columns are `partition` and `label` as text, `content` (a code of the features) if rows with equal features stay
    together, and `group` if the configuration has a group column whose rows stay together.

    Args:
        snapshot: The source.
        split: The plan with the partition of each row.
        columns: The roles of the source's columns.
        folder: The folder for the file.
    """
    reader = SnapshotReader(snapshot)
    partition = read_partition(split)
    placed = np.flatnonzero(partition != REJECTED)
    labels = read_labels(reader, columns.target)
    found = {
        "partition": _named(partition[placed], PARTITIONS),
        "label": _named(labels.codes[placed], labels.classes),
    }
    if (content := read_content(split)) is not None:
        found["content"] = pa.array(content[placed])
    if columns.group and not split.positive_class:
        found["group"] = reader.read_columns([columns.group]).column(0).take(pa.array(placed))
    return write_snapshot(folder / "partitions.arrow", pa.table(found))


def _named(codes: np.ndarray, names: tuple[str, ...]) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array(codes, pa.int32()), pa.array(names, pa.string()))
