"""Map rows to the neighbour space of SMOTE-NC (Chawla et al. 2002) and find the nearest real rows.

Numbers are imputed with the median and standardised with the statistics of the train partition, as in resampling. A
category that differs adds 1 to the squared distance, like one standard deviation of a number.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from counterpoise.resample import NumericStatistics
from counterpoise.results import QUANTILES, Distances, Nearness
from counterpoise.typing import Ints, Mask, Matrix

_MOST_LEVELS = 100


def as_points(numbers: Matrix, codes: Matrix, statistics: NumericStatistics | None) -> Matrix:
    """Return rows as points whose Euclidean distance equals that of the neighbour space.

    Args:
        numbers: Numeric features, missing values as NaN, of shape (rows, columns).
        codes: Category codes, of shape (rows, columns). Beyond 100 levels in total, rare levels count as one.
        statistics: Statistics of the numeric features; None if there are none.
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
    """Return the positions and distances of the nearest points, nearest first; infinite if there are too few.

    Args:
        queries: Points, of shape (queries, dimensions).
        among: Points to search.
        number: How many to return per query.
    """
    from sklearn.neighbors import NearestNeighbors

    positions = np.full((len(queries), number), -1, dtype=np.int64)
    distances = np.full((len(queries), number), np.inf)
    known = min(number, len(among))
    if known and len(queries):
        finder = NearestNeighbors(n_neighbors=known).fit(among)
        positions[:, :known] = finder.kneighbors(queries, return_distance=False)
    for place in range(known if len(queries) else 0):
        # Recompute distances: those of the search are not exactly 0 for equal points.
        distances[:, place] = np.linalg.norm(queries - among[positions[:, place]], axis=1)
    return positions, distances


@dataclass(frozen=True)
class RealRows:
    """Real rows as points in random order, with their source rows.

    Attributes:
        points: Of shape (rows, dimensions).
        rows: Their source rows.
        even: How many rows from the start to use for equal shares of all classes.
    """

    points: Matrix
    rows: Ints
    even: int

    def evenly(self) -> RealRows:
        """Return only the first `even` rows, so that no class is denser than in train."""
        return RealRows(self.points[: self.even], self.rows[: self.even], self.even)


@dataclass(frozen=True)
class Neighbourhood:
    """Points of one class and the real points around them.

    Attributes:
        synthetic: Synthetic points.
        parents: The source rows of their parents, of shape (points, 2); negative if there is none.
        own: Real rows of the class.
        looked_at: How many of these, from the start, are queried themselves.
        others: Real rows of the other classes, in equal shares.
        complete: Whether all real rows are included.
    """

    synthetic: Matrix
    parents: Ints
    own: RealRows
    looked_at: int
    others: RealRows
    complete: bool


def nearness_and_distances(around: Neighbourhood) -> tuple[Nearness, Distances]:
    """Measure where synthetic points are located relative to real points, compared with the real points themselves."""
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
    """Return the distances of synthetic points to the nearest real row, and to the nearest non-parent."""
    found, distances = find_nearest(around.synthetic, among.points, 3)
    rows = np.append(among.rows, -1)[found]
    is_parent = (rows[:, :, np.newaxis] == around.parents[:, np.newaxis, :]).any(axis=2)
    return distances[:, 0], _nearest_but(distances, is_parent)


def _leave_one_out(queries: Matrix, own: RealRows) -> Matrix:
    """Return the distance of each of a class's first real points to its nearest other real point."""
    found, distances = find_nearest(queries, own.points, 2)
    return _nearest_but(distances, found == np.arange(len(queries))[:, np.newaxis])


def _nearest_but(distances: Matrix, left_out: Mask) -> Matrix:
    """Return the smallest distance per row, ignoring some.

    Args:
        distances: Ascending in each row.
        left_out: The distances to ignore.
    """
    kept = np.where(left_out, np.inf, distances)
    return np.asarray(kept.min(axis=1)) if len(kept) else np.zeros(0)


def _share_nearer(other: Matrix, own: Matrix) -> float | None:
    """Return the share of points nearer to another class, among points with neighbours in both."""
    known = np.isfinite(other) & np.isfinite(own)
    return float(np.mean(other[known] < own[known])) if known.any() else None


def _quantiles(distances: Matrix) -> tuple[float, ...]:
    finite = distances[np.isfinite(distances)]
    if not len(finite):
        return ()
    return tuple(float(f"{value:.6g}") for value in np.quantile(finite, QUANTILES))
