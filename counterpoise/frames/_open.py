"""Open a frame of any library."""

from __future__ import annotations

import sys
from collections.abc import Collection, Hashable, Mapping
from typing import Any, Protocol

import pyarrow as pa

from counterpoise.frames._carried import Carried
from counterpoise.frames._rows import ResultRows


class LabelFrame(Protocol):
    """Labels of the rows of a frame."""

    def carried(self) -> dict[str, Carried]:
        """Return the labels as the engine reads them, by their name."""

    def series(self, rows: ResultRows) -> Any:
        """Return the labels of a result's rows with their own dtype."""


class AnyFrame(Protocol):
    """A frame of one library."""

    @property
    def names(self) -> Mapping[Hashable, str]:
        """The names of columns as texts, by their labels in the frame."""

    @property
    def levels(self) -> Mapping[Hashable, str]:
        """The names of index levels as texts, by themselves."""

    def with_levels(self, names: Collection[str]) -> AnyFrame:
        """Return the frame with the named index levels among its columns."""

    def carried(self, unused: Collection[str] = ()) -> dict[str, Carried]:
        """Return all columns as the engine reads them, by name; unused ones without values."""

    def labels(self, values: Any, name: str) -> LabelFrame:
        """Return labels of the rows as a frame of one column with a name."""

    def without(self, names: Collection[str]) -> Any:
        """Return the frame without columns, whether it has them or not."""

    def result(self, rows: ResultRows) -> Any:
        """Return rows of a result with the frame's dtypes."""

    def table(self, table: pa.Table, own: Collection[str] = ()) -> Any:
        """Return facts about source rows as a frame; the frame's own columns among them have its labels and dtypes."""


def open_frame(frame: Any) -> AnyFrame:
    """Return a frame of pandas, Polars or another library that narwhals knows.

    Raises:
        InputError: It is no frame, or it has no rows yet.
    """
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(frame, pandas.DataFrame):
        from counterpoise.frames._pandas import PandasFrame

        return PandasFrame(frame)
    from counterpoise.frames._narwhals import NarwhalsFrame

    return NarwhalsFrame.of(frame)


def column_names(frame: Any) -> Mapping[Hashable, str]:
    """Return the names of a frame's columns as texts, by their labels in the frame.

    Raises:
        InputError: It is no frame, it has no rows yet, or two columns have the same name.
    """
    return open_frame(frame).names
