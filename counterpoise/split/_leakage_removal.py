"""Exclude rows that would link two partitions, and record them among the rejected rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

from counterpoise.records import PARTITIONS
from counterpoise.split._files import Partition
from counterpoise.split._groups import Codes
from counterpoise.split._rows import Exclusion
from counterpoise.table import REJECTS_SCHEMA, SnapshotReader, value_texts
from counterpoise.typing import Ints

EXCLUSION_REASONS = (
    "no_time",
    "gap",
    "delay",
    "outside_window",
    "known_positive",
    "group_elsewhere",
    "equal_elsewhere",
    "rare_class",
)
"""The reasons for which a split excludes rows; validation never uses these."""


def rows_to_exclude(partition: Partition, ties: Mapping[str, Codes]) -> dict[str, Ints]:
    """Return the rows that are tied to a row of a later partition, by reason.

    Train yields to validation, and both yield to test. So test never loses rows, and a row in test stays there whatever
    rows are added.

    Args:
        partition: One partition code per row; codes outside `PARTITIONS` are ignored.
        ties: For each reason one code per row, equal for tied rows. A row with several reasons gets the first.
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


def exclusion_rejects(exclusions: Sequence[Exclusion], usable: Ints, reader: SnapshotReader) -> pa.Table:
    """Return the excluded rows as a rejects table in unspecified order.

    Args:
        exclusions: The excluded rows, by their positions among the usable ones.
        usable: The source rows to place, ascending.
        reader: The source, for the values that caused the exclusion.
    """
    return pa.concat_tables(
        [REJECTS_SCHEMA.empty_table(), *(_rejects(one, usable[one.places], reader) for one in exclusions)]
    )


def _rejects(one: Exclusion, rows: Ints, reader: SnapshotReader) -> pa.Table:
    number = len(rows)
    values: pa.Array | pa.ChunkedArray = pa.repeat(pa.scalar(""), number)
    if one.column:
        values = value_texts(reader.read_columns([one.column]).column(0).take(pa.array(rows)))
    same = [pa.repeat(pa.scalar(text), number) for text in (one.reason, one.column)]
    return pa.table([pa.array(rows), *same, values], schema=REJECTS_SCHEMA)
