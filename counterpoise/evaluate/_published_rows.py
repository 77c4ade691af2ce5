"""The published rows in the order of their content, so that an evaluation does not depend on the order of the files."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from counterpoise.table import row_hashes
from counterpoise.typing import Ints
from counterpoise.versions import Version


@dataclass(frozen=True)
class PublishedRows:
    """The rows of a version.

    Attributes:
        version: The version.
        rank: The place of each source row in the order of content.
    """

    version: Version
    rank: Ints
    _orders: dict[str, pa.Array] = field(default_factory=dict)

    def read(self, part: str) -> pa.Table:
        """Return the rows of a partition or its keys, such as `keys/test`.

        Raises:
            IntegrityError: The files differ from the published ones.
        """
        table, partition = self.version.to_arrow(part), part.removeprefix("keys/")
        if partition not in self._orders:
            decisive = "train" if partition == "train" else f"keys/{partition}"
            found = table if part == decisive else self.version.to_arrow(decisive)
            self._orders[partition] = pa.array(self._order(partition, found))
        return table.take(self._orders[partition])

    def _order(self, partition: str, found: pa.Table) -> Ints:
        """Return the rows in order; those of train, some of which no source row has, by a hash of their values."""
        if partition == "train":
            return np.argsort(row_hashes(found), kind="stable")
        return np.argsort(self.rank[found["source_row"].to_numpy()])
