"""Reconstruct real rows from synthetic rows alone: lines through synthetic rows meet in the rows they were made from.

SMOTE puts each synthetic row on the segment between two real rows. Rows of the same two parents are on one line, and
lines that share a parent meet in it: ReconSMOTE (Ganev et al., "SMOTE and Mirrors", ICLR 2026, arXiv 2510.15083). So
whoever has the synthetic rows alone can compute real ones. The attack sees neither parents nor real rows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from counterpoise.typing import Floats, Ints, Mask, Matrix

_NEAR = 40
"""The nearest rows of each row among which others on its line are looked for."""
_ON_A_LINE = 3
_MOST_LINES = 3_000
_ERRORS = (1e-9, 1e-5, 1e-3)
"""Errors of values, in standard deviations: of floating-point numbers, and of rounding from fine to coarse."""
_FEWEST_COLUMNS = 3
"""In two dimensions any two lines meet."""
_MOST_DECIMALS = 9


@dataclass(frozen=True)
class Reconstruction:
    """What the attack claims.

    Attributes:
        columns: The positions of the columns that were precise enough.
        claims: The values that real rows are claimed to have in these columns, shape (claims, these columns).
        error: The error up to which a claim is right, in each column's own unit.
    """

    columns: Ints
    claims: Matrix
    error: Floats


def reconstruct(rows: Matrix) -> Reconstruction:
    """Return which real rows the attack finds in synthetic ones.

    Args:
        rows: Synthetic rows of one class as finite numbers, shape (rows, columns).
    """
    columns, error = _precise_columns(rows)
    used = rows[:, columns]
    centre, spread = used.mean(axis=0) if len(used) else np.zeros(0), used.std(axis=0) if len(used) else np.zeros(0)
    met = np.empty((0, len(columns)))
    if len(columns):
        points = np.unique((used - centre) / spread, axis=0)
        met = _meetings(_lines(points, error), error)
    return Reconstruction(columns, met * spread + centre, max(1e-6, 30 * error) * spread)


def found_among(found: Reconstruction, real: Matrix) -> tuple[Mask, Mask]:
    """Return which claims are among some real rows, and which of these rows are claimed.

    Args:
        found: The claims.
        real: Real rows, with all columns.
    """
    from scipy.spatial import KDTree

    right, claimed = np.zeros(len(found.claims), np.bool_), np.zeros(len(real), np.bool_)
    if len(found.claims) and len(real):
        tree = KDTree(found.claims / found.error)
        balls = tree.query_ball_point(real[:, found.columns] / found.error, 1.0, p=np.inf)
        near = [np.array(claims, np.int64).reshape(-1) for claims in balls]
        claimed = np.array([len(claims) > 0 for claims in near])
        right[np.concatenate(near)] = True
    return right, claimed


def _precise_columns(rows: Matrix) -> tuple[Ints, float]:
    """Return the columns to compute with, and the largest error of their values in standard deviations."""
    spread = rows.std(axis=0) if len(rows) >= 2 * _ON_A_LINE else np.zeros(rows.shape[1])
    steps = np.array([_step(column) for column in rows.T])
    errors = np.divide(steps, spread, out=np.full(len(steps), np.inf), where=spread > 0)
    for error in _ERRORS:
        if (errors <= error).sum() >= _FEWEST_COLUMNS:
            return np.flatnonzero(errors <= error), error
    return np.zeros(0, np.int64), 0.0


def _step(values: Floats) -> float:
    """Return the step to which values are rounded; 0 if they have all their digits."""
    return next((10.0**-digits for digits in range(_MOST_DECIMALS) if (np.round(values, digits) == values).all()), 0.0)


@dataclass(frozen=True)
class _Lines:
    """Lines through synthetic rows: a point, a unit vector, and where along it the first and the last row are."""

    points: Matrix
    directions: Matrix
    lows: Floats
    highs: Floats

    @property
    def lengths(self) -> Floats:
        return self.highs - self.lows


def _lines(points: Matrix, error: float) -> _Lines:
    """Return the lines with at least three of the points."""
    group = _groups_on_lines(points, error)
    members = [np.flatnonzero(group == code) for code in np.flatnonzero(np.bincount(group) >= _ON_A_LINE)]
    centres, directions, lows, highs = [], [], [], []
    for own in sorted(members, key=len, reverse=True)[:_MOST_LINES]:
        centre = points[own].mean(axis=0)
        direction = np.linalg.svd(points[own] - centre, full_matrices=False)[2][0]
        along = (points[own] - centre) @ direction
        if np.abs(points[own] - centre - along[:, None] * direction).max() > 3 * error:
            continue  # several lines that chance has linked
        centres.append(centre)
        directions.append(direction)
        lows.append(along.min())
        highs.append(along.max())
    shape = -1, points.shape[1]
    return _Lines(
        np.array(centres).reshape(shape), np.array(directions).reshape(shape), np.array(lows), np.array(highs)
    )


def _groups_on_lines(points: Matrix, error: float) -> Ints:
    """Return one code per point, equal for points on a line of three or more near ones."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components
    from sklearn.neighbors import NearestNeighbors

    number = min(_NEAR + 1, len(points))
    near = NearestNeighbors(n_neighbors=number).fit(points).kneighbors(points, return_distance=False)[:, 1:]
    pairs = [np.zeros((0, 2), np.int64)]
    for row, others in enumerate(near):
        steps = points[others] - points[row]
        lengths = np.maximum(np.linalg.norm(steps, axis=1), 1e-300)
        cosines = (steps / lengths[:, None]) @ (steps / lengths[:, None]).T
        allowed = 2 * error * (1 / lengths[:, None] + 1 / lengths) + 1e-12
        one, other = np.nonzero(np.triu(1 - np.abs(cosines) < allowed**2 / 2 + 1e-14, k=1))
        if len(one):
            pairs.append(np.stack([np.full(len(one), row), others[one]], axis=1))
            pairs.append(np.stack([others[one], others[other]], axis=1))
    tied = np.concatenate(pairs)
    graph = coo_array((np.ones(len(tied), np.int8), (tied[:, 0], tied[:, 1])), shape=(len(points), len(points)))
    return np.asarray(connected_components(graph, directed=False)[1], np.int64)


