"""Partitions by key: a salted hash assigns each key to a partition permanently, independent of all other rows.

The hash is uniform between 0 and 1. Test starts at 0 and validation ends at 1, with train in between. If test or
validation grows, it takes rows only from train and keeps those that it has.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa

from counterpoise.config import ColumnsConfig, SplitConfig
from counterpoise.records import PARTITIONS
from counterpoise.runtime import child_sequence
from counterpoise.split._files import Partition
from counterpoise.table import Hashes, plain_values, row_hashes, salted


@dataclass(frozen=True)
class KeyRule:
    """The rule that assigns keys to partitions.

    Attributes:
        columns: The key columns in order; empty if the features are the key. Their names do not affect the result, so a
            column may be renamed.
        salt: The 64-bit salt of the hash.
        validation_size: The share of keys in validation.
        test_size: The share of keys in test.
    """

    columns: tuple[str, ...]
    salt: int
    validation_size: float
    test_size: float

    @classmethod
    def of(cls, columns: ColumnsConfig, config: SplitConfig, seed: int) -> KeyRule:
        """Return the rule for a configuration: by group, else by identifiers, else by features.

        Args:
            columns: The roles of the columns.
            config: Sizes and salt.
            seed: The run's seed, from which the salt is derived if none is set.
        """
        stream = (
            child_sequence(0, "split", "salt", config.salt) if config.salt else child_sequence(seed, "split", "key")
        )
        return cls(
            (columns.group,) if columns.group else columns.ids,
            int(stream.generate_state(1, np.uint64)[0]),
            config.validation_size,
            config.test_size,
        )

    def key_hashes(self, table: pa.Table) -> Hashes:
        """Return one hash per row for its key; rows whose key is entirely missing share a hash."""
        return row_hashes(_numbered(table.select(list(self.columns))))

    def partitions(self, key_hashes: Hashes | None, contents: Callable[[], Hashes]) -> Partition:
        """Return the partition of each row.

        Args:
            key_hashes: The hashes from `key_hashes`; None if the features are the key.
            contents: Returns hashes of the rows' features, which serve as the key of rows without one.
        """
        keys = contents() if key_hashes is None else key_hashes
        if key_hashes is not None and (missing := key_hashes == self._missing).any():
            keys = np.where(missing, contents(), key_hashes)
        place = salted(keys, self.salt)
        partition = np.full(len(place), PARTITIONS.index("train"), dtype=np.int8)
        partition[place > np.uint64(2**64 - 1 - int(self.validation_size * 2**64))] = PARTITIONS.index("validation")
        partition[place < np.uint64(int(self.test_size * 2**64))] = PARTITIONS.index("test")
        return partition

    @cached_property
    def _missing(self) -> np.uint64:
        nothing = pa.table({name: pa.nulls(1) for name in self.columns})
        return np.uint64(row_hashes(_numbered(nothing))[0])


def _numbered(keys: pa.Table) -> pa.Table:
    return pa.table({f"key {number}": plain_values(column) for number, column in enumerate(keys.columns)})
