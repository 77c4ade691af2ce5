"""The rows of a split as a snapshot of its own, so that expectations can be held against the split."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

from counterpoise.config import ColumnsConfig
from counterpoise.records import PARTITIONS, Snapshot, SplitPlan
from counterpoise.split import REJECTED, read_content, read_partition
from counterpoise.table import SnapshotReader, read_labels, write_snapshot

__all__ = ["partition_rows"]


def partition_rows(snapshot: Snapshot, split: SplitPlan, *, columns: ColumnsConfig, folder: Path) -> Snapshot:
    """Return a snapshot of the rows in a partition, under names of ours.

    Its columns are `partition` and `label` as text; where rows with equal features stay together `content`, a code of
    their features; where the configuration names one `group`.

    Args:
        snapshot: The source.
        split: Which row is in which partition.
        columns: The roles of the source's columns.
        folder: Where the file is written.
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
    if columns.group:
        found["group"] = reader.read_columns([columns.group]).column(0).take(pa.array(placed))
    return write_snapshot(folder / "partitions.arrow", pa.table(found))


def _named(codes: np.ndarray, names: tuple[str, ...]) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array(codes, pa.int32()), pa.array(names, pa.string()))
