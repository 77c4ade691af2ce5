"""SMOTEN as recipes: synthetic rows made by votes only, with distances between categories."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from counterpoise.strategies import Drawn
from counterpoise.typing import Codes, Ints


def draw_smoten(
    codes: Ints, labels: Codes, *, wanted: Mapping[int, int], k_neighbors: int, seed: int
) -> Iterator[tuple[Drawn, Ints]]:
    """Yield SMOTEN's draws, and its votes as category codes, shape (synthetic rows, columns).

    Args:
        codes: Category codes of all train rows, shape (rows, columns).
        labels: Their class codes.
        wanted: Wanted rows of each growing class.
        k_neighbors: The number of neighbours that vote, besides the row itself.
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
