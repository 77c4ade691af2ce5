"""The search for nearest neighbours: exact, or approximate for classes of very many rows.

With many columns, exact search compares all pairs of rows. Approximate search walks a graph of near rows instead (HNSW,
Malkov & Yashunin 2018), and measures its recall of the true neighbours.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt
from scipy import sparse

from counterpoise.errors import ResamplingError
from counterpoise.typing import Ints, Matrix

SEARCH_MEMORY = 64
"""The MiB of distances that an exact search may hold at once."""

Floats = npt.NDArray[np.float32]
Points = Matrix | sparse.csr_matrix

_CHECKED_ROWS = 1000
_MOST_COLUMNS = 256  # of one-hot points, which the index needs dense
_BLOCK_ROWS = 50_000
_ROUNDING = 1e-6  # of 32-bit distances, relatively


@dataclass(frozen=True)
class Neighbours:
    """The result of a search for neighbours.

    Attributes:
        positions: Positions of each row's neighbours, shape (rows, k), int64.
        recall: The share of true neighbours found for the checked rows, in [0, 1]; None if the search is exact.
        checked: The number of checked rows.
    """

    positions: Ints
    recall: float | None = None
    checked: int = 0


class NeighbourSearch(Protocol):
    """A way to search for neighbours.

    As in imbalanced-learn, k + 1 neighbours are searched and the nearest one, which is the row itself, is dropped.
    Among equal rows another one may be dropped; the row is then its own neighbour.
    """

    def neighbours(self, points: Points, k: int) -> Neighbours:
        """Return the k nearest neighbours of each row.

        Args:
            points: Finite points, shape (rows, columns); at least k + 1 rows.
            k: The number of neighbours per row.
        """
        ...


@dataclass(frozen=True)
class ExactSearch:
    """scikit-learn's search, called in the same way as imbalanced-learn: the same neighbours, including ties.

    Distances of sparse points are held in chunks of `SEARCH_MEMORY`. The default is 1 GiB, which is also slower (12,000
    rows of 6 numbers and categories: 2.6 s and 2.2 GiB, compared with 1.4 s and 0.3 GiB, for the same neighbours).
    """

    def neighbours(self, points: Points, k: int) -> Neighbours:
        """Return the k nearest neighbours of each row."""
        import sklearn
        from sklearn.neighbors import NearestNeighbors

        with sklearn.config_context(working_memory=SEARCH_MEMORY):
            found = NearestNeighbors(n_neighbors=k + 1).fit(points).kneighbors(points, return_distance=False)
        return Neighbours(found[:, 1:])


@dataclass(frozen=True)
class ApproximateSearch:
    """A graph index of the distinct points, in 32-bit numbers; the same seed gives the same neighbours.

    The index has equal rows once: many of them would split its graph. It is built on one thread, because with several
    the graph depends on their order; it is searched on all.

    Attributes:
        seed: Determines the graph's levels and the checked rows.
        edges: Edges of a point in the graph, voyager's `M`.
        effort: Candidates kept while building and searching, voyager's `ef`.
    """

    seed: int
    edges: int = 16
    effort: int = 128

    def neighbours(self, points: Points, k: int) -> Neighbours:
        """Return approximately the k nearest neighbours of each row, and the recall.

        Raises:
            ResamplingError: voyager is not installed, or the one-hot categories have too many columns.
        """
        distinct, group = _distinct_points(_dense(points))
        near = self._search(distinct, min(k + 1, len(distinct)))
        positions = _rows_of_groups(near, group, wanted=k + 1)[:, 1:]
        checked = np.sort(np.random.default_rng(self.seed).permutation(len(positions))[:_CHECKED_ROWS])
        return Neighbours(positions, _recall(points, positions, checked), len(checked))

    def _search(self, points: Floats, wanted: int) -> Ints:
        """Return the positions of approximately the nearest points of each point, including itself, nearest first."""
        voyager = _voyager()
        index = voyager.Index(
            voyager.Space.Euclidean, points.shape[1], M=self.edges, ef_construction=self.effort,
            random_seed=self.seed % 2**32, max_elements=len(points),
        )  # fmt: skip
        index.add_items(points, num_threads=1)
        try:
            found, _ = index.query(points, k=wanted, query_ef=max(self.effort, 2 * wanted))
        except voyager.RecallError as error:
            raise _unfit("a graph of points in which all neighbours are within reach", str(error)) from error
        return np.asarray(found, dtype=np.int64)


def neighbour_search(name: Literal["exact", "approximate"], *, seed: int) -> NeighbourSearch:
    """Return the search of that name.

    Args:
        name: `exact` or `approximate`.
        seed: The seed of an approximate search.
    """
    return ApproximateSearch(seed) if name == "approximate" else ExactSearch()


def _voyager() -> Any:
    try:
        import voyager
    except ImportError as error:
        raise ResamplingError(
            "missing_library",
            expected="the library voyager for approximate neighbour search",
            found="that it is not installed",
            remedy="run pip install 'counterpoise[approximate]', or set resampling.neighbor_search to exact",
            values={"library": "voyager"},
        ) from error
    return voyager


def _unfit(expected: str, found: str, **values: int) -> ResamplingError:
    remedy = "set resampling.neighbor_search to exact, or name columns with many categories in columns.drop"
    return ResamplingError("unfit_for_index", expected=expected, found=found, remedy=remedy, values=values)


def _dense(points: Points) -> Floats:
    """Return points as dense 32-bit numbers: centred, so that large offsets cost no digits, and within [-2, 2]."""
    rows, columns = points.shape
    if sparse.issparse(points) and columns > _MOST_COLUMNS:
        expected = f"at most {_MOST_COLUMNS} numbers and categories for approximate search"
        raise _unfit(expected, f"{columns} (each category of each column counts)", columns=columns)
    largest = float(max(points.max(), -points.min())) or 1.0
    centre = np.asarray(points.mean(axis=0)).ravel() / largest
    dense = np.empty((rows, columns), dtype=np.float32)
    for start in range(0, rows, _BLOCK_ROWS):
        block = points[start : start + _BLOCK_ROWS]
        values = block.toarray() if sparse.issparse(block) else block
        dense[start : start + _BLOCK_ROWS] = values / largest - centre
    return dense


def _distinct_points(points: Floats) -> tuple[Floats, Ints]:
    """Return the distinct points, and the index of each row's point among them."""
    whole = points + np.float32(0)  # turns -0 into 0, because the bytes are compared
    as_bytes = whole.view(np.dtype((np.void, whole.itemsize * whole.shape[1]))).ravel()
    _, first, group = np.unique(as_bytes, return_index=True, return_inverse=True)
    return whole[first], group


