"""Generated tables with a known relation between features and label."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest

from counterpoise.evaluate._tables import EvaluationTables

MakeTables = Callable[..., EvaluationTables]


def _over_sampled(labels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return row numbers with which every class has as many rows as the largest."""
    names, counts = np.unique(labels, return_counts=True)
    parts = [
        np.append(np.flatnonzero(labels == name), rng.choice(np.flatnonzero(labels == name), counts.max() - number))
        for name, number in zip(names, counts, strict=True)
    ]
    return rng.permutation(np.concatenate(parts))


def _under_sampled(labels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    names, counts = np.unique(labels, return_counts=True)
    parts = [rng.choice(np.flatnonzero(labels == name), counts.min(), replace=False) for name in names]
    return rng.permutation(np.concatenate(parts))


_RESAMPLERS = {"random_over": _over_sampled, "random_under": _under_sampled}


@pytest.fixture(scope="session")
def split_tables() -> MakeTables:
    """Split a table 60/20/20 by class and resample its train part."""

    def make(table: pa.Table, target: str, *, strategy: str = "random_over", seed: int = 0) -> EvaluationTables:
        rng = np.random.default_rng(seed)
        labels = np.array([str(value) for value in table.column(target).to_pylist()])
        part = np.zeros(len(labels), int)
        for name in np.unique(labels):
            rows = rng.permutation(np.flatnonzero(labels == name))
            fifth = len(rows) // 5
            part[rows[:fifth]], part[rows[fifth : 2 * fifth]] = 1, 2
        train = np.flatnonzero(part == 0)
        again = _RESAMPLERS[strategy](labels[train], rng) if strategy != "none" else np.arange(len(train))
        return EvaluationTables(
            train_natural=table.take(pa.array(train)),
            train_resampled=table.take(pa.array(train[again])),
            validation=table.take(pa.array(np.flatnonzero(part == 1))),
            test=table.take(pa.array(np.flatnonzero(part == 2))),
            target=target,
            natural_rows=len(train),
        )

    return make


@pytest.fixture(scope="session")
def signal_table() -> Callable[..., pa.Table]:
    """Two numeric features, the label's odds growing with the first; `strength` 0 gives noise labels."""

    def make(rows: int = 2_000, *, prevalence: float = 0.1, strength: float = 2.0, seed: int = 0) -> pa.Table:
        rng = np.random.default_rng(seed)
        labels = rng.permutation(np.arange(rows) < round(rows * prevalence))
        features = rng.normal(size=(rows, 2))
        features[:, 0] += strength * labels
        return pa.table({"a": features[:, 0], "b": features[:, 1], "label": np.where(labels, "yes", "no")})

    return make
