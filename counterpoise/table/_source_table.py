"""The roles of a table's columns, and a snapshot with them, opened once for all that read it in one piece of work."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import pyarrow as pa

from counterpoise.config import ColumnsConfig, named_columns
from counterpoise.errors import ColumnNotFoundError, InputError
from counterpoise.records import Snapshot
from counterpoise.table._column_use import amounts_of
from counterpoise.table._labels import Labels, read_labels
from counterpoise.table._snapshot import SnapshotReader
from counterpoise.typing import Floats, Ints


@dataclass(frozen=True)
class ColumnRoles:
    """The columns of a table by role, each in the order of the source.

    Attributes:
        features: The columns that learners see.
        target: The label.
        data: Features and label: the columns of the published partitions.
        keys: Identifiers, group and time: the source columns in `keys/`.
        categorical: Features that hold codes although they are numeric.
    """

    features: tuple[str, ...]
    target: str
    data: tuple[str, ...]
    keys: tuple[str, ...]
    categorical: frozenset[str]


def column_roles(schema: pa.Schema, columns: ColumnsConfig) -> ColumnRoles:
    """Return the roles of a table's columns after checking that all configured columns exist.

    Raises:
        ColumnNotFoundError: A configured column is not in the schema.
        InputError: No feature remains.
    """
    names = list(schema.names)
    for named in named_columns(columns, at="columns"):
        if missing := [name for name in named.names if name not in names]:
            raise ColumnNotFoundError.from_names(missing, names, field=named.field)
    key_names = columns.key_columns()
    others = {columns.target, *key_names, *columns.drop}
    features = tuple(name for name in names if name not in others)
    if not features:
        raise InputError(
            "no_features",
            expected="at least one feature column",
            found=f"only {', '.join(map(repr, names))}, all with another role",
            remedy="remove a column from columns.ids, group, time or drop",
        )
    return ColumnRoles(
        features=features,
        target=columns.target,
        data=tuple(name for name in names if name in features or name == columns.target),
        keys=tuple(name for name in names if name in key_names),
        categorical=frozenset(columns.categorical),
    )


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
            rows: Their numbers, each once; the result has their order.
        """
        return self.reader.read_rows(rows, self.roles.data)

    def amounts(self, column: str, rows: Ints) -> Floats | None:
        """Return the cost of missing each of some rows, NaN where unknown; None if no column is named.

        Args:
            column: The column of amounts, or an empty text.
            rows: Their numbers.
        """
        return amounts_of(self.reader.read_columns([column]).column(0))[rows] if column else None

    @cached_property
    def labels(self) -> Labels:
        """The class of each row."""
        return read_labels(self.reader, self.roles.target)
