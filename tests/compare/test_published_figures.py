"""The figures of other people, through a comparison of this project."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import csv
from sklearn.datasets import make_classification

from counterpoise.compare._rounds.cross_validate import cross_validate
from counterpoise.compare._run import run_comparison
from counterpoise.results import Candidate, CandidateResult, Leaderboard
from counterpoise.results._ranking import Seeds
from tests.catalog import real_tables
from tests.compare.comparisons import TREE, candidate, comparison_of

pytestmark = pytest.mark.slow

ENN = 'edited_nearest_neighbours {"options": {"n_neighbors": 3, "sampling_strategy": "majority"}}'
BOTH = 'smote {"ratio": 0.5} + random_under'
HANDBOOK = {
    "none": (0.906, 0.528, 0.786),
    "random_over": (0.880, 0.456, 0.888),
    "smote": (0.913, 0.499, 0.910),
    "random_under": (0.913, 0.408, 0.896),
    ENN: (0.879, 0.474, 0.857),
    BOTH: (0.915, 0.494, 0.912),
}


@pytest.fixture(name="handbook", scope="module")
def _handbook(tmp_path_factory: pytest.TempPathFactory) -> Leaderboard:
    features, labels = make_classification(
        n_samples=5000, n_features=2, n_informative=2, n_redundant=0, n_clusters_per_class=1, weights=[0.95, 0.05],
        class_sep=0.5, random_state=0,
    )  # fmt: skip
    table = pa.table({"a": features[:, 0], "b": features[:, 1], "label": labels})
    comparison = comparison_of(
        table, tmp_path_factory.mktemp("handbook"), seeds=Seeds(folds=0, sampler=0, learner=0),
        resampling={"scale": False, "grid": False}, strategies=list(HANDBOOK), learners=[TREE],
    )  # fmt: skip
    return run_comparison(comparison, subprocesses=False)


@pytest.mark.parametrize("strategy", HANDBOOK, ids=lambda name: name.split("{")[0].strip())
def test_the_toy_table_of_the_fraud_detection_handbook(handbook: Leaderboard, strategy: str) -> None:
    (result,) = (one for one in handbook.entries if one.strategy == strategy and one.learner == TREE)
    found = [result.mean[metric] for metric in ("roc_auc", "average_precision", "balanced_accuracy")]
    assert found == pytest.approx(HANDBOOK[strategy], abs=0.001)


def test_isolation_forest_on_mammography(tmp_path: Path) -> None:
    table = mammography()
    seeds = range(5)
    results = [
        cross_validate(
            comparison_of(table, tmp_path / str(seed), seeds=Seeds(folds=seed, sampler=0, learner=seed)), lonely()
        )
        for seed in seeds
    ]
    assert means(results, "roc_auc") == pytest.approx(0.859, abs=0.004)
    assert means(results, "average_precision") == pytest.approx(0.194, abs=0.017)
    assert all(result.mean["f1"] is None for result in results)


def lonely() -> Candidate:
    return candidate("isolation_forest", "isolation_forest")


def means(results: list[CandidateResult], metric: str) -> float:
    return float(np.mean([result.mean[metric] or 0.0 for result in results]))


def mammography() -> pa.Table:
    found = [table for table in real_tables() if table.name == "mammography"]
    if not found:
        pytest.skip("the real tables (../shared/data) are not here")
    options = csv.ReadOptions(autogenerate_column_names=True)
    table = csv.read_csv(found[0].path, read_options=options, parse_options=csv.ParseOptions())
    names = [f"x{number}" for number in range(table.num_columns - 1)]
    return table.rename_columns([*names, "label"])
