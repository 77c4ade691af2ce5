"""Frames of Polars and other libraries, through narwhals."""

from __future__ import annotations

from collections.abc import Collection, Hashable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import narwhals as nw
import pyarrow as pa

from counterpoise.errors import InputError
from counterpoise.frames._carried import Carried, labels_do_not_fit, unsupported_column, without_values
from counterpoise.frames._rows import ResultRows


@dataclass(frozen=True)
class NarwhalsFrame:
    """A frame of any eager library that narwhals knows, such as Polars.

    Attributes:
        frame: The frame, wrapped.
    """

    frame: nw.DataFrame[Any]

    @classmethod
    def of(cls, frame: Any) -> NarwhalsFrame:
        """Wrap a frame.

        Raises:
            InputError: It is none, or it has no rows yet.
        """
        try:
            return cls(nw.from_native(frame, eager_only=True))
        except TypeError:
            raise InputError(
                "unsupported_frame",
                expected="a frame of pandas or Polars",
                found=type(frame).__qualname__,
                remedy="collect a lazy frame by .collect(), and wrap arrays by pandas.DataFrame(...)",
            ) from None

    @cached_property
    def names(self) -> dict[Hashable, str]:
        """The names of columns, by themselves."""
        return {name: name for name in self.frame.columns}

    @property
    def levels(self) -> dict[Hashable, str]:
        """Nothing: these frames have no index."""
        return {}

    def with_levels(self, names: Collection[str]) -> NarwhalsFrame:
        """Return the frame itself: it has no index."""
        del names
        return self

    def carried(self, unused: Collection[str] = ()) -> dict[str, Carried]:
        """Return all columns as the engine reads them, by name; unused ones without values.

        Raises:
            InputError: Arrow cannot hold a column exactly.
        """
        rows = len(self.frame)
        return {name: without_values(rows) if name in unused else self._carried(name) for name in self.frame.columns}

    def labels(self, values: Any, name: str) -> NarwhalsFrame:
        """Return labels of the rows as a frame of one column with a name.

        Raises:
            InputError: There are not as many labels as rows.
        """
        rows = len(self.frame)
        try:
            series = nw.from_native(values, series_only=True)
        except TypeError:
            series = nw.new_series(name, values, backend=self.frame.implementation)
        if len(series) != rows:
            raise labels_do_not_fit(rows, f"{len(series):,} labels")
        return NarwhalsFrame(series.alias(name).to_frame())

    def series(self, rows: ResultRows) -> Any:
        """Return the only column of a result's rows."""
        return self._column(rows, rows.names[0]).alias(rows.names[0]).to_native()

    def without(self, names: Collection[str]) -> Any:
        """Return the frame without columns, whether it has them or not."""
        return self.frame.drop(*names, strict=False).to_native()

    def _carried(self, name: str) -> Carried:
        dtype = self.frame.schema[name]
        if dtype == nw.Object:  # Polars would export the addresses of the objects
            raise _unsupported(name, dtype)
        try:
            values = self.frame.select(name).to_arrow()[name]
        except (pa.ArrowException, TypeError, ValueError, NotImplementedError):  # libraries differ in what they raise
            raise _unsupported(name, dtype) from None
        return Carried(values, voted=pa.types.is_dictionary(values.type))

    def result(self, rows: ResultRows) -> Any:
        """Return rows of a result with the frame's dtypes."""
        return self.frame.select(*(self._column(rows, name).alias(name) for name in rows.names)).to_native()

    def _column(self, rows: ResultRows, name: str) -> nw.Series[Any]:
        column = self.frame[name]
        if name in rows.reread:
            return self._native(rows.read_values(name))
        positions = rows.positions_of(name)
        if positions is not None:
            return column[positions]
        made = self._native(rows.made[name]).cast(column.dtype)
        return _chained(column[rows.original], made)[rows.merge]

    def _native(self, values: pa.ChunkedArray) -> nw.Series[Any]:
        table = nw.from_arrow(pa.table({"values": values}), backend=self.frame.implementation)
        return table["values"]

    def table(self, table: pa.Table, own: Collection[str] = ()) -> Any:
        """Return facts about source rows as a frame; the frame's own columns among them have its dtypes."""
        facts = nw.from_arrow(table, backend=self.frame.implementation)
        return facts.with_columns(*(nw.col(name).cast(self.frame.schema[name]) for name in own)).to_native()


def _unsupported(name: str, dtype: Any) -> InputError:
    cast = "cast it, for example by .cast(polars.String)"
    texts = "replace it by texts: polars.Series([str(value) for value in column])"
    return unsupported_column(name, f"values of type {dtype}", texts if dtype == nw.Object else cast)


def _chained(first: nw.Series[Any], second: nw.Series[Any]) -> nw.Series[Any]:
    """Return the values of two series of one type, one after the other."""
    frames = [each.alias("values").to_frame() for each in (first, second)]
    return nw.concat(frames)["values"]