def _rows_of_groups(near: Ints, group: Ints, *, wanted: int) -> Ints:
    """Return the first rows of the groups near each row's own group, nearest group first, shape (rows, wanted).

    Args:
        near: The groups near each group, shape (groups, up to wanted), with at least as many rows together.
        group: The group of each row.
        wanted: The number of rows to return for each row.
    """
    by_group = np.argsort(group, kind="stable")
    sizes = np.bincount(group, minlength=len(near))
    begins = np.cumsum(sizes) - sizes
    ends = np.cumsum(sizes[near], axis=1)
    rows = np.empty((len(near), wanted), dtype=np.int64)
    for slot in range(wanted):
        place = (ends <= slot).sum(axis=1, keepdims=True)
        chosen = np.take_along_axis(near, place, axis=1)
        passed = np.take_along_axis(ends, place, axis=1) - sizes[chosen]
        rows[:, slot] = by_group[begins[chosen] + slot - passed].ravel()
    found: Ints = rows[group]
    return found


def _recall(points: Points, positions: Ints, checked: Ints) -> float:
    """Return the share of the checked rows' neighbours that are no farther away than the true k-th neighbour."""
    from sklearn.neighbors import NearestNeighbors

    exact = NearestNeighbors(n_neighbors=positions.shape[1] + 1, algorithm="brute").fit(points)
    truth = exact.kneighbors(points[checked], return_distance=False)[:, 1:]
    farthest = _distances(points, checked, truth).max(axis=1, keepdims=True)
    return float(np.mean(_distances(points, checked, positions[checked]) <= farthest * (1 + _ROUNDING)))


def _distances(points: Points, rows: Ints, neighbours: Ints) -> Matrix:
    """Return Euclidean distances, shape (rows, k)."""
    difference = points[np.repeat(rows, neighbours.shape[1])] - points[neighbours.ravel()]
    squares = difference.multiply(difference) if sparse.issparse(difference) else difference * difference
    distances: Matrix = np.sqrt(np.asarray(squares.sum(axis=1)).reshape(neighbours.shape))
    return distances
