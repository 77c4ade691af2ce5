"""Folds that roll forward in time, with the interface of scikit-learn's splitters."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from math import inf
from typing import Any, ClassVar, Literal

import narwhals as nw
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
from sklearn.model_selection import BaseCrossValidator
from sklearn.utils import check_consistent_length

from counterpoise.compare import KnownGroups, Timeline, assign_folds_in_time, roll_of
from counterpoise.config import ColumnsConfig, ComparisonConfig, build_section
from counterpoise.errors import ArgumentError, ColumnNotFoundError
from counterpoise.pipelines._arguments import as_arguments
from counterpoise.pipelines._group_split import check_folds
from counterpoise.pipelines._tables import class_labels, group_numbers, is_frame
from counterpoise.split import Knowledge, Moments, read_moments
from counterpoise.table import class_name
from counterpoise.typing import Ints

_WORDS = {
    "tournament.test_window": "test",
    "tournament.train_window": "train",
    "tournament.folds": "n_splits",
    "test_window": "test",
    "train_window": "train",
    "lower split.gap": "shorten delay",
    "gap": "delay",
    "correct tournament.": "correct ",
    "correct tournament": "give test, or leave train and step empty",
}
"""Words for settings in errors of the engine, and those for parameters of the splitter."""


class GroupTimeSplit(BaseCrossValidator):  # type: ignore[misc]  # scikit-learn ships no types
    """Split rows into folds that train on the past and test on what follows, the newest fold last.

    Args:
        n_splits: The number of folds.
        time: The column of `X` with the time of each row; not needed if `split` gets `times`.
        test: What each fold tests, such as `7 days`, in windows of the calendar; empty to cut time into intervals with
            about as many rows, as `TimeSeriesSplit` does.
        train: How far back a fold trains, such as `30 days`; empty for all older rows. Needs `test`.
        step: How far folds roll forward, `test` or more; empty for `test`.
        delay: How long it takes until a label is known: so much older than the tested window are the rows to train on.
        known_positives: `keep`: rows of a group that is tested are not trained on. `drop`: a group may be on both
            sides, but rows whose group was known as positive by then are not tested.
        positive_class: The class of known positives; None for the rarer one of two.
        time_unit: The unit of times that are numbers, such as `second`; empty if it is unknown.
    """

    __metadata_request__split: ClassVar = {"groups": True, "times": True}

    def __init__(
        self,
        n_splits: int = 5,
        *,
        time: Hashable = None,
        test: str = "",
        train: str = "",
        step: str = "",
        delay: str = "",
        known_positives: Literal["keep", "drop"] = "keep",
        positive_class: Any = None,
        time_unit: str = "",
    ) -> None:
        self.n_splits = n_splits
        self.time = time
        self.test = test
        self.train = train
        self.step = step
        self.delay = delay
        self.known_positives = known_positives
        self.positive_class = positive_class
        self.time_unit = time_unit

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """Return the number of folds."""
        del X, y, groups
        return self.n_splits

    def split(self, X: Any, y: Any, groups: Any = None, times: Any = None) -> Iterator[tuple[Ints, Ints]]:
        """Yield the positions of train and test rows of each fold; rows without a time are in none.

        Args:
            X: The features, with the column `time` unless `times` is given.
            y: The label of each row.
            groups: The group of each row; a row without one is its own.
            times: The time of each row: timestamps, dates or numbers.

        Raises:
            ArgumentError: There are too few times or windows, or a fold would have a single class on one side.
        """
        labels = class_labels(y, who=type(self).__name__)
        numbers = None if groups is None else group_numbers(groups, y)
        name = "times" if self.time is None else str(self.time)
        declared = f"declare it in source.types, such as {name}=timestamp"
        with as_arguments({**_WORDS, declared: "convert it, for example by pandas.to_datetime"}):
            moments = self._moments(X, labels, times, name)
            timed = np.flatnonzero(~moments.missing)
            classes, codes = np.unique(labels[timed], return_inverse=True)
            names = tuple(map(class_name, classes.tolist()))
            own = None if numbers is None else np.unique(numbers[timed], return_inverse=True)[1]
            ties = np.arange(len(timed)) if own is None or self.known_positives == "drop" else own
            found = assign_folds_in_time(
                codes.astype(np.int32), ties, self._timeline(moments, timed, labels, own), classes=names,
                folds=check_folds(self.n_splits),
            )  # fmt: skip
        for number, trained in enumerate(found.trained):
            yield timed[trained], timed[found.tested == number]

    def _moments(self, X: Any, labels: npt.NDArray[Any], times: Any, name: str) -> Moments:
        """Return the times of all rows."""
        column = _column(X, self.time) if times is None else _as_arrow(times)
        check_consistent_length(column, labels)
        columns = build_section(
            ColumnsConfig, {"target": f"not {name}", "time": name, "time_unit": self.time_unit}, name="columns"
        )
        return read_moments(column, columns)

    def _timeline(self, moments: Moments, timed: Ints, labels: npt.NDArray[Any], groups: Ints | None) -> Timeline:
        settings = build_section(
            ComparisonConfig,
            {"delay": self.delay, "test_window": self.test, "train_window": self.train, "step": self.step},
            name="tournament",
        )
        times, scale = moments.values[timed], moments.scale
        delay = scale.length(self.delay, field="delay")
        roll = roll_of(settings, scale, times) if self.test else None
        known = None
        if self.known_positives not in ("keep", "drop"):
            raise _invalid("known_positives", "keep or drop", self.known_positives)
        if self.known_positives == "drop":
            if groups is None:
                raise _invalid("groups", "groups, because known_positives is drop", None)
            day = Knowledge.of(moments, start=-inf, delay=0).day
            known = KnownGroups(groups, labels[timed] == self._positive(labels), day)
        return Timeline(times, delay, scale.words(delay), roll, known)

    def _positive(self, labels: npt.NDArray[Any]) -> Any:
        classes, counts = np.unique(labels, return_counts=True)
        if self.positive_class is None and len(classes) == 2:
            return classes[int(counts[1] <= counts[0])]
        if self.positive_class not in classes.tolist():
            raise _invalid("positive_class", f"one of the classes {classes.tolist()[:20]}", self.positive_class)
        return self.positive_class


def _column(X: Any, name: Hashable) -> pa.ChunkedArray:
    """Return a column of a frame."""
    if name is None:
        raise _invalid("time", "the name of a column with times, or times as an argument of split", None)
    if not is_frame(X):
        raise _invalid("times", "a frame with the column of times, or times as an argument of split", type(X).__name__)
    if name not in X.columns:
        raise ColumnNotFoundError.from_names([str(name)], map(str, X.columns), field="time")
    return _as_arrow(X[name] if isinstance(X, pd.DataFrame) else nw.from_native(X)[name].to_native())


def _as_arrow(times: Any) -> pa.ChunkedArray:
    """Return times in Arrow."""
    try:
        series = nw.from_native(times, series_only=True)
    except TypeError:
        return pa.chunked_array([pa.array(pd.Series(np.asarray(times)), from_pandas=True)])
    if isinstance(times, pd.Series):
        return pa.chunked_array([pa.array(times, from_pandas=True)])
    return pa.chunked_array([series.to_arrow()])


def _invalid(name: str, expected: str, found: Any) -> ArgumentError:
    return ArgumentError(f"invalid_{name}", expected=expected, found=repr(found), remedy=f"correct {name}")
