"""imbalanced-learn's samplers on arrays: which rows they take, keep, or make synthetic ones of.

imbalanced-learn decides; what it draws is recorded instead of the rows that it would make.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from counterpoise.typing import Codes, Copies, Ints, Matrix

__all__ = ["Drawn", "kept_rows", "recorded_draws", "repeat_rows", "shrinking", "taken_rows"]


def repeat_rows(codes: Codes, wanted: Mapping[int, int], *, seed: int) -> Copies:
    """Return how often each row is taken, smaller classes repeated at random.

    Args:
        codes: The class codes of the train rows.
        wanted: Rows by class code, none below what is there.
        seed: Seed of imbalanced-learn's `RandomOverSampler`.
    """
    from imblearn.over_sampling import RandomOverSampler

    present = _present(codes, wanted)
    growing = {code: number for code, number in wanted.items() if number > present[code]}
    if not growing:
        return np.ones(len(codes), dtype=np.int32)
    concerned = np.isin(codes, list(growing))
    concerned[np.argmin(concerned)] = True  # one row of another class, if there is one: a sampler wants two
    sampler = RandomOverSampler(sampling_strategy=growing, random_state=seed)
    return taken_rows(codes, np.flatnonzero(concerned), sampler)


def shrinking(codes: Codes, wanted: Mapping[int, int]) -> dict[int, int]:
    """Return the rows wanted of the classes that have more."""
    present = _present(codes, wanted)
    return {code: number for code, number in wanted.items() if number < present[code]}


def _present(codes: Codes, wanted: Mapping[int, int]) -> Ints:
    return np.bincount(codes, minlength=max(wanted, default=0) + 1)


def taken_rows(codes: Codes, concerned: Ints, sampler: Any) -> Copies:
    """Return how often a sampler takes each row that concerns it; other rows are taken once.

    Args:
        codes: The class codes of the train rows.
        concerned: Positions of the rows that it chooses among.
        sampler: A random sampler of imbalanced-learn.
    """
    sampler.fit_resample(concerned.reshape(-1, 1), codes[concerned])
    copies = np.ones(len(codes), dtype=np.int32)
    copies[concerned] = np.bincount(sampler.sample_indices_, minlength=len(concerned))
    return copies


def kept_rows(sampler: str, points: Matrix, labels: Codes, *, settings: Mapping[str, Any]) -> Ints:
    """Return the positions of the rows that a sampler of `imblearn.under_sampling` keeps, int64.

    Raises:
        ValueError: imbalanced-learn finds nothing to work with.
    """
    from imblearn import under_sampling

    working = getattr(under_sampling, sampler)(**settings)
    working.fit_resample(points, labels)
    return np.asarray(working.sample_indices_, dtype=np.int64)


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


def recorded_draws(
    sampler: str, points: Matrix, labels: Codes, *, wanted: Mapping[int, int], settings: Mapping[str, Any],
    threads: int | None,
) -> list[Drawn]:  # fmt: skip
    """Return what a variant of SMOTE of `imblearn.over_sampling` draws.

    Args:
        sampler: Its class.
        points: All train rows in the neighbour space, of shape (rows, columns).
        labels: Their class codes.
        wanted: Rows wanted of each growing class.
        settings: Its further parameters.
        threads: How many it may use; None for as many as there are.

    Raises:
        ValueError: imbalanced-learn finds nothing to work with.
        RuntimeError: The same, of k-means SMOTE.
    """
    from imblearn import over_sampling
    from sklearn.utils import check_random_state
    from threadpoolctl import threadpool_limits

    drawn: list[Drawn] = []
    classes = {code: _Rows(points, labels, code) for code in wanted}

    class Recorder(getattr(over_sampling, sampler)):  # type: ignore[misc]  # a class chosen by name
        def _generate_samples(self, base: Matrix, data: Matrix, near: Ints, *more: Any) -> Matrix:
            rows, chosen, steps, code, classes_of_data = more[0], more[1], more[2].ravel(), more[3], more[4]
            if classes_of_data is not None:
                other = classes_of_data[near[rows, chosen]] != code
                steps[other] *= check_random_state(self.random_state).uniform(0.0, 0.5, int(other.sum()))
            known = classes[int(code)]
            voters = known.find(data)[near[rows]]
            drawn.append(Drawn(known.find(base)[rows], voters[np.arange(len(rows)), chosen], steps, voters))
            return base[:0]

    with threadpool_limits(limits=threads):
        Recorder(sampling_strategy=dict(wanted), **settings).fit_resample(points, labels)
    return drawn
