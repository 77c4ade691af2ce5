"""Features and labels as the engine takes them, and back as what they were."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import narwhals as nw
import numpy as np
import numpy.typing as npt
import pandas as pd
from imblearn.utils import check_target_type
from sklearn.utils import _safe_indexing, check_consistent_length, check_random_state, column_or_1d
from sklearn.utils.multiclass import check_classification_targets

from counterpoise.errors import ArgumentError
from counterpoise.typing import Floats, Ints


@dataclass(frozen=True)
class Features:
    """The features of a sampler.

    Attributes:
        frame: The features as a frame: the given one, or one around an array.
        dtype: The dtype of the array; None if a frame was given.
        is_list: Whether a list was given.
    """

    frame: Any
    dtype: np.dtype[Any] | None = None
    is_list: bool = False

    @classmethod
    def of(cls, array: npt.NDArray[Any], *, is_list: bool) -> Features:
        """Wrap an array with one column per feature; its names are those that pandas gives, so draws are the same."""
        frame = pd.DataFrame(array)
        return cls(frame.infer_objects() if array.dtype == object else frame, array.dtype, is_list)

    def back(self, frame: Any) -> Any:
        """Return features from the engine as what was given."""
        if self.dtype is None:
            return frame
        array = frame.to_numpy(dtype=self.dtype)
        return array.tolist() if self.is_list else array


def is_frame(table: Any) -> bool:
    """Return whether features are a frame of any library, collected or not."""
    return bool(nw.dependencies.is_into_dataframe(table) or nw.dependencies.is_polars_lazyframe(table))


def class_labels(y: Any, *, who: str) -> npt.NDArray[Any]:
    """Return the labels of rows as an array; of one-versus-all labels, the column of the class.

    Args:
        y: Labels of any kind that scikit-learn knows.
        who: The name of the caller.

    Raises:
        ArgumentError: Some label is missing, or there are fewer than two classes.
        ValueError: They are no classes, or several per row.
    """
    if y is None:
        raise _unusable("no_labels", "labels", f"None: {who} requires y to be passed, but the target y is None")
    labels = np.asarray(y)
    if labels.dtype == object:
        labels = pd.DataFrame(labels).infer_objects().to_numpy().reshape(labels.shape)
    if missing := int(pd.isna(labels).sum()):
        raise _unusable("missing_labels", "a label in each row", f"Input y contains NaN: {missing:,} missing labels")
    check_classification_targets(labels)
    labels = check_target_type(labels.ravel() if labels.shape[1:] == (1,) else labels)
    classes = np.unique(labels)
    if len(classes) < 2:
        raise _unusable("single_class", "rows of two classes or more", f"{len(classes)} class: {classes.tolist()}")
    return np.asarray(labels)


def group_numbers(groups: Any, y: Any) -> Ints:
    """Return the number of each row's group, in the order of the groups' values; a row without one is its own group.

    Raises:
        ValueError: There are not as many groups as rows, or several columns of them.
    """
    check_consistent_length(groups, y)
    codes = np.asarray(pd.factorize(column_or_1d(np.asarray(groups)), sort=True)[0], np.int64)
    missing = np.flatnonzero(codes < 0)
    codes[missing] = codes.max(initial=-1) + 1 + np.arange(len(missing))
    return codes


def row_weights(sample_weight: Any, y: Any) -> Floats:
    """Return the weight of each row.

    Raises:
        ArgumentError: A weight is negative, infinite or missing.
        ValueError: There are not as many weights as rows.
    """
    weights = np.asarray(sample_weight, dtype=np.float64)
    check_consistent_length(weights, y)
    if weights.ndim != 1 or not np.isfinite(weights).all() or (weights < 0).any():
        raise _unusable("weights", "one finite weight of at least 0 for each row as sample_weight", "others")
    return weights


def rows_of(values: Any, positions: Ints, *, like: Any) -> Any:
    """Return some rows of labels as what they are: an array, a list, a series or a frame.

    Args:
        values: The labels.
        positions: The rows to take.
        like: The features; labels of pandas get their index.
    """
    taken = _safe_indexing(values, positions)
    if isinstance(taken, pd.Series | pd.DataFrame):
        index = like.index if isinstance(like, pd.DataFrame) else pd.RangeIndex(len(taken))
        return taken.set_axis(index)
    return taken


def seed_of(random_state: int | np.random.RandomState | None) -> int:
    """Return the seed that scikit-learn's `random_state` stands for: itself, or one drawn."""
    if isinstance(random_state, int | np.integer):
        return int(random_state)
    return int(check_random_state(random_state).randint(2**31 - 1))


def _unusable(reason: str, expected: str, found: str) -> ArgumentError:
    remedies = {
        "no_labels": "pass y",
        "missing_labels": "leave out rows without a label, or give them one",
        "single_class": "pass rows of all classes; in cross-validation choose stratified folds, or fewer of them",
        "weights": "replace them, or leave out sample_weight",
    }
    return ArgumentError(reason, expected=expected, found=found, remedy=remedies[reason])
