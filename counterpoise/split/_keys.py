"""Partitions by key: a salted hash says on which side a key is, for ever, whatever other rows there are.

The hash is a number from 0 to 1, uniform over keys. Test begins at 0 and validation ends at 1, with train between them:
where one of them grows it takes rows from train alone, and a row that was in it stays.
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
from counterpoise.table import Hashes, row_hashes, salted

__all__ = ["KeyRule"]


@dataclass(frozen=True)
class KeyRule:
    """Which partition a key is in.

    Attributes:
        columns: The columns whose values together are the key, in order; none where the features are. Their names make
            no difference, so that a column may be renamed.
        salt: What the hash is mixed with, 64 bits.
        validation_size: The share of keys in validation.
        test_size: The share of keys in test.
    """

    columns: tuple[str, ...]
    salt: int
    validation_size: float
    test_size: float

    @classmethod
    def of(cls, columns: ColumnsConfig, config: SplitConfig, seed: int) -> KeyRule:
        """Return the rule: by group, else by identifiers, else by features; the salt is the seed's where none is set.

        Args:
            columns: The roles of the columns.
            config: Sizes and salt.
            seed: The run's seed.
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

    def words(self, table: pa.Table) -> Hashes:
        """Return one word a row for its key; rows without any value in it share a word."""
        return row_hashes(_numbered(table.select(list(self.columns))))

    def sides(self, words: Hashes | None, contents: Callable[[], Hashes]) -> Partition:
        """Return the partition of each row.

        Args:
            words: As `words` gives them; None where the features are the key.
            contents: Gives hashes of the rows' features, which are the key of rows that have no other.
        """
        keys = contents() if words is None else words
        if words is not None and (missing := words == self._missing).any():
            keys = np.where(missing, contents(), words)
        place = salted(keys, self.salt)
        sides = np.full(len(place), PARTITIONS.index("train"), dtype=np.int8)
        sides[place > np.uint64(2**64 - 1 - int(self.validation_size * 2**64))] = PARTITIONS.index("validation")
        sides[place < np.uint64(int(self.test_size * 2**64))] = PARTITIONS.index("test")
        return sides

    @cached_property
    def _missing(self) -> np.uint64:
        nothing = pa.table({name: pa.nulls(1) for name in self.columns})
        return np.uint64(row_hashes(_numbered(nothing))[0])


def _numbered(keys: pa.Table) -> pa.Table:
    return keys.rename_columns([f"key {number}" for number in range(keys.num_columns)])
