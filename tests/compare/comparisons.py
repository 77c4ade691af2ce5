"""Small comparisons for tests."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from counterpoise.compare._rounds.prepare import prepare_table
from counterpoise.config import BalanceConfig
from counterpoise.results import Candidate, CandidateResult, Comparison, Rules
from counterpoise.results._ranking import Seeds

TREE = 'sklearn.tree:DecisionTreeClassifier {"max_depth": 5, "random_state": 0}'


def comparison_config(
    *,
    seed: int = 0,
    resampling: dict[str, Any] | None = None,
    evaluation: dict[str, Any] | None = None,
    **tournament: Any,
) -> BalanceConfig:
    return BalanceConfig(
        name="tested",
        seed=seed,
        source={"path": "table.csv"},
        columns={"target": "label"},
        resampling=resampling or {},
        evaluation=evaluation or {},
        tournament=tournament,
    )


def comparison_of(table: pa.Table, folder: Path, *, seeds: Seeds | None = None, **settings: Any) -> Comparison:
    """Prepare a comparison on the rows of a table with the label `label`."""
    return prepare_table(Rules.of(comparison_config(**settings), seeds), table, folder=folder / "comparison")


def signal(rows: int = 400, *, classes: int = 2, strength: float = 1.5, seed: int = 0) -> pa.Table:
    """Return two numbers and a category; the classes thin out, and the first number tells them apart."""
    rng = np.random.default_rng(seed)
    shares = np.array([0.85, 0.15] if classes == 2 else [0.6, 0.25, 0.15])
    label = rng.choice(classes, rows, p=shares)
    return pa.table(
        {
            "a": rng.normal(size=rows) + strength * label,
            "b": pa.array(rng.normal(size=rows), mask=rng.random(rows) < 0.05),
            "kind": rng.choice(["p", "q", "r"], rows),
            "label": np.array(["no", "perhaps", "yes"] if classes == 3 else ["no", "yes"])[label],
        }
    )


def candidate(strategy: str, learner: str = TREE) -> Candidate:
    return Candidate(strategy=strategy, learner=learner)


def scores(result: CandidateResult) -> tuple[float | None, ...]:
    """Return what of a result must not depend on the machine."""
    return tuple(value for fold in result.folds for value in fold.values())


def processes_of_this_one() -> list[int]:
    """Return the templates and workers that this process has started and that are there."""
    return processes_of(os.getpid())


def processes_of(owner: int) -> list[int]:
    """Return the templates and workers that a process has started and that are there."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            words = path.read_bytes().split(b"\0")
            if b"counterpoise.compare._processes.worker_template" in words and str(owner).encode() in words:
                found.append(int(path.parent.name))
    return found
