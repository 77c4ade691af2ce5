"""The space of mixed tables is SMOTENC's, for every strategy and for judging synthetic rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from imblearn.over_sampling import SMOTENC
from scipy.spatial.distance import cdist
from sklearn.neighbors import NearestNeighbors

from counterpoise.resample._costs.train_facts import open_job
from counterpoise.resample._job import ResamplingJob
from counterpoise.resample._neighbours.space import ClassSpace, TrainSpace, read_codes
from counterpoise.resample._neighbours.statistics import NumericStatistics, train_statistics
from counterpoise.split import split_snapshot
from counterpoise.synthetic._neighbours import as_points
from counterpoise.typing import Matrix
from tests.snapshots import UNCHECKED, engine_config, snapshot_of


class Listening(NearestNeighbors):  # type: ignore[misc]  # scikit-learn ships no types
    """A search that keeps what it was fitted to, as SMOTENC hands it over."""

    seen: list[Matrix] = []  # noqa: RUF012  # one list for all clones that SMOTENC makes

    def fit(self, points: Any, labels: Any = None) -> Listening:
        self.seen.append(points.toarray())
        fitted: Listening = super().fit(points, labels)
        return fitted


def smotencs_matrix(numbers: Matrix, codes: Matrix) -> Matrix:
    """Return SMOTENC's own matrix of rows that are all of one growing class."""
    rows, width = len(numbers), numbers.shape[1]
    everything = np.vstack([np.hstack([numbers, codes])] * 3)
    labels = np.repeat([1, 0, 0], rows)
    Listening.seen.clear()
    categories = list(range(width, width + codes.shape[1]))
    SMOTENC(categories, k_neighbors=Listening(n_neighbors=3), random_state=0).fit_resample(everything, labels)
    (matrix,) = Listening.seen
    return matrix


def mixed(rows: int = 400) -> pa.Table:
    rng = np.random.default_rng(0)
    numbers = {name: rng.normal(size=rows) * spread for name, spread in (("a", 1), ("b", 30), ("c", 5))}
    words = {"w": rng.choice(list("pqrs"), rows), "v": rng.choice(list("xy"), rows)}
    return pa.table({**numbers, **words, "label": (np.arange(rows) % 5 == 0).astype(int)})


def job_of(table: pa.Table, folder: Path, **resampling: Any) -> ResamplingJob:
    config = engine_config(folder, resampling=resampling)
    snapshot = snapshot_of(table, folder)
    split = split_snapshot(
        snapshot, columns=config.columns, config=config.split, validation=UNCHECKED, seed=0, folder=folder / "split"
    )
    return open_job(snapshot, split, columns=config.columns, config=config.resampling, seed=0)


@pytest.mark.parametrize("scale", [True, False])
def test_distances_between_all_train_rows_are_smotencs(tmp_path: Path, scale: bool) -> None:
    space = TrainSpace.read(job_of(mixed(), tmp_path, strategy="adasyn", scale=scale))
    theirs = smotencs_matrix(space.points[:, : space.numbers], space.codes.astype(np.float64))
    np.testing.assert_allclose(cdist(space.points, space.points), cdist(theirs, theirs), rtol=1e-9)


def test_a_category_that_differs_is_one_median_deviation_in_the_space_of_all_rows(tmp_path: Path) -> None:
    space = TrainSpace.read(job_of(mixed(), tmp_path, strategy="adasyn", scale=False))
    spread = np.median(space.points[:, :3].std(axis=0))
    assert spread == pytest.approx(5, rel=0.1)
    categories = space.points[:, 3:]
    mismatches = (space.codes[:, np.newaxis] != space.codes[np.newaxis]).sum(axis=2)
    np.testing.assert_allclose(cdist(categories, categories), spread * np.sqrt(mismatches), atol=1e-9)


def test_distances_by_which_synthetic_rows_are_judged_are_smotencs(tmp_path: Path) -> None:
    job = job_of(mixed(), tmp_path, strategy="smote")
    space = TrainSpace.read(job)
    plain = job_of(mixed(), tmp_path / "plain", strategy="smote", scale=False)
    numbers = TrainSpace.read(plain).points[:, : space.numbers]
    mine = as_points(numbers, space.codes.astype(np.float64), job.statistics)
    theirs = smotencs_matrix(space.points[:, : space.numbers], space.codes.astype(np.float64))
    np.testing.assert_allclose(cdist(mine, mine), cdist(theirs, theirs), rtol=1e-9)


def test_synthetic_rows_lie_in_the_same_space_as_their_parents(tmp_path: Path) -> None:
    job = job_of(mixed(), tmp_path, strategy="smote_enn")
    space = TrainSpace.read(job)
    first, second = job.train.rows[[0, 1]]
    recipe = pa.table({
        "parent_a": [first, first], "parent_b": [second, second], "lambda": [0.0, 0.5], "vote:w": ["p", "q"],
        "vote:v": ["x", "y"],
    })  # fmt: skip
    made = space.synthetic_points(recipe, job.train)
    np.testing.assert_allclose(made[0, :3], space.points[0, :3])
    np.testing.assert_allclose(made[1, :3], (space.points[0, :3] + space.points[1, :3]) / 2)
    assert np.linalg.norm(made[0, 3:] - made[1, 3:]) == pytest.approx(space.mismatch * 2)


def test_categories_count_where_most_numbers_are_constant(tmp_path: Path) -> None:
    rows = mixed(300)
    constant = {"a": pa.array([1.0] * 300), "b": pa.array([2.0] * 300)}
    table = pa.table({**constant, **{name: rows[name] for name in ("c", "w", "label")}})
    space = TrainSpace.read(job_of(table, tmp_path, strategy="adasyn"))
    assert space.mismatch == pytest.approx(1)


def test_statistics_are_taken_once_for_all_classes_that_grow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[object] = []

    def counted(*given: Any) -> NumericStatistics:
        calls.append(given)
        return train_statistics(*given)

    monkeypatch.setattr("counterpoise.resample._job.train_statistics", counted)
    job = job_of(mixed(), tmp_path, strategy="smote")
    for code in (0, 1):
        ClassSpace.read(job, code)
    assert len(calls) == 1


def test_codes_of_all_rows_are_those_of_the_space(tmp_path: Path) -> None:
    job = job_of(mixed(), tmp_path, strategy="adasyn")
    codes, categories = read_codes(job)
    space = TrainSpace.read(job)
    assert codes.tolist() == space.codes.tolist()
    assert list(categories) == ["w", "v"]
    assert categories["w"].to_pylist() == ["p", "q", "r", "s", None]
