"""Where rows lie: the neighbour space of SMOTE-NC (Chawla et al. 2002) and the nearest real rows in it.

Numbers are imputed by the median and standardised with the statistics of the train partition, as resampling does it.
A category that differs adds 1 to the squared distance, as one standard deviation of a number does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from counterpoise.resample import NumericStatistics
from counterpoise.results import QUANTILES, Distances, Nearness
from counterpoise.typing import Ints, Matrix

__all__ = ["Neighbourhood", "RealRows", "as_points", "find_nearest", "nearness_and_distances"]


_MOST_LEVELS = 100


def as_points(numbers: Matrix, codes: Matrix, statistics: NumericStatistics | None) -> Matrix:
    """Return rows as points whose Euclidean distance is that of the neighbour space.

    Args:
        numbers: Numeric features, missing values as NaN, of shape (rows, columns).
        codes: Category codes, of shape (rows, columns). Beyond 100 levels in all, rare levels count as one.
        statistics: Of the numeric features; None without any.
    """
    if statistics is None:
        return _one_hot(codes)
    filled: Matrix = np.where(np.isnan(numbers), statistics.median, numbers)
    scaled = (filled - statistics.median) / statistics.deviation
    return np.hstack([scaled, _one_hot(codes)])


def _one_hot(codes: Matrix) -> Matrix:
    from sklearn.preprocessing import OneHotEncoder

    if not codes.size:
        return np.empty((len(codes), 0))
    levels = max(2, _MOST_LEVELS // codes.shape[1])
    encoder = OneHotEncoder(max_categories=levels, sparse_output=False, handle_unknown="ignore")
    marks: Matrix = encoder.fit_transform(codes) / np.sqrt(2)
    return marks


def find_nearest(queries: Matrix, among: Matrix, number: int) -> tuple[Ints, Matrix]:
    """Return positions of the nearest points, nearest first, and their distances; infinite where there are too few.

    Args:
        queries: Points, of shape (queries, dimensions).
        among: Points to look among.
        number: How many to return for each query.
    """
    from sklearn.neighbors import NearestNeighbors

    positions = np.full((len(queries), number), -1, dtype=np.int64)
    distances = np.full((len(queries), number), np.inf)
    known = min(number, len(among))
    if known and len(queries):
        finder = NearestNeighbors(n_neighbors=known).fit(among)
        positions[:, :known] = finder.kneighbors(queries, return_distance=False)
    for place in range(known if len(queries) else 0):
        # Measured again: the search's own distances of equal points are not exactly 0.
        distances[:, place] = np.linalg.norm(queries - among[positions[:, place]], axis=1)
    return positions, distances


@dataclass(frozen=True)
class RealRows:
    """Real rows as points in random order, with their source rows.

    Attributes:
        points: Of shape (rows, dimensions).
        rows: Their source rows.
        even: How many of them, from the first on, are as many of their class as of any other.
    """

    points: Matrix
    rows: Ints
    even: int

    def evenly(self) -> RealRows:
        """Return the first of them only, so that no class is denser here than it is in train."""
        return RealRows(self.points[: self.even], self.rows[: self.even], self.even)


@dataclass(frozen=True)
class Neighbourhood:
    """Points of one class, and the real points around them.

    Attributes:
        synthetic: Synthetic points.
        parents: Their parents' source rows, of shape (points, 2), negative where there is none.
        own: Real rows of the class.
        looked_at: How many of them, from the first on, are looked at themselves.
        others: Real rows of the other classes, evenly.
        complete: Whether no real row is missing.
    """

    synthetic: Matrix
    parents: Ints
    own: RealRows
    looked_at: int
    others: RealRows
    complete: bool


def nearness_and_distances(around: Neighbourhood) -> tuple[Nearness, Distances]:
    """Return where synthetic points lie between the real ones, beside where real points lie."""
    own, _ = _nearest_rows(around, around.own)
    _, own_stranger = _nearest_rows(around, around.own.evenly())
    other, other_stranger = _nearest_rows(around, around.others)
    real = around.own.points[: around.looked_at]
    real_other = find_nearest(real, around.others.points, 1)[1][:, 0]
    nearness = Nearness(
        synthetic=_share_nearer(other_stranger, own_stranger),
        real=_share_nearer(real_other, _leave_one_out(real, around.own.evenly())),
        synthetic_with_parents=_share_nearer(other, own) if around.complete else None,
    )
    distances = Distances(synthetic=_quantiles(own), real=_quantiles(_leave_one_out(real, around.own)))
    return nearness, distances


def _nearest_rows(around: Neighbourhood, among: RealRows) -> tuple[Matrix, Matrix]:
    """Return the distances of synthetic points to the nearest real row, and to the nearest that is no parent."""
    found, distances = find_nearest(around.synthetic, among.points, 3)
    rows = np.append(among.rows, -1)[found]
    is_parent = (rows[:, :, np.newaxis] == around.parents[:, np.newaxis, :]).any(axis=2)
    return distances[:, 0], _nearest_but(distances, is_parent)


def _leave_one_out(queries: Matrix, own: RealRows) -> Matrix:
    """Return the distance of each of the first real points of a class to the nearest other one."""
    found, distances = find_nearest(queries, own.points, 2)
    return _nearest_but(distances, found == np.arange(len(queries))[:, np.newaxis])


def _nearest_but(distances: Matrix, left_out: npt.NDArray[np.bool_]) -> Matrix:
    """Return the smallest distance a row among those that are not left out.

    Args:
        distances: Ascending in each row.
        left_out: Which do not count.
    """
    kept = np.where(left_out, np.inf, distances)
    return np.asarray(kept.min(axis=1)) if len(kept) else np.zeros(0)


def _share_nearer(other: Matrix, own: Matrix) -> float | None:
    """Return how many are nearer to another class, of those that have someone to be near to in both."""
    known = np.isfinite(other) & np.isfinite(own)
    return float(np.mean(other[known] < own[known])) if known.any() else None


def _quantiles(distances: Matrix) -> tuple[float, ...]:
    finite = distances[np.isfinite(distances)]
    if not len(finite):
        return ()
    return tuple(float(f"{value:.6g}") for value in np.quantile(finite, QUANTILES))
