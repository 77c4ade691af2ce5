from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from counterpoise.config import ResamplingConfig
from counterpoise.resample._plan import plan_resampling
from counterpoise.split import split_snapshot
from counterpoise.strategies import STRATEGIES
from tests.snapshots import UNCHECKED, engine_config, snapshot_of

APPROXIMATE = ("smote", "smotenc", "smote_enn", "smote_tomek")
EXACT = ("smoten", "adasyn", "borderline_smote", "near_miss", "edited_nearest_neighbours")


def notes(folder: Path, strategy: str, *, kinds: str = "both", search: str = "approximate") -> str:
    rng = np.random.default_rng(0)
    label = (np.arange(500) % 5 == 0).astype(int)
    features = {"x": rng.normal(size=500) + label, "y": rng.normal(size=500), "w": rng.choice(list("pq"), 500)}
    chosen = {"numbers": ["x", "y"], "categories": ["w"], "both": ["x", "y", "w"]}[kinds]
    table = pa.table({**{name: features[name] for name in chosen}, "label": label})
    config = engine_config(folder, resampling={"strategy": strategy, "neighbor_search": search})
    snapshot = snapshot_of(table, folder)
    split = split_snapshot(
        snapshot, columns=config.columns, config=config.split.model_copy(update={"duplicates": "ignore"}),
        validation=UNCHECKED, seed=0, folder=folder / "split",
    )  # fmt: skip
    plan = plan_resampling(
        snapshot, split, columns=config.columns, config=config.resampling, seed=0, folder=folder / "plan"
    )
    return "\n".join(plan.notes)


def test_the_strategies_that_search_approximately_are_those_that_are_documented() -> None:
    assert tuple(name for name, one in STRATEGIES.items() if one.approximates) == APPROXIMATE
    described = ResamplingConfig.model_fields["neighbor_search"].description
    assert described is not None
    assert all(word in described for word in ("SMOTE and SMOTENC", "smote_enn", "smote_tomek"))


@pytest.mark.parametrize("strategy", EXACT)
def test_a_strategy_that_searches_exactly_says_so_where_approximate_search_is_asked_for(
    tmp_path: Path, strategy: str
) -> None:
    kinds = "categories" if strategy == "smoten" else "both"
    told = notes(tmp_path, strategy, kinds=kinds)
    assert f"neighbor_search: approximate has no effect on {STRATEGIES[strategy].label}" in told


def test_features_that_are_all_categories_are_searched_exactly_and_it_is_told(tmp_path: Path) -> None:
    assert "has no effect: the features are all categories" in notes(tmp_path, "smote", kinds="categories")


def test_cleaning_after_smote_is_told_to_be_exact(tmp_path: Path) -> None:
    told = notes(tmp_path, "smote_tomek")
    assert "approximate search found" in told
    assert "was used for SMOTE; the cleaning after it searched exactly" in told


@pytest.mark.parametrize(("strategy", "search"), [("random_over", "approximate"), ("adasyn", "exact")])
def test_nothing_is_said_where_nothing_is_searched_or_exact_search_is_asked_for(
    tmp_path: Path, strategy: str, search: str
) -> None:
    assert "neighbor_search" not in notes(tmp_path, strategy, search=search)


def test_smote_with_approximate_search_tells_its_recall_and_nothing_else(tmp_path: Path) -> None:
    assert notes(tmp_path, "smote").startswith("class '1': approximate search found")
    assert "neighbor_search" not in notes(tmp_path / "again", "smote")
