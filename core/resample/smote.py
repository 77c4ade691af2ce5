"""SMOTE (Chawla et al. 2002) as a recipe: parents and steps instead of rows.

imbalanced-learn draws parents, neighbours and steps on the rows of one class alone; that gives the same draws as a fit
on the whole train partition, because its SMOTE looks at no other class. With categories it is SMOTENC, whose votes are
kept as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Recipe", "smote_recipe", "smotenc_recipe"]

Matrix = npt.NDArray[np.float64]
Positions = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Recipe:
    """How the synthetic rows of one class are made.

    Attributes:
        parent_a: Position of the base row among the class's rows, int64.
        parent_b: Position of the neighbour, int64.
        steps: How far to go from a to b, in [0, 1), float64.
        votes: Category codes of shape (synthetic rows, categorical columns), float64.
    """

    parent_a: Positions
    parent_b: Positions
    steps: Matrix
    votes: Matrix


def smote_recipe(points: Matrix, *, number: int, k_neighbors: int, seed: int) -> Recipe:
    """Return a recipe for synthetic rows of one class with numeric features only.

    Args:
        points: The class's rows in the neighbour space, of shape (rows, columns).
        number: Synthetic rows to make.
        k_neighbors: Neighbours to choose from; fewer than rows.
        seed: imbalanced-learn's `random_state`.
    """
    from imblearn.over_sampling import SMOTE

    class Recorder(SMOTE):  # type: ignore[misc]  # imbalanced-learn ships no types
        def _generate_samples(self, *drawn: Any) -> Matrix:
            self.recorded_ = _parents_and_steps(*drawn)
            return np.empty((number, 0))

        def record(self) -> tuple[Positions, Positions, Matrix]:
            self._validate_estimator()
            self.nn_k_.fit(points)
            neighbours = self.nn_k_.kneighbors(points, return_distance=False)[:, 1:]
            self._make_samples(points, np.int64, 1, points, neighbours, number)
            recorded: tuple[Positions, Positions, Matrix] = self.recorded_
            return recorded

    parent_a, parent_b, steps = Recorder(k_neighbors=k_neighbors, random_state=seed).record()
    return Recipe(parent_a, parent_b, steps, np.empty((number, 0)))


def smotenc_recipe(points: Matrix, codes: Matrix, *, number: int, k_neighbors: int, seed: int) -> Recipe:
    """Return a recipe for synthetic rows of one class with numeric and categorical features.

    Args:
        points: The class's numeric features in the neighbour space, of shape (rows, numeric columns).
        codes: Its category codes, of shape (rows, categorical columns).
        number: Synthetic rows to make.
        k_neighbors: Neighbours to choose from; fewer than rows.
        seed: imbalanced-learn's `random_state`.
    """
    from imblearn.over_sampling import SMOTENC

    class Recorder(SMOTENC):  # type: ignore[misc]  # imbalanced-learn ships no types
        def _generate_samples(self, *drawn: Any) -> Any:
            self.recorded_ = _parents_and_steps(*drawn)
            return super()._generate_samples(*drawn)

    numeric = points.shape[1]
    rows = np.hstack([points, codes])
    other = rows[:1]
    sampler = Recorder(
        categorical_features=list(range(numeric, rows.shape[1])),
        sampling_strategy={1: len(rows) + number},
        k_neighbors=k_neighbors,
        random_state=seed,
    )
    labels = np.concatenate([np.ones(len(rows), np.int64), np.zeros(1, np.int64)])
    made, _ = sampler.fit_resample(np.vstack([rows, other]), labels)
    return Recipe(*sampler.recorded_, votes=made[len(rows) + 1 :, numeric:])


def _parents_and_steps(
    _points: Any, _neighbour_points: Any, neighbours: Positions, rows: Positions, columns: Positions, *drawn: Any
) -> tuple[Positions, Positions, Matrix]:
    """Take parents and steps out of what imbalanced-learn's SMOTE has drawn."""
    return rows, neighbours[rows, columns], drawn[0].ravel()
