"""A snapshot with the roles of its columns, opened once for all that read it in one piece of work."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import pyarrow as pa

from counterpoise.config import ColumnsConfig
from counterpoise.records import Snapshot
from counterpoise.table._columns import ColumnRoles, column_roles
from counterpoise.table._labels import Labels, read_labels
from counterpoise.table._snapshot import SnapshotReader
from counterpoise.typing import Ints


@dataclass(frozen=True)
class SourceTable:
    """The rows of a source: files, columns and labels, each opened when it is first used.

    Attributes:
        snapshot: The rows.
        columns: What each column is for.
    """

    snapshot: Snapshot
    columns: ColumnsConfig

    @cached_property
    def reader(self) -> SnapshotReader:
        """The open files."""
        return SnapshotReader(self.snapshot)

    @property
    def schema(self) -> pa.Schema:
        """The columns and their types."""
        return self.reader.schema

    @cached_property
    def roles(self) -> ColumnRoles:
        """The columns by role.

        Raises:
            ColumnNotFoundError: A configured column is not in the snapshot.
            InputError: No feature is left.
        """
        return column_roles(self.schema, self.columns)

    def read_rows(self, rows: Ints) -> pa.Table:
        """Return features and label of some rows.

        Args:
            rows: Their numbers, ascending.
        """
        return self.reader.read_rows(rows, self.roles.data)

    @cached_property
    def labels(self) -> Labels:
        """The class of each row."""
        return read_labels(self.reader, self.roles.target)
