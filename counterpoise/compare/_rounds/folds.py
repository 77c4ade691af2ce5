"""Stratified folds of the train rows: tied rows (equal in their features or of one group) share a fold."""

from __future__ import annotations

import warnings

import numpy as np
import numpy.typing as npt

from counterpoise.errors import EvaluationError
from counterpoise.split import GroupedRows, allocate_groups
from counterpoise.typing import Ints

Folds = npt.NDArray[np.int8]
Codes = npt.NDArray[np.int32]


def assign_folds(codes: Codes, ties: Ints, *, classes: tuple[str, ...], folds: int, repeats: int, seed: int) -> Folds:
    """Return the fold that each row is tested in, shape (repeats, rows).

    Without ties these are the folds of scikit-learn's shuffled `StratifiedKFold`, with the seed raised by one per
    repeat; with ties, rows are allocated as in the split.

    Args:
        codes: Class codes.
        ties: One code per row, without gaps; rows with equal codes stay together.
        classes: Class names by code.
        folds: The number of folds.
        repeats: The number of repeats.
        seed: The seed for shuffling.

    Raises:
        EvaluationError: Fewer than two classes have at least one row per fold.
    """
    counts = np.bincount(codes, minlength=len(classes))
    most = int(np.sort(counts)[-2]) if len(counts) > 1 else 0
    if most < folds:
        _refuse({name: int(count) for name, count in zip(classes, counts, strict=True)}, folds, max(most, 0))
    tied = len(np.unique(ties)) < len(ties)
    seeds = [(seed + number) % 2**32 for number in range(repeats)]
    if not tied:
        return np.stack([_stratified(codes, folds, one) for one in seeds])
    shares = (1 / folds,) * folds
    return np.stack([allocate_groups(GroupedRows(ties, codes, classes), shares=shares, seed=one) for one in seeds])


def _stratified(codes: Codes, folds: int, seed: int) -> Folds:
    from sklearn.model_selection import StratifiedKFold

    placed = np.zeros(len(codes), np.int8)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the notes report classes with fewer rows than folds
        parts = list(StratifiedKFold(folds, shuffle=True, random_state=seed).split(codes, codes))
    for number, (_, tested) in enumerate(parts):
        placed[tested] = number
    return placed


def _refuse(counts: dict[str, int], folds: int, most: int) -> None:
    raise EvaluationError(
        "too_few_rows",
        expected=f"at least {folds} train rows in each of two classes, one per fold",
        found=", ".join(f"{name} {count:,}" for name, count in list(counts.items())[:20]) or "no rows",
        remedy=f"set tournament.folds to {most}" if most > 1 else "get more rows of the smaller class",
        values={"classes": counts},
    )
