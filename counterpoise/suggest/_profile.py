"""Summarise a column with the few numbers that proposals need."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from counterpoise.records import Snapshot
from counterpoise.table import SnapshotReader, is_named_like_an_id

MISSING_TOKENS = ("?", "NA", "N/A", "n/a", "#N/A", "<NA>", "null", "NULL", "nan", "NaN", "None", "-", "--")

_FEW = 50


@dataclass(frozen=True)
class ColumnSummary:
    """The summary of a column.

    Attributes:
        name: Its name.
        type: Its Arrow type, dictionaries decoded.
        rows: The number of rows.
        missing: The number of null or NaN values.
        distinct: The number of different values, without missing ones.
        infinite: The number of infinite values.
        quantiles: Minimum, quartiles and maximum of the finite values; empty unless the column is numeric.
        values: All values, sorted, if the column has few different texts or booleans.
        tokens: Texts that usually mean missing, with their numbers.
    """

    name: str
    type: pa.DataType
    rows: int
    missing: int
    distinct: int
    infinite: int = 0
    quantiles: tuple[float, ...] = ()
    values: tuple[Any, ...] = ()
    tokens: Mapping[str, int] = field(default_factory=dict)

    @property
    def present(self) -> int:
        """The number of values that are not missing."""
        return self.rows - self.missing

    @property
    def is_text(self) -> bool:
        """Whether it contains texts."""
        return bool(
            pa.types.is_string(self.type) or pa.types.is_large_string(self.type) or pa.types.is_string_view(self.type)
        )

    @property
    def is_number(self) -> bool:
        """Whether it contains integers or floating-point numbers."""
        return bool(pa.types.is_integer(self.type) or pa.types.is_floating(self.type))

    @property
    def is_time(self) -> bool:
        """Whether it contains timestamps or dates."""
        return bool(pa.types.is_timestamp(self.type) or pa.types.is_date(self.type))

    @property
    def is_unique(self) -> bool:
        """Whether all values are unique."""
        return self.missing == 0 and self.distinct == self.rows > 1

    @property
    def is_sequence(self) -> bool:
        """Whether it numbers the rows: integers without repetition or gap."""
        whole = pa.types.is_integer(self.type) and self.is_unique and bool(self.quantiles)
        return whole and self.quantiles[-1] - self.quantiles[0] == self.rows - 1

    @property
    def is_named_like_an_id(self) -> bool:
        """Whether its name suggests an identifier, as in `customerID` or `row_id`."""
        return is_named_like_an_id(self.name)


def profile_columns(snapshot: Snapshot) -> Iterator[ColumnSummary]:
    """Yield the summary of each column in order, reading one column at a time."""
    reader = SnapshotReader(snapshot)
    for column in snapshot.columns:
        yield profile_column(column.name, reader.read_columns([column.name]).column(0))


def profile_column(name: str, column: pa.ChunkedArray) -> ColumnSummary:
    """Summarise one column."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    kind = column.type
    if pa.types.is_nested(kind) or pa.types.is_null(kind) or isinstance(kind, pa.BaseExtensionType):
        return ColumnSummary(name, kind, len(column), column.null_count, len(column) - column.null_count)
    present = column.drop_null()
    if pa.types.is_floating(kind):
        present = present.filter(pc.invert(pc.is_nan(present)))
    profile = ColumnSummary(name, kind, len(column), len(column) - len(present), pc.count_distinct(present).as_py())
    if profile.is_number:
        return _with_numbers(profile, present)
    return _with_values(profile, present)


def _with_numbers(profile: ColumnSummary, present: pa.ChunkedArray) -> ColumnSummary:
    finite = present
    if pa.types.is_floating(profile.type):
        finite = present.filter(pc.is_finite(present))
    values = np.asarray(finite.to_numpy())
    quantiles = np.quantile(values, (0, 0.25, 0.5, 0.75, 1), method="inverted_cdf") if len(values) else []
    return replace(profile, infinite=len(present) - len(finite), quantiles=tuple(value.item() for value in quantiles))


def _with_values(profile: ColumnSummary, present: pa.ChunkedArray) -> ColumnSummary:
    if not (profile.is_text or pa.types.is_boolean(profile.type)):
        return profile
    values = tuple(sorted(pc.unique(present).to_pylist())) if profile.distinct <= _FEW else ()
    if not profile.is_text:
        return replace(profile, values=values)
    trimmed = pc.utf8_trim_whitespace(present)
    found = pc.value_counts(trimmed.filter(pc.is_in(trimmed, pa.array(MISSING_TOKENS, profile.type)))).to_pylist()
    counts = {each["values"]: each["counts"] for each in found}
    return replace(profile, values=values, tokens={token: counts[token] for token in MISSING_TOKENS if token in counts})
