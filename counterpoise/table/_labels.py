"""The label column as class codes."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from counterpoise.errors import ColumnNotFoundError
from counterpoise.records import ClassCounts
from counterpoise.table._snapshot import SnapshotReader


@dataclass(frozen=True)
class Labels:
    """Class codes by row, and the classes that they refer to.

    Attributes:
        codes: One int32 per row: the position in `classes`, or -1 for a null label.
        classes: Class names as text, in the sort order of their values.
    """

    codes: npt.NDArray[np.int32]
    classes: tuple[str, ...]

    def counts(self, rows: npt.NDArray[np.bool_] | npt.NDArray[np.int64] | None = None) -> ClassCounts:
        """Return the number of rows by class among the given rows; classes without rows count 0."""
        codes = self.codes if rows is None else self.codes[rows]
        found = np.bincount(codes[codes >= 0], minlength=len(self.classes))
        return {name: int(count) for name, count in zip(self.classes, found, strict=True)}


def encode_labels(column: pa.ChunkedArray) -> Labels:
    """Return the codes of a label column; NaN counts as null."""
    column, distinct = distinct_labels(column)
    codes = pc.fill_null(pc.index_in(column, value_set=distinct), -1)
    return Labels(
        np.asarray(codes.to_numpy()).astype(np.int32, copy=False),
        tuple(class_name(value) for value in distinct.to_pylist()),
    )


def distinct_labels(column: pa.ChunkedArray) -> tuple[pa.ChunkedArray, pa.Array]:
    """Return a label column as plain values with nulls for NaN, and its distinct values in their sort order."""
    column = plain_values(column)
    distinct = pc.unique(column).drop_null()
    return column, distinct.take(pc.sort_indices(distinct))


def plain_values(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a column of labels or keys without dictionaries, with nulls for NaN and zero for minus zero.

    >>> plain_values(pa.chunked_array([[0.0, -0.0, float("nan"), None]])).to_pylist()
    [0.0, 0.0, None, None]
    """
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_floating(column.type):
        column = column.cast(pa.float32()) if pa.types.is_float16(column.type) else column
        zero = pa.scalar(0.0, column.type)
        column = pc.if_else(pc.is_nan(column), None, pc.if_else(pc.equal(column, zero), zero, column))
    return column


def read_labels(reader: SnapshotReader, target: str) -> Labels:
    """Return the codes of the snapshot's label column."""
    names = reader.schema.names
    if target not in names:
        raise ColumnNotFoundError.from_names([target], names, field="columns.target")
    return encode_labels(reader.read_columns([target]).column(0))


def class_name(value: object) -> str:
    """Return a class as text, with booleans as in JSON.

    >>> class_name(True), class_name(1), class_name("yes")
    ('true', '1', 'yes')
    """
    return str(value).lower() if isinstance(value, bool | np.bool_) else str(value)


def comparable_class(value: object) -> str:
    """Return a class as text, with whole floats as integers: pandas turns integers to floats if a label is missing.

    >>> comparable_class(1.0), comparable_class("1"), comparable_class("v1.0")
    ('1', '1', 'v1.0')
    """
    return re.sub(r"^(-?\d+)\.0$", r"\1", class_name(value))
