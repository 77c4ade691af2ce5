"""On plain float64 columns, unscaled, the published rows are those of imbalanced-learn."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from imblearn import combine, over_sampling, under_sampling
from threadpoolctl import threadpool_limits

from counterpoise.runtime import child_seed
from counterpoise.split import rows_of_partition
from counterpoise.typing import Matrix
from counterpoise.versions import open_version
from tests.snapshots import run_engine

NAMES = ("a", "b", "c")


def numeric_table(rows: int, classes: int) -> pa.Table:
    rng = np.random.default_rng(3)
    label = rng.choice(classes, rows, p=[0.75, 0.25] if classes == 2 else [0.7, 0.2, 0.1])
    columns = {name: rng.normal(size=rows) + label * index for index, name in enumerate(NAMES)}
    return pa.table({**columns, "label": label})


def published(table: pa.Table, folder: Path, **resampling: Any) -> tuple[Matrix, Matrix, npt.NDArray[np.int64]]:
    """Return the train rows before, and the resampled rows with their labels as the last column, sorted."""
    settings = {"scale": False, "grid": False, **resampling}
    run = run_engine(table, folder, resampling=settings, split={"duplicates": "ignore"})
    rows = open_version(f"{run.version.root}/{run.version.dataset}").to_arrow("train")
    after = np.column_stack([rows[name].to_numpy() for name in (*NAMES, "label")])
    train = table.take(pa.array(rows_of_partition(run.split, "train")))
    before = np.column_stack([train[name].to_numpy() for name in NAMES])
    return after[np.lexsort(after.T)], before, train["label"].to_numpy()


def resampled(sampler: Any, points: Matrix, labels: npt.NDArray[np.int64]) -> Matrix:
    made, classes = sampler.fit_resample(points, labels)
    together = np.column_stack([made, classes])
    return together[np.lexsort(together.T)]


EQUAL: list[tuple[str, Any, dict[str, Any]]] = [
    ("random_over", over_sampling.RandomOverSampler, {}),
    ("random_under", under_sampling.RandomUnderSampler, {"replacement": True}),
    ("smote", over_sampling.SMOTE, {}),
    ("adasyn", over_sampling.ADASYN, {}),
    ("borderline_smote", over_sampling.BorderlineSMOTE, {"m_neighbors": 7}),
    ("svm_smote", over_sampling.SVMSMOTE, {"out_step": 0.3}),
    (
        "kmeans_smote",
        partial(over_sampling.KMeansSMOTE, k_neighbors=5),
        {"kmeans_estimator": 2, "cluster_balance_threshold": 0.05},
    ),
    ("condensed_nearest_neighbour", under_sampling.CondensedNearestNeighbour, {}),
    ("one_sided_selection", under_sampling.OneSidedSelection, {"n_seeds_S": 4}),
    ("instance_hardness_threshold", under_sampling.InstanceHardnessThreshold, {"cv": 3}),
]


@pytest.mark.slow
@pytest.mark.parametrize(("strategy", "sampler", "options"), EQUAL, ids=[name for name, *_ in EQUAL])
@pytest.mark.parametrize("classes", [2, 3])
def test_the_rows_are_those_of_imbalanced_learn(
    tmp_path: Path, strategy: str, sampler: Any, options: dict[str, Any], classes: int
) -> None:
    mine, points, labels = published(numeric_table(600, classes), tmp_path, strategy=strategy, options=options)
    with threadpool_limits(limits=1):
        theirs = resampled(sampler(random_state=child_seed(0, "resample", strategy), **options), points, labels)
    assert np.array_equal(mine, theirs)


@pytest.mark.parametrize(
    ("strategy", "sampler", "options"),
    [
        ("near_miss", under_sampling.NearMiss, {"version": 2}),
        ("tomek_links", under_sampling.TomekLinks, {"sampling_strategy": "all"}),
        ("edited_nearest_neighbours", under_sampling.EditedNearestNeighbours, {"kind_sel": "mode"}),
        ("repeated_edited_nearest_neighbours", under_sampling.RepeatedEditedNearestNeighbours, {"max_iter": 5}),
        ("all_knn", under_sampling.AllKNN, {"allow_minority": True}),
        ("neighbourhood_cleaning_rule", under_sampling.NeighbourhoodCleaningRule, {"threshold_cleaning": 0.3}),
    ],
)
def test_the_rows_of_samplers_without_chance_are_those_of_imbalanced_learn(
    tmp_path: Path, strategy: str, sampler: Any, options: dict[str, Any]
) -> None:
    mine, points, labels = published(numeric_table(600, 3), tmp_path, strategy=strategy, options=options)
    assert np.array_equal(mine, resampled(sampler(**options), points, labels))


@pytest.mark.parametrize(
    ("strategy", "sampler"), [("smote_enn", combine.SMOTEENN), ("smote_tomek", combine.SMOTETomek)]
)
def test_combinations_clean_original_and_synthetic_rows_as_imbalanced_learn_does(
    tmp_path: Path, strategy: str, sampler: Any
) -> None:
    mine, points, labels = published(numeric_table(600, 3), tmp_path, strategy=strategy)
    theirs = resampled(sampler(random_state=child_seed(0, "resample", strategy)), points, labels)
    assert np.array_equal(mine, theirs)


def test_borderline_2_takes_at_most_half_the_way_to_another_class(tmp_path: Path) -> None:
    options = {"kind": "borderline-2"}
    mine, points, labels = published(numeric_table(600, 2), tmp_path, strategy="borderline_smote", options=options)
    sampler = over_sampling.BorderlineSMOTE(random_state=child_seed(0, "resample", "borderline_smote"), **options)
    np.testing.assert_allclose(mine, resampled(sampler, points, labels), rtol=1e-12)


def test_cluster_centroids_are_the_real_rows_nearest_to_imbalanced_learns(tmp_path: Path) -> None:
    mine, points, labels = published(numeric_table(600, 2), tmp_path, strategy="cluster_centroids")
    sampler = under_sampling.ClusterCentroids(
        voting="hard", random_state=child_seed(0, "resample", "cluster_centroids")
    )
    assert np.array_equal(mine, resampled(sampler, points, labels))


@pytest.mark.parametrize("strategy", ["smotenc", "smote"])
@pytest.mark.parametrize("classes", [2, 3])
def test_mixed_rows_are_those_of_imbalanced_learns_smotenc(tmp_path: Path, strategy: str, classes: int) -> None:
    rng = np.random.default_rng(5)
    table = numeric_table(600, classes)
    words = {name: pa.array(rng.choice(list(letters), 600)) for name, letters in (("v", "pqrs"), ("w", "xy"))}
    table = pa.table({**{name: table[name] for name in NAMES}, **words, "label": table["label"]})
    resampling = {"strategy": strategy, "scale": False, "grid": False}
    run = run_engine(table, tmp_path, resampling=resampling, split={"duplicates": "ignore"})
    mine = open_version(f"{run.version.root}/{run.version.dataset}").to_arrow("train").to_pandas()
    train = table.take(pa.array(rows_of_partition(run.split, "train"))).to_pandas()
    sampler = over_sampling.SMOTENC([3, 4], random_state=child_seed(0, "resample", strategy))
    theirs, labels = sampler.fit_resample(train[[*NAMES, *words]], train["label"])
    theirs["label"] = labels
    rows = [sorted(map(tuple, frame[[*NAMES, *words, "label"]].to_numpy(dtype=object))) for frame in (mine, theirs)]
    assert rows[0] == rows[1]


@pytest.mark.parametrize("smallest", ["first", "last"])
@pytest.mark.parametrize("replacement", [False, True])
def test_random_under_sampling_keeps_imbalanced_learns_rows_and_all_of_the_smallest_class(
    tmp_path: Path, smallest: str, replacement: bool
) -> None:
    table = numeric_table(600, 3)
    if smallest == "first":
        table = table.set_column(3, "label", pc.subtract(2, table["label"]))
    options = {"replacement": replacement}
    mine, points, labels = published(table, tmp_path, strategy="random_under", options=options)
    sampler = under_sampling.RandomUnderSampler(random_state=child_seed(0, "resample", "random_under"), **options)
    assert np.array_equal(mine, resampled(sampler, points, labels))
    code = 0 if smallest == "first" else 2
    own = points[labels == code]
    kept = mine[mine[:, 3] == code][:, :3]
    assert np.array_equal(kept, own[np.lexsort(own.T)])


def test_smoten_votes_as_imbalanced_learn_does(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    label = rng.choice(["no", "yes"], 400, p=[0.8, 0.2])
    columns = {name: rng.choice(list("pqrs"), 400) for name in NAMES}
    table = pa.table({**columns, "label": label})
    run = run_engine(table, tmp_path, resampling={"strategy": "smoten"}, split={"duplicates": "ignore"})
    version = open_version(f"{run.version.root}/{run.version.dataset}")
    made = version.to_arrow("train").filter(pc.equal(version.to_arrow("keys/train")["origin"], "synthetic"))
    train = table.take(pa.array(rows_of_partition(run.split, "train"))).to_pandas()
    sampler = over_sampling.SMOTEN(random_state=child_seed(0, "resample", "smoten"))
    theirs, _ = sampler.fit_resample(train[list(NAMES)].to_numpy(dtype=object), train["label"].to_numpy(dtype=object))
    assert sorted(map(tuple, made.select(NAMES).to_pandas().to_numpy())) == sorted(map(tuple, theirs[len(train) :]))
