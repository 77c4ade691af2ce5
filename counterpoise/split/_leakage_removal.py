"""Rows that a split leaves out: those that would tie two partitions together, and their place among the rejected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

from counterpoise.records import PARTITIONS
from counterpoise.split._files import Partition
from counterpoise.split._groups import Codes
from counterpoise.split._rows import Apart
from counterpoise.table import REJECTS_SCHEMA, SnapshotReader, value_texts
from counterpoise.typing import Ints

__all__ = ["APART_REASONS", "apart_rejects", "rows_that_give_way"]

APART_REASONS = ("no_time", "gap", "group_elsewhere", "equal_elsewhere", "rare_class")
"""Why a split sets rows apart; what validation gives for a reason is none of these."""


def rows_that_give_way(partition: Partition, ties: Mapping[str, Codes]) -> dict[str, Ints]:
    """Return the rows that are tied to a row of a partition further on: train gives way to validation, both to test.

    So test is never thinned, and what is in test stays there whatever rows are added.

    Args:
        partition: A partition code a row; others than those of `PARTITIONS` are passed over.
        ties: Codes a row, equal for rows that are tied, by the reason that they give. A row with several reasons has
            the first.
    """
    taken = {reason: np.zeros(int(codes.max(initial=-1)) + 1, dtype=np.bool_) for reason, codes in ties.items()}
    found: dict[str, list[Ints]] = {reason: [] for reason in ties}
    for number in reversed(range(len(PARTITIONS))):
        own = np.flatnonzero(partition == number)
        for reason, codes in ties.items():
            tied = taken[reason][codes[own]]
            found[reason].append(own[tied])
            own = own[~tied]
        for reason, codes in ties.items():
            taken[reason][codes[own]] = True
    return {reason: np.sort(np.concatenate(parts)) for reason, parts in found.items()}


def apart_rejects(apart: Sequence[Apart], usable: Ints, reader: SnapshotReader) -> pa.Table:
    """Return rows that are left out as a rejects table, in no certain order.

    Args:
        apart: The rows, by their places among the usable ones.
        usable: The source rows that were to be placed, ascending.
        reader: The source, for the values that gave the reasons.
    """
    return pa.concat_tables(
        [REJECTS_SCHEMA.empty_table(), *(_rejects(one, usable[one.places], reader) for one in apart)]
    )


def _rejects(one: Apart, rows: Ints, reader: SnapshotReader) -> pa.Table:
    number = len(rows)
    values: pa.Array | pa.ChunkedArray = pa.repeat(pa.scalar(""), number)
    if one.column:
        values = value_texts(reader.read_columns([one.column]).column(0).take(pa.array(rows)))
    same = [pa.repeat(pa.scalar(text), number) for text in (one.reason, one.column)]
    return pa.table([pa.array(rows), *same, values], schema=REJECTS_SCHEMA)