def _meetings(lines: _Lines, error: float) -> Matrix:
    """Return the distinct points in which lines meet."""
    width = lines.points.shape[1]
    met = [np.zeros((0, width))]
    for line in range(len(lines.points)):
        places = np.sort(_places_met(lines, line, error))
        cuts = np.flatnonzero(np.diff(places) > max(1e-7, 30 * error)) + 1
        along = np.array([float(np.median(part)) for part in np.split(places, cuts) if len(part)])
        met.append(lines.points[line] + along[:, None] * lines.directions[line])
    points = np.concatenate(met)
    _, first = np.unique(np.round(points / max(1e-6, 100 * error)), axis=0, return_index=True)
    return points[np.sort(first)]


def _places_met(lines: _Lines, line: int, error: float) -> Floats:
    """Return where along a line others meet it: outside the rows of both, which are between their parents."""
    others = np.arange(len(lines.points)) != line
    directions, between = lines.directions[others], lines.points[others] - lines.points[line]
    cosines, along = directions @ lines.directions[line], np.einsum("ij,ij->i", between, directions)
    sines = 1 - cosines**2
    crossing = sines > 1e-6
    own = np.divide(between @ lines.directions[line] - cosines * along, sines, out=np.zeros(len(sines)), where=crossing)
    its = own * cosines - along
    gap = own[:, None] * lines.directions[line] - between - its[:, None] * directions
    allowed = 3 * error * (2 + np.abs(own) / lines.lengths[line] + np.abs(its) / lines.lengths[others])
    crossing &= (own < lines.lows[line]) | (own > lines.highs[line])
    crossing &= (its < lines.lows[others]) | (its > lines.highs[others])
    return np.asarray(own[crossing & (np.abs(gap).max(axis=1) < allowed)])
