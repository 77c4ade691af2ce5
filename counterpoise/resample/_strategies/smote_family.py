"""The variants of SMOTE that look at all classes, as recipes: which parents, how far, and who votes.

imbalanced-learn decides; what it draws is recorded instead of the rows that it would make. Its ADASYN cannot be
listened to, so its few lines of drawing stand here, held to the same result by a test.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from counterpoise.typing import Codes, Ints, Matrix

__all__ = ["Drawn", "draw_adasyn", "draw_smoten", "draw_variant"]


@dataclass(frozen=True)
class Drawn:
    """What a sampler has drawn for one class, as positions among all points.

    Attributes:
        parent_a: The base rows, int64.
        parent_b: The chosen neighbours, int64; -1 where the neighbours only vote.
        steps: How far to go from a to b; below 0 away from it.
        neighbours: The rows that vote, of shape (synthetic rows, k).
    """

    parent_a: Ints
    parent_b: Ints
    steps: Matrix
    neighbours: Ints


class _Rows:
    """Finds the positions of points of one class by their values; equal points are interchangeable."""

    def __init__(self, points: Matrix, labels: Codes, code: int) -> None:
        self._all = points
        self._positions: dict[bytes, int] = {}
        for position in np.flatnonzero(labels == code).tolist():
            self._positions.setdefault(points[position].tobytes(), position)

    def find(self, found: Matrix) -> Ints:
        """Return the positions of rows of the class, or of all rows where all are given."""
        if len(found) == len(self._all):
            return np.arange(len(found))
        return np.fromiter((self._positions[row.tobytes()] for row in found), np.int64, len(found))


def draw_variant(
    name: str, points: Matrix, labels: Codes, *, wanted: Mapping[int, int], k_neighbors: int, seed: int,
    options: Mapping[str, Any],
) -> Iterator[Drawn]:  # fmt: skip
    """Yield what Borderline-SMOTE, SVM-SMOTE or k-means SMOTE draws.

    Clusters are found on one thread: with several they depend on which of them adds up first.

    Args:
        name: The strategy.
        points: All train rows in the neighbour space, of shape (rows, columns).
        labels: Their class codes.
        wanted: Rows wanted of each growing class.
        k_neighbors: Neighbours to choose from.
        seed: imbalanced-learn's `random_state`.
        options: The sampler's further options.

    Raises:
        ValueError: imbalanced-learn finds nothing to work with.
        RuntimeError: The same, of k-means SMOTE.
    """
    from imblearn import over_sampling
    from sklearn.utils import check_random_state
    from threadpoolctl import threadpool_limits

    samplers = {"borderline_smote": "BorderlineSMOTE", "svm_smote": "SVMSMOTE", "kmeans_smote": "KMeansSMOTE"}
    drawn: list[Drawn] = []
    classes = {code: _Rows(points, labels, code) for code in wanted}

    class Recorder(getattr(over_sampling, samplers[name])):  # type: ignore[misc]  # a class chosen by name
        def _generate_samples(self, base: Matrix, data: Matrix, near: Ints, *more: Any) -> Matrix:
            rows, chosen, steps, code, classes_of_data = more[0], more[1], more[2].ravel(), more[3], more[4]
            if classes_of_data is not None:
                other = classes_of_data[near[rows, chosen]] != code
                steps[other] *= check_random_state(self.random_state).uniform(0.0, 0.5, int(other.sum()))
            known = classes[int(code)]
            voters = known.find(data)[near[rows]]
            drawn.append(Drawn(known.find(base)[rows], voters[np.arange(len(rows)), chosen], steps, voters))
            return base[:0]

    sampler = Recorder(sampling_strategy=dict(wanted), k_neighbors=k_neighbors, random_state=seed, **options)
    with threadpool_limits(limits=1 if name == "kmeans_smote" else None):
        sampler.fit_resample(points, labels)
    yield from drawn


def draw_adasyn(
    points: Matrix, labels: Codes, *, wanted: Mapping[int, int], k_neighbors: int, seed: int
) -> Iterator[Drawn]:
    """Yield what ADASYN (He et al. 2008) draws: more rows where more neighbours are of other classes.

    Args:
        points: All train rows in the neighbour space, of shape (rows, columns).
        labels: Their class codes.
        wanted: Rows wanted of each growing class; rounding may give a few more or less.
        k_neighbors: Neighbours to look at and to choose from.
        seed: imbalanced-learn's `random_state`.

    Raises:
        ValueError: A class has no neighbour of another class, so that there is no density to follow.
    """
    from sklearn.neighbors import NearestNeighbors
    from sklearn.utils import check_random_state

    random = check_random_state(seed)
    everything = NearestNeighbors(n_neighbors=k_neighbors + 1).fit(points)
    for code, number in wanted.items():
        own = np.flatnonzero(labels == code)
        around = everything.kneighbors(points[own], return_distance=False)[:, 1:]
        share = np.sum(labels[around] != code, axis=1) / k_neighbors
        if not share.any():
            raise ValueError("no neighbour of the class belongs to another one: there is no density to follow")
        shares = np.rint(share / share.sum() * (number - len(own))).astype(int)
        bases = np.repeat(np.arange(len(own)), shares)
        among = NearestNeighbors(n_neighbors=k_neighbors + 1).fit(points[own])
        near = own[among.kneighbors(points[own], return_distance=False)[:, 1:]]
        chosen = random.choice(k_neighbors, size=len(bases))
        steps = random.uniform(size=(len(bases), 1)).ravel()
        yield Drawn(own[bases], near[bases, chosen], steps, near[bases])


def draw_smoten(
    codes: Ints, labels: Codes, *, wanted: Mapping[int, int], k_neighbors: int, seed: int
) -> Iterator[tuple[Drawn, Ints]]:
    """Yield what SMOTEN draws, and its votes as category codes of shape (synthetic rows, columns).

    Args:
        codes: Category codes of all train rows, of shape (rows, columns).
        labels: Their class codes.
        wanted: Rows wanted of each growing class.
        k_neighbors: Neighbours that vote beside the row itself.
        seed: imbalanced-learn's `random_state`.
    """
    from imblearn.over_sampling import SMOTEN
    from sklearn.utils import check_random_state

    made: list[tuple[Drawn, Ints]] = []

    class Recorder(SMOTEN):  # type: ignore[misc]  # imbalanced-learn ships no types
        def _make_samples(self, rows: Ints, code: int, kind: Any, near: Ints, number: int) -> tuple[Ints, Codes]:
            voted, _ = super()._make_samples(rows, code, kind, near, number)
            bases = check_random_state(self.random_state).choice(np.arange(len(rows)), size=number, replace=True)
            own = np.flatnonzero(labels == code)
            known = self.categorical_encoder_.categories_
            votes = np.column_stack([values[voted[:, index]] for index, values in enumerate(known)])
            none = np.full(number, -1)
            made.append((Drawn(own[bases], none, np.zeros(number), own[near[bases]]), votes))
            return voted[:1], np.full(1, code, dtype=kind)

    sampler = Recorder(sampling_strategy=dict(wanted), k_neighbors=k_neighbors, random_state=seed)
    sampler.fit_resample(codes, labels)
    yield from made
