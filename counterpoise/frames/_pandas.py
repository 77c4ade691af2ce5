"""Frames of pandas: their columns by names that are texts, and rows of a result with the frame's dtypes and index."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Hashable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from counterpoise.errors import InputError
from counterpoise.frames._carried import Carried, carry_column, labels_do_not_fit, without_values
from counterpoise.frames._rows import ResultRows
from counterpoise.table import to_pandas
from counterpoise.typing import Ints


@dataclass(frozen=True)
class PandasFrame:
    """A frame of pandas.

    Attributes:
        frame: The frame, which is not modified.
        columns: Its labels of columns, if it has index levels besides.
    """

    frame: pd.DataFrame
    columns: pd.Index[Any] | None = None

    @cached_property
    def names(self) -> dict[Hashable, str]:
        """The names of columns as texts, by their labels in the frame.

        Raises:
            InputError: Two columns have the same name.
        """
        labels: list[Hashable] = list(self.frame.columns)
        names = {label: text_name(label) for label in labels}
        if twice := sorted(text for text, count in Counter(names[label] for label in labels).items() if count > 1):
            raise InputError(
                "duplicate_columns",
                expected="columns with different names, also when these are written as texts",
                found=f"several columns named {', '.join(map(repr, twice[:5]))}",
                remedy="rename them, for example by frame.columns = [...]",
                values={"names": twice[:20]},
            )
        return names

    @cached_property
    def levels(self) -> dict[Hashable, str]:
        """The names of index levels that no column has, as texts, by themselves."""
        known, several = set(self.names.values()), self.frame.columns.nlevels > 1
        levels = [] if several else [level for level in self.frame.index.names if level is not None]
        return {level: text_name(level) for level in levels if text_name(level) not in known}

    def with_levels(self, names: Collection[str]) -> PandasFrame:
        """Return the frame with the named index levels among its columns."""
        frame = self.frame.copy(deep=False)
        for level in (level for level, name in self.levels.items() if name in names):
            values = frame.index.get_level_values(list(frame.index.names).index(level))
            frame.insert(frame.shape[1], level, values)
        return PandasFrame(frame, self.frame.columns)

    def carried(self, unused: Collection[str] = ()) -> dict[str, Carried]:
        """Return all columns as the engine reads them, by name; unused ones without values.

        Raises:
            InputError: Arrow cannot hold a column exactly.
        """
        return {
            name: without_values(len(self.frame)) if name in unused else carry_column(self.frame.iloc[:, place], name)
            for place, name in enumerate(self.names.values())
        }

    def labels(self, values: Any, name: str) -> PandasFrame:
        """Return labels of the rows as a frame of one column with a name.

        Raises:
            InputError: There are not as many labels as rows.
        """
        rows = len(self.frame)
        if isinstance(values, pd.DataFrame) and values.shape[1] == 1:
            values = values.iloc[:, 0]
        try:
            series: pd.Series[Any] = pd.Series(values)
        except (TypeError, ValueError):
            raise labels_do_not_fit(rows, f"{type(values).__qualname__}, which is no series") from None
        if len(series) != rows:
            raise labels_do_not_fit(rows, f"{len(series):,} labels")
        return PandasFrame(series.set_axis(self.frame.index).to_frame(name))

    def series(self, rows: ResultRows) -> pd.Series[Any]:
        """Return the only column of a result's rows."""
        return self.result(rows).iloc[:, 0]

    def without(self, names: Collection[str]) -> pd.DataFrame:
        """Return the frame without columns, whether it has them or not."""
        return self.frame.loc[:, [name not in names for name in self.names.values()]]

    def result(self, rows: ResultRows) -> pd.DataFrame:
        """Return rows of a result with the frame's dtypes and index.

        Synthetic rows get new labels: integers that follow the largest one, or missing ones.
        """
        places = [self._places[name] for name in rows.names]
        given = self.frame.set_flags(allows_duplicate_labels=True).iloc[:, places]
        part = given.copy(deep=False)
        for place in filter(lambda place: _is_view(given.dtypes.iloc[place]), range(len(places))):
            part.isetitem(place, 0)
        part = part.take(np.maximum(rows.positions, 0))
        part.index = pd.RangeIndex(len(part))
        for place, name in enumerate(rows.names):
            column = given.iloc[:, place]
            if name in rows.reread:
                part.isetitem(place, _reread(rows.read_values(name), column))
            elif _is_view(column.dtype):
                part.isetitem(place, _like(rows.read_values(name), column).array)
            elif rows.made.num_rows:
                part.isetitem(place, _column(rows, name, column))
        part.index = _labels(self.frame.index, rows.positions)
        if self.columns is not None and max(places) < len(self.columns):
            part.columns = self.columns.take(places)
        return part

    def table(self, table: pa.Table, own: Collection[str] = ()) -> pd.DataFrame:
        """Return facts about source rows as a frame; the frame's own columns among them have its labels and dtypes.

        NumPy's integers and booleans become nullable ones if there are synthetic rows, which have no keys.
        """
        labels: dict[str, Hashable] = {name: label for label, name in self.names.items() if name in own}
        facts = to_pandas(table)
        positions = facts["source_row"].to_numpy(dtype=np.int64, na_value=-1)
        for place, name in enumerate(facts.columns):
            if name in labels:
                column = self.frame.iloc[:, self._places[name]].reset_index(drop=True)
                if not _is_view(column.dtype) and (column.dtype.kind not in "iub" or (positions >= 0).all()):
                    taken: Any = column.reindex(positions).reset_index(drop=True)
                    facts.isetitem(place, taken)
        facts.columns = pd.Index([labels.get(name, name) for name in facts.columns], tupleize_cols=False)
        return facts

    @cached_property
    def _places(self) -> dict[str, int]:
        return {name: place for place, name in enumerate(self.names.values())}


