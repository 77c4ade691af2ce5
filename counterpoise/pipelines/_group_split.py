"""Folds with exact class counts that keep groups together, with the interface of scikit-learn's splitters."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np
from sklearn.model_selection import BaseCrossValidator
from sklearn.utils import check_consistent_length

from counterpoise.errors import ArgumentError
from counterpoise.pipelines._tables import class_labels, group_numbers, seed_of
from counterpoise.split import GroupedRows, allocate_groups
from counterpoise.table import class_name
from counterpoise.typing import Ints, Mask

_MOST_FOLDS = 100
_MOST_NODES = 10_000
"""How far integer programming looks for folds with every class, so that its result does not depend on the clock."""


class StratifiedGroupSplit(BaseCrossValidator):  # type: ignore[misc]  # scikit-learn ships no types
    """Split rows into folds with equal class counts; rows of one group are always tested together.

    Each class has as many rows in every fold, to within one if groups allow it, and every fold has its share of large
    and of small groups. Every class is in every fold. Without groups, each row is its own.

    Args:
        n_splits: The number of folds.
        random_state: The seed of the draw, a generator, or None to draw anew each time.
    """

    __metadata_request__split: ClassVar = {"groups": True}

    def __init__(self, n_splits: int = 5, *, random_state: int | np.random.RandomState | None = 0) -> None:
        self.n_splits = n_splits
        self.random_state = random_state

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """Return the number of folds."""
        del X, y, groups
        return self.n_splits

    def split(self, X: Any, y: Any, groups: Any = None) -> Iterator[tuple[Ints, Ints]]:
        """Yield the positions of train and test rows of each fold.

        Args:
            X: The features, of which only the number of rows counts.
            y: The label of each row.
            groups: The group of each row; a row without one is its own.

        Raises:
            ArgumentError: A class has fewer groups than there are folds, or no folds have all classes.
        """
        labels = class_labels(y, who=type(self).__name__)
        check_consistent_length(X, labels)
        folds = _folds(labels, None if groups is None else group_numbers(groups, y), self)
        for number in range(self.n_splits):
            yield np.flatnonzero(folds != number), np.flatnonzero(folds == number)


def _folds(labels: Any, groups: Ints | None, splitter: StratifiedGroupSplit) -> Ints:
    """Return the fold of each row."""
    classes, codes = np.unique(labels, return_inverse=True)
    order = np.arange(len(codes)) if groups is None else np.argsort(groups, kind="stable")
    numbers = order if groups is None else groups[order]
    rows = GroupedRows(numbers, codes[order].astype(np.int32), tuple(map(class_name, classes.tolist())))
    folds, seed = check_folds(splitter.n_splits), seed_of(splitter.random_state)
    _check_frequent(rows, folds)
    holds = np.zeros((rows.number, len(classes)), np.bool_)
    holds[rows.groups, rows.labels] = True
    first = np.zeros(rows.number, np.int64)
    first[rows.groups] = np.arange(len(codes))
    placed = allocate_groups(rows, shares=(1 / folds,) * folds, seed=seed)[first].astype(np.int64)
    placed = complete(placed, holds, rows.sizes, folds=folds)
    result = np.empty(len(codes), np.int64)
    result[order] = placed[rows.groups]
    return result


def complete(placed: Ints, holds: Mask, sizes: Ints, *, folds: int) -> Ints:
    """Return the fold of each group after moving groups, as small ones as possible, until each fold has every class.

    A group moves only if its fold keeps all its classes. With two classes, each of which is in as many groups as there
    are folds, this always succeeds: a fold without a class means another with two groups of it, one of which can move.
    With more classes it may not, and integer programming tells whether there is a way.

    Args:
        placed: The fold of each group.
        holds: Whether each group has each class, shape (groups, classes).
        sizes: The rows of each group.
        folds: The number of folds.

    Raises:
        ArgumentError: There is no way.
    """
    found = placed.copy()
    held = np.stack([holds[found == fold].sum(axis=0) for fold in range(folds)])
    while (lacking := np.argwhere(held == 0)).size:
        spare = ((held[found] >= 2) | ~holds).all(axis=1)
        moves = ((fold, np.flatnonzero(spare & holds[:, code])) for fold, code in lacking)
        fold, candidates = next((move for move in moves if len(move[1])), (0, lacking[:0, 0]))
        if not len(candidates):
            return _solved(placed, holds, sizes, folds)
        group = candidates[np.argmin(sizes[candidates])]
        held[found[group]] -= holds[group]
        held[fold] += holds[group]
        found[group] = fold
    return found


def _solved(placed: Ints, holds: Mask, sizes: Ints, folds: int) -> Ints:
    """Return the folds that have every class for which the fewest rows move."""
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import eye_array, kron

    once = kron(eye_array(len(placed)), np.ones((1, folds)), format="csr")
    cover = kron(holds.T.astype(float), eye_array(folds), format="csr")
    moved = placed[:, None] != np.arange(folds)
    answer = milp(
        (moved * sizes[:, None]).ravel().astype(float),
        integrality=np.ones(moved.size),
        bounds=Bounds(0, 1),
        constraints=[LinearConstraint(once, 1, 1), LinearConstraint(cover, 1, np.inf)],
        options={"node_limit": _MOST_NODES},
    )
    if answer.x is None:
        raise ArgumentError(
            "folds_lack_class",
            expected=f"every class in each of {folds} folds",
            found="no way to place the groups so: they tie several classes together",
            remedy="lower n_splits, or merge classes",
            values={"n_splits": folds},
        )
    return np.asarray(answer.x.reshape(moved.shape).argmax(axis=1), np.int64)


def check_folds(n_splits: Any) -> int:
    """Return a number of folds.

    Raises:
        ArgumentError: It is none.
    """
    if not isinstance(n_splits, int | np.integer) or isinstance(n_splits, bool) or not 2 <= n_splits <= _MOST_FOLDS:
        raise ArgumentError(
            "n_splits",
            expected=f"a whole number from 2 to {_MOST_FOLDS} as n_splits",
            found=repr(n_splits),
            remedy="choose another number of folds",
        )
    return int(n_splits)


def _check_frequent(rows: GroupedRows, folds: int) -> None:
    groups, counts = rows.groups_by_class(), np.bincount(rows.labels)
    if not (rare := np.flatnonzero(groups < folds)).size:
        return
    shown = ", ".join(f"{rows.classes[code]!r} ({counts[code]:,} rows, {groups[code]:,} groups)" for code in rare[:20])
    most = int(groups.min())
    raise ArgumentError(
        "rare_classes",
        expected=f"at least {folds} separate groups of every class, one for each fold",
        found=f"too few of {shown}",
        remedy=f"set n_splits to {most}, or merge classes" if most > 1 else "merge classes, or collect more rows",
        values={"classes": {rows.classes[code]: int(groups[code]) for code in rare}},
    )
