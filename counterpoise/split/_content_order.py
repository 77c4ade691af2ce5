"""The order of the rows by content, in which everything is drawn: it does not depend on the order of the source.

Rows are sorted by a hash. If identifiers, group and time alone tell all rows apart, they are hashed; otherwise features
and label count, too, and the number of the row among those that are equal to it. So the first rows are a random sample,
even if many are equal, and rows that change places with their equals change nothing.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from counterpoise.records import Snapshot
from counterpoise.split._groups import content_hashes
from counterpoise.table import ColumnRoles, Hashes, plain_values, row_hashes, salted
from counterpoise.typing import Ints, Mask

_SALT = 0x6F72_6465_7220_6279


def content_order(snapshot: Snapshot, roles: ColumnRoles, *, features: Hashes | None = None) -> Ints:
    """Return the rows of a source in the order of their content, int64.

    Args:
        snapshot: The source.
        roles: The roles of its columns; dropped columns do not count.
        features: The hashes of the features by row, if they are known already.
    """
    hashes = content_hashes(snapshot, roles.keys, _plain_hashes) if roles.keys else np.zeros(snapshot.rows, np.uint64)
    if roles.keys:
        order = np.argsort(hashes, kind="stable")
        if not _equal_to_last(hashes[order]).any():
            return order
    hashes += content_hashes(snapshot, (roles.target,), _plain_hashes)  # hashes of other columns add up
    hashes += content_hashes(snapshot, roles.features) if features is None else features
    return _order_of_equals(hashes)


def _plain_hashes(table: pa.Table) -> Hashes:
    """Return row hashes for which NaN is a missing key or label, as it is for the split."""
    return row_hashes(pa.table({name: plain_values(table[name]) for name in table.schema.names}))


def rank_of(order: Ints) -> Ints:
    """Return the place of each row in an order."""
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    return rank


def _order_of_equals(hashes: Hashes) -> Ints:
    """Return the rows in the order of their hashes and of their numbers among rows with the same hash."""
    order = np.argsort(hashes, kind="stable")
    equal = _equal_to_last(hashes[order])
    if not equal.any():
        return order
    places = np.arange(len(order))
    number = places - np.maximum.accumulate(np.where(equal, 0, places))
    numbered = np.empty_like(hashes)
    numbered[order] = salted(hashes[order] + salted(number.astype(np.uint64), _SALT), _SALT)
    return np.argsort(numbered, kind="stable")


def _equal_to_last(ordered: Hashes) -> Mask:
    """Return whether each hash equals the one before it."""
    return np.concatenate([[False], ordered[1:] == ordered[:-1]]) if len(ordered) else np.zeros(0, np.bool_)