def text_name(label: Hashable) -> str:
    """Return a column's label as text, as pandas and pyarrow write it to Parquet.

    >>> text_name("x"), text_name(0), text_name(("a", 1)), text_name(None)
    ('x', '0', "('a', '1')", 'None')
    """
    return str(tuple(map(text_name, label))) if isinstance(label, tuple) else str(label)


def _is_view(dtype: Any) -> bool:
    """Return whether neither pandas nor Arrow can select rows of a column."""
    kind = dtype.pyarrow_dtype if isinstance(dtype, pd.ArrowDtype) else None
    return kind in (pa.string_view(), pa.binary_view())


def _column(rows: ResultRows, name: str, column: pd.Series[Any]) -> Any:
    positions = rows.positions_of(name)
    if positions is not None:
        return column.take(positions).reset_index(drop=True)
    original = column.take(rows.original)
    made = _like(rows.made[name], column)
    return pd.concat([original, made], ignore_index=True).take(rows.merge).reset_index(drop=True)


def _like(values: pa.ChunkedArray, column: pd.Series[Any]) -> pd.Series[Any]:
    """Return values that the engine has made with a column's dtype."""
    dtype: Any = column.dtype
    if isinstance(dtype, np.dtype) and dtype.kind == "O":
        return pd.Series(_objects(values.to_pylist(), column), dtype=object)
    if isinstance(dtype, pd.ArrowDtype):
        return pd.Series(values.cast(dtype.pyarrow_dtype, safe=False), dtype=dtype)
    return to_pandas(pa.table({"made": values}))["made"].astype(dtype)


def _objects(values: list[Any], column: pd.Series[Any]) -> list[Any]:
    """Return values as objects of the column's own type, if it has a single one, with its own missing value."""
    gone = column.isna()
    missing = column[gone].iloc[0] if gone.any() else None
    kinds = {type(value) for value in column[~gone]}
    made: Any = kinds.pop() if len(kinds) == 1 else lambda value: value
    return [missing if value is None else value if type(value) is made else made(value) for value in values]


def _reread(values: pa.ChunkedArray, column: pd.Series[Any]) -> Any:
    """Return values that the engine reads differently: texts with the column's dtype, others with their own."""
    series = to_pandas(pa.table({"read": values}))["read"]
    if isinstance(column.dtype, pd.CategoricalDtype):
        return series.astype("category")
    text = pa.types.is_string(values.type) or pa.types.is_large_string(values.type)
    return series.astype(column.dtype) if text else series


def _labels(index: pd.Index[Any], positions: Ints) -> Any:
    """Return the index of a result: integers go on for synthetic rows, other labels are missing."""
    made = positions < 0
    part = index.take(np.maximum(positions, 0))
    if not made.any():
        return part
    kind = index.dtype.kind if isinstance(index.dtype, np.dtype) else ""
    if isinstance(index, pd.MultiIndex) or kind not in ("i", "u", "b"):
        return index.take(positions, allow_fill=True, fill_value=np.nan)
    labels = part.to_numpy().astype(object)
    if kind == "b":
        labels[made] = None
        return pd.Index(labels, name=index.name)
    last = int(index.max()) + int(made.sum())
    labels[made] = list(range(int(index.max()) + 1, last + 1))
    fits = last <= np.iinfo(index.to_numpy().dtype).max
    return pd.Index(labels, dtype=index.dtype if fits else object, name=index.name)
