"""Read a frame the way of files: an Arrow file of its values goes through the ingest stage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from counterpoise.config import BalanceConfig
from counterpoise.errors import InputError
from counterpoise.frames._carried import Carried
from counterpoise.frames._rows import ResultRows
from counterpoise.ingest import ingest_source
from counterpoise.records import Snapshot
from counterpoise.table import SourceTable, batch_rows, plain_values, row_bytes
from counterpoise.typing import Ints


@dataclass(frozen=True)
class ReadFrame:
    """A frame as the engine has read it.

    Attributes:
        carried: Its columns before.
        config: The configuration, with the frame's categories among `columns.categorical`.
        snapshot: The rows, numbered by their positions.
    """

    carried: Mapping[str, Carried]
    config: BalanceConfig
    snapshot: Snapshot

    @cached_property
    def source(self) -> SourceTable:
        """The rows with the roles of their columns."""
        return SourceTable(self.snapshot, self.config.columns)

    @cached_property
    def rows(self) -> pa.Table:
        """Features and label of all rows."""
        return self.source.reader.read_columns(self.source.roles.data).combine_chunks()

    @cached_property
    def _reread(self) -> frozenset[str]:
        return frozenset(name for name in self.source.roles.data if self._is_reread(name))

    def _is_reread(self, name: str) -> bool:
        """Return whether the engine reads other values than the frame has: declared notations, merged labels."""
        before, after = self.carried[name].values, self.rows[name]
        if not _is_text(before.type):
            return False
        if not _is_text(after.type):
            return True
        if name != self.config.columns.target:
            return False
        same = pc.equal(plain_values(before).cast(pa.large_string()), plain_values(after).cast(pa.large_string()))
        return pc.all(same).as_py() is False

    def result(self, positions: Ints, made: pa.Table) -> ResultRows:
        """Return the rows of a result.

        Args:
            positions: The position of each row in the frame; -1 for synthetic rows.
            made: The synthetic rows in their order.
        """
        chosen = {name for name, column in self.carried.items() if column.voted} | {self.config.columns.target}
        return ResultRows(
            names=self.source.roles.data,
            positions=positions,
            made=made,
            source=self.rows,
            chosen=frozenset(chosen),
            reread=self._reread,
        )


def read_frame(carried: Mapping[str, Carried], config: BalanceConfig, folder: Path) -> ReadFrame:
    """Read the columns of a frame as an Arrow file.

    Args:
        carried: The columns by name.
        config: The configuration; its source says how labels and notations are read.
        folder: A working area.

    Raises:
        InputError: The frame has no rows, or columns that files could not have either.
        ColumnNotFoundError: The label is not among the columns.
    """
    path = folder / "frame.arrow"
    table = pa.table([column.values for column in carried.values()], names=list(carried))
    _write(path, table.unify_dictionaries().combine_chunks())
    source = config.source.model_copy(update={"path": str(path)})
    try:
        snapshot = ingest_source(
            source, target=config.columns.target, folder=folder / "ingest", columns=config.columns.named()
        )
    except InputError as error:
        if error.reason != "unsupported_type":
            raise
        remedy = "convert it, for example by .astype(str)"
        raise InputError(
            error.reason, expected=error.expected, found=error.found, remedy=remedy, values=error.values
        ) from None
    return ReadFrame(carried, _with_categories(config, carried, source=source), snapshot)


def _write(path: Path, table: pa.Table) -> None:
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=batch_rows(row_bytes(table.schema)))


def _with_categories(config: BalanceConfig, carried: Mapping[str, Carried], **update: object) -> BalanceConfig:
    columns = config.columns
    named = {columns.target, *columns.named()}
    found = (name for name, column in carried.items() if column.voted and name not in named)
    categorical = (*columns.categorical, *found)
    return config.model_copy(update={"columns": columns.model_copy(update={"categorical": categorical}), **update})


def _is_text(kind: pa.DataType) -> bool:
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))
