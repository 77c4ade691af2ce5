"""imbalanced-learn's samplers on arrays: the rows that they use, keep, or make synthetic ones of.

imbalanced-learn decides; its draws are recorded instead of the rows that it would make.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from counterpoise.typing import Codes, Copies, Ints, Matrix


def repeat_rows(codes: Codes, wanted: Mapping[int, int], *, seed: int) -> Copies:
    """Return how often each row is used, after repeating smaller classes at random.

    Args:
        codes: The class codes of the train rows.
        wanted: Rows by class code, none below the present number.
        seed: Seed of imbalanced-learn's `RandomOverSampler`.
    """
    from imblearn.over_sampling import RandomOverSampler

    present = _present(codes, wanted)
    growing = {code: number for code, number in wanted.items() if number > present[code]}
    if not growing:
        return np.ones(len(codes), dtype=np.int32)
    concerned = np.isin(codes, list(growing))
    concerned[np.argmin(concerned)] = True  # one row of another class, if there is one: a sampler needs two classes
    sampler = RandomOverSampler(sampling_strategy=growing, random_state=seed)
    return taken_rows(codes, np.flatnonzero(concerned), sampler)


def shrinking(codes: Codes, wanted: Mapping[int, int]) -> dict[int, int]:
    """Return the wanted rows of the classes that have more."""
    present = _present(codes, wanted)
    return {code: number for code, number in wanted.items() if number < present[code]}


def _present(codes: Codes, wanted: Mapping[int, int]) -> Ints:
    return np.bincount(codes, minlength=max(wanted, default=0) + 1)


def taken_rows(codes: Codes, concerned: Ints, sampler: Any) -> Copies:
    """Return how often a sampler uses each of its candidate rows; other rows are used once.

    Args:
        codes: The class codes of the train rows.
        concerned: Positions of the rows that it chooses from.
        sampler: A random sampler of imbalanced-learn.
    """
    sampler.fit_resample(concerned.reshape(-1, 1), codes[concerned])
    copies = np.ones(len(codes), dtype=np.int32)
    copies[concerned] = np.bincount(sampler.sample_indices_, minlength=len(concerned))
    return copies


def kept_rows(sampler: str, points: Matrix, labels: Codes, *, settings: Mapping[str, Any]) -> Ints:
    """Return the positions of the rows that a sampler of `imblearn.under_sampling` keeps, int64.

    Raises:
        ValueError: imbalanced-learn cannot work with these rows.
    """
    from imblearn import under_sampling

    working = getattr(under_sampling, sampler)(**settings)
    working.fit_resample(points, labels)
    return np.asarray(working.sample_indices_, dtype=np.int64)


@dataclass(frozen=True)
class Drawn:
    """The draws of a sampler for one class, as positions among all points.

    Attributes:
        parent_a: The base rows, int64.
        parent_b: The chosen neighbours, int64; -1 if the neighbours only vote.
        steps: The step from a to b, as a share of their distance; below 0 away from b.
        neighbours: The rows that vote, shape (synthetic rows, k).
    """

    parent_a: Ints
    parent_b: Ints
    steps: Matrix
    neighbours: Ints


class _Rows:
    """Look up the positions of points of one class by their values; equal points are interchangeable."""

    def __init__(self, points: Matrix, labels: Codes, code: int) -> None:
        self._all = points
        self._positions: dict[bytes, int] = {}
        for position in np.flatnonzero(labels == code).tolist():
            self._positions.setdefault(points[position].tobytes(), position)

    def find(self, found: Matrix) -> Ints:
        """Return the positions of rows of the class, or of all rows if all are given."""
        if len(found) == len(self._all):
            return np.arange(len(found))
        return np.fromiter((self._positions[row.tobytes()] for row in found), np.int64, len(found))


def recorded_draws(
    sampler: str, points: Matrix, labels: Codes, *, wanted: Mapping[int, int], settings: Mapping[str, Any],
    threads: int | None, even: bool,
) -> list[Drawn]:  # fmt: skip
    """Record the draws of a SMOTE variant from `imblearn.over_sampling`.

    Args:
        sampler: The name of its class.
        points: All train rows in the neighbour space, shape (rows, columns).
        labels: Their class codes.
        wanted: Wanted rows of each growing class.
        settings: Its other parameters.
        threads: The number of threads it may use; None for no limit.
        even: Whether SVM-SMOTE makes as many rows from each of its base rows, in place of half from each kind.

    Raises:
        ValueError: imbalanced-learn cannot work with these rows.
        RuntimeError: k-means SMOTE cannot work with these rows.
    """
    from imblearn import over_sampling
    from sklearn.utils import check_random_state
    from threadpoolctl import threadpool_limits

    drawn: list[Drawn] = []
    classes = {code: _Rows(points, labels, code) for code in wanted}

    variant: Any = _even_svm_smote() if even and sampler == "SVMSMOTE" else getattr(over_sampling, sampler)

    class Recorder(variant):  # type: ignore[misc]  # a class chosen by name
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


def _even_svm_smote() -> Any:
    """Return imbalanced-learn's SVM-SMOTE with rows in proportion to the support vectors of each kind.

    It draws how many rows begin at support vectors in danger, about half, and the rest at safe ones: few safe ones then
    have hundreds of rows each. The paper gives each the same number (Nguyen, Cooper & Kamel 2011, "Borderline
    over-sampling for imbalanced data classification").
    """
    from imblearn.over_sampling import SVMSMOTE

    class EvenSVMSMOTE(SVMSMOTE):  # type: ignore[misc]  # imbalanced-learn has no types
        def _in_danger_noise(self, *given: Any, **named: Any) -> Any:
            found = super()._in_danger_noise(*given, **named)
            if named.get("kind") == "danger":
                self._danger = float(np.mean(found))
            return found

        def _make_samples(self, rows: Matrix, kind: Any, code: Any, *more: Any, step_size: float, **named: Any) -> Any:
            *data, _ = more
            total = self.sampling_strategy_[code]
            between = round(self._danger * total)
            number = between if step_size > 0 else total - between
            return super()._make_samples(rows, kind, code, *data, number, step_size=step_size, **named)

    return EvenSVMSMOTE
