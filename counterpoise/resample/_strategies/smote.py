"""SMOTE (Chawla et al. 2002) as a recipe: parents and steps instead of rows.

SMOTE considers no other class, so the rows of one class suffice for the draws of a fit on the whole train partition.
imbalanced-learn draws parents, neighbours and steps. With categories the recipe is that of its SMOTENC, including
votes, but without a dense one-hot matrix: bit for bit the same, with one exception. imbalanced-learn multiplies votes
by the spread of the class's numbers (the median of their standard deviations) before it compares them. Below a spread
of 1.4e-8, other than 0, it treats unequal votes as equal and even draws categories that have none. Here the majority
wins at any spread.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import sparse

from counterpoise.resample._neighbours.search import ExactSearch, Neighbours, NeighbourSearch
from counterpoise.resample._neighbours.voting import vote
from counterpoise.typing import Codes, Ints, Matrix

_EXACT = ExactSearch()


@dataclass(frozen=True)
class Recipe:
    """How to make the synthetic rows of one class.

    Attributes:
        parent_a: Position of the base row among the class's rows, int64.
        parent_b: Position of the neighbour, int64.
        steps: The step from a to b as a share of their difference, in [0, 1), float64.
        votes: Category codes, shape (synthetic rows, categorical columns), float64.
        recall: The share of true neighbours found by an approximate search; None if the search is exact.
    """

    parent_a: Ints
    parent_b: Ints
    steps: Matrix
    votes: Matrix
    recall: float | None = None

    def with_categories_of_nearer_parents(self, codes: Codes | Matrix) -> Recipe:
        """Return the recipe with the categories of the nearer parent, which keeps their shares; a vote does not.

        Args:
            codes: Category codes of the rows that the parents are positions among, shape (rows, categorical columns).
        """
        if not self.votes.shape[1]:
            return self
        nearer = np.where((self.steps < 0.5) | (self.parent_b < 0), self.parent_a, self.parent_b)
        return replace(self, votes=codes[nearer].astype(np.float64))


def smote_recipe(
    points: Matrix, *, number: int, k_neighbors: int, seed: int, search: NeighbourSearch = _EXACT
) -> Recipe:
    """Return a recipe for synthetic rows of one class with numeric features only.

    Args:
        points: The class's rows in the neighbour space, shape (rows, columns).
        number: The number of synthetic rows to make.
        k_neighbors: The number of neighbours to choose from; fewer than rows.
        seed: imbalanced-learn's `random_state`.
        search: The search for neighbours.

    Raises:
        ResamplingError: The search cannot be used.
    """
    found = search.neighbours(points, k_neighbors)
    return _recipe(found, np.empty((len(points), 0), dtype=np.int64), number=number, seed=seed)


def smotenc_recipe(
    points: Matrix, codes: Matrix, *, number: int, k_neighbors: int, seed: int, search: NeighbourSearch = _EXACT
) -> Recipe:
    """Return a recipe for synthetic rows of one class with numeric and categorical features.

    Args:
        points: The class's numeric features in the neighbour space, shape (rows, numeric columns).
        codes: Its category codes, whole numbers, shape (rows, categorical columns).
        number: The number of synthetic rows to make.
        k_neighbors: The number of neighbours to choose from; fewer than rows.
        seed: imbalanced-learn's `random_state`.
        search: The search for neighbours.

    Raises:
        ResamplingError: The search cannot be used, or not with this many categories.
    """
    whole = codes.astype(np.int64)
    found = search.neighbours(_mixed_points(points, whole), k_neighbors)
    return _recipe(found, whole, number=number, seed=seed)


def _recipe(found: Neighbours, codes: Ints, *, number: int, seed: int) -> Recipe:
    rows, columns, steps = _draw(found.positions, number=number, seed=seed)
    votes = vote(codes, found.positions, seed=seed, bases=rows).astype(np.float64)
    return Recipe(rows, found.positions[rows, columns], steps, votes, found.recall)


def _draw(neighbours: Ints, *, number: int, seed: int) -> tuple[Ints, Ints, Matrix]:
    """Return imbalanced-learn's draws for each synthetic row: base row, index of its neighbour, and step."""
    from imblearn.over_sampling import SMOTE

    class Recorder(SMOTE):  # type: ignore[misc]  # imbalanced-learn ships no types
        def _generate_samples(self, *drawn: Any) -> Matrix:
            rows, columns, steps = drawn[3:6]
            self.drawn_ = rows, columns, steps.ravel()
            return np.empty((number, 0))

        def draw(self) -> tuple[Ints, Ints, Matrix]:
            self._make_samples(neighbours, np.int64, 1, neighbours, neighbours, number)
            drawn: tuple[Ints, Ints, Matrix] = self.drawn_
            return drawn

    return Recorder(random_state=seed).draw()


def _mixed_points(points: Matrix, codes: Ints) -> sparse.csr_matrix:
    """Return SMOTENC's space: numbers and one-hot categories, whose distance is the median spread of the numbers.

    The matrix has imbalanced-learn's entries in the same order (distances are sums of rounded products): zeros of
    numbers are omitted, those of categories are not. A `csr_array` would have 64-bit indices, for which scikit-learn
    sums in another order.
    """
    from sklearn.utils.sparsefuncs_fast import csr_mean_variance_axis0

    numbers = sparse.csr_matrix(points)
    mixed: sparse.csr_matrix = sparse.hstack((numbers, _one_hot(codes)), format="csr")
    _, variance = csr_mean_variance_axis0(numbers)
    mixed.data[mixed.indices >= points.shape[1]] = np.median(np.sqrt(variance)) / np.sqrt(2)
    return mixed


def _one_hot(codes: Ints) -> sparse.csr_matrix:
    """Return one column per category that occurs, ascending, shape (rows, categories of all columns)."""
    places, width = np.empty(codes.shape, dtype=np.int32), 0
    for column in range(codes.shape[1]):
        levels, place = np.unique(codes[:, column], return_inverse=True)
        places[:, column] = place + width
        width += len(levels)
    ends = np.arange(0, codes.size + 1, codes.shape[1], dtype=np.int32)
    return sparse.csr_matrix((np.ones(codes.size), places.ravel(), ends), shape=(len(codes), width))
