from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterpoise.config import ResamplingConfig
from counterpoise.errors import ResamplingError
from counterpoise.resample._costs.preflight import Estimate, estimate, obstacle, with_strategy
from counterpoise.resample._costs.train_facts import TrainFacts, open_job, read_facts
from counterpoise.resample._job import ResamplingJob
from counterpoise.resample._plan import plan_resampling
from counterpoise.runtime import parse_size
from counterpoise.split import split_snapshot
from counterpoise.strategies import StrategyName
from tests.snapshots import UNCHECKED, engine_config, mixed_table, snapshot_of

NAMES = [name for name in get_args(StrategyName) if name != "auto"]
WIDE = TrainFacts(
    classes={"a": 900_000, "b": 100_000},
    source_rows=1_600_000,
    numeric=200,
    levels={},
    numeric_bytes=1600,
    row_bytes=1700,
)


def job_of(table: pa.Table, folder: Path, *, rare: str = "train_only", **resampling: Any) -> ResamplingJob:
    config = engine_config(
        folder, columns={"target": "label", "ids": ["id"]}, resampling=resampling, split={"rare_classes": rare}
    )
    snapshot = snapshot_of(table, folder)
    split = split_snapshot(
        snapshot, columns=config.columns, config=config.split, validation=UNCHECKED, seed=0, folder=folder / "split"
    )
    return open_job(snapshot, split, columns=config.columns, config=config.resampling, seed=0)


def planned(table: pa.Table, folder: Path, told: list[Estimate] | None = None, **resampling: Any) -> None:
    config = engine_config(folder, columns={"target": "label", "ids": ["id"]}, resampling=resampling)
    snapshot = snapshot_of(table, folder)
    split = split_snapshot(
        snapshot, columns=config.columns, config=config.split, validation=UNCHECKED, seed=0, folder=folder / "split"
    )
    plan_resampling(
        snapshot, split, columns=config.columns, config=config.resampling, seed=0, folder=folder / "plan",
        on_estimate=None if told is None else told.append,
    )  # fmt: skip


def numbers(rows: int = 2000, columns: int = 3) -> pa.Table:
    rng = np.random.default_rng(0)
    features = {f"x{index}": rng.normal(size=rows) for index in range(columns)}
    return pa.table({"id": np.arange(rows), **features, "label": (np.arange(rows) % 10 == 0).astype(int)})


def test_facts_count_rows_types_and_categories_of_the_train_rows(tmp_path: Path) -> None:
    facts = read_facts(job_of(mixed_table(2000), tmp_path))
    assert sum(facts.classes.values()) == facts.rows == pytest.approx(1200, abs=2)
    assert facts.source_rows == 2000
    assert facts.numeric == 7
    assert facts.levels == {"flag": 3, "word": 4, "kind": 3}
    assert facts.columns == 17
    assert facts.group_rows == 1000
    assert 60 < facts.row_bytes < 200


def test_rows_outside_of_train_have_no_say_in_the_categories(tmp_path: Path) -> None:
    words = pa.table({"id": np.arange(900), "w": [f"v{n}" for n in range(900)], "label": [0, 1, 1] * 300})
    facts = read_facts(job_of(words, tmp_path))
    assert facts.levels["w"] == facts.rows + 1


def test_categories_are_not_counted_past_the_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("counterpoise.resample._costs.train_facts.MAX_LEVELS", 50)
    words = pa.table({"id": np.arange(9000), "w": [f"v{n}" for n in range(9000)], "label": [0, 1, 1] * 3000})
    assert 50 < read_facts(job_of(words, tmp_path)).levels["w"] < 1000


def test_nested_features_are_known_without_being_counted(tmp_path: Path) -> None:
    table = pa.table({"id": range(300), "x": [1.0] * 300, "l": [[n] for n in range(300)], "label": [0, 1, 1] * 100})
    facts = read_facts(job_of(table, tmp_path))
    assert facts.nested == ("l",)
    assert facts.levels == {"l": 0}


@pytest.mark.parametrize("name", NAMES)
def test_there_is_an_estimate_with_reasons_for_every_strategy(name: StrategyName) -> None:
    needed = estimate(WIDE, ResamplingConfig(strategy=name))
    assert needed.bytes > 2**20
    assert needed.seconds > 0
    assert needed.reasons
    assert all(":" in reason for reason in needed.reasons)


facts_of_any_table = st.builds(
    TrainFacts,
    classes=st.fixed_dictionaries({"a": st.integers(1, 10**7), "b": st.integers(1, 10**6), "c": st.integers(1, 10**5)}),
    source_rows=st.integers(2 * 10**7, 10**8),
    numeric=st.integers(0, 500),
    levels=st.dictionaries(st.sampled_from("vwxyz"), st.integers(2, 1000)),
    numeric_bytes=st.floats(0, 4000),
    voted_bytes=st.floats(0, 400),
    row_bytes=st.floats(1, 5000),
    group_rows=st.integers(1, 10**6),
)


@given(facts_of_any_table, st.sampled_from(NAMES), st.floats(0.05, 1))
def test_more_rows_never_need_less(facts: TrainFacts, name: StrategyName, share: float) -> None:
    config = ResamplingConfig(strategy=name)
    fewer, more = estimate(facts.scaled(share), config), estimate(facts, config)
    assert fewer.bytes <= more.bytes * 1.02
    assert fewer.seconds <= more.seconds * 1.02


@given(facts_of_any_table, st.sampled_from(NAMES), st.integers(1, 300))
def test_more_numbers_never_need_less(facts: TrainFacts, name: StrategyName, more: int) -> None:
    config = ResamplingConfig(strategy=name, too_few_neighbors="random_over")
    wider = TrainFacts(**{
        **vars(facts), "numeric": max(1, facts.numeric) + 15 + more, "numeric_bytes": facts.numeric_bytes + 8 * more
    })  # fmt: skip
    base = TrainFacts(**{**vars(facts), "numeric": max(1, facts.numeric) + 15})
    one_row_of_the_sample = 1.001  # medians are taken of a whole number of rows, as many as fit
    assert estimate(base, config).bytes <= estimate(wider, config).bytes * one_row_of_the_sample


def test_strategies_that_look_at_labels_need_no_memory_for_points() -> None:
    light = estimate(WIDE, ResamplingConfig(strategy="random_under"))
    heavy = estimate(WIDE, ResamplingConfig(strategy="tomek_links"))
    assert not any("float64" in reason for reason in light.reasons)
    assert any("points 1,000,000 × 200 float64" in reason for reason in heavy.reasons)


def test_categories_make_the_points_of_all_rows_wide_but_not_those_of_smotenc() -> None:
    few = TrainFacts({"a": 90_000, "b": 1_000}, 150_000, numeric=5, levels={"w": 10}, numeric_bytes=40)
    many = TrainFacts({"a": 90_000, "b": 1_000}, 150_000, numeric=5, levels={"w": 5_000}, numeric_bytes=40)
    smote, adasyn = ResamplingConfig(strategy="smote"), ResamplingConfig(strategy="adasyn")
    assert estimate(few, smote).bytes == estimate(many, smote).bytes
    assert 10 * estimate(few, adasyn).bytes < estimate(many, adasyn).bytes


def test_smoten_needs_memory_for_category_codes_and_none_for_a_column_a_category() -> None:
    facts = TrainFacts(
        {"a": 990_000, "b": 2_000}, 1_600_000, numeric=0, levels={"w": 2_000, "v": 50}, voted_bytes=30, row_bytes=40
    )
    smoten, adasyn = (estimate(facts, ResamplingConfig(strategy=name)).bytes for name in ("smoten", "adasyn"))
    assert smoten == estimate(facts, ResamplingConfig(strategy="smote")).bytes
    assert smoten < 2**30 < 16 * 2**30 < adasyn


def test_smoten_reads_all_rows_without_a_column_for_each_of_their_categories(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    rows = 60_000
    words = {"w": rng.integers(0, 2_000, rows).astype(str), "v": rng.choice(list("xyz"), rows)}
    table = pa.table({"id": np.arange(rows), **words, "label": (np.arange(rows) % 200 == 0).astype(int)})
    config = engine_config(tmp_path, columns={"target": "label", "ids": ["id"]}, resampling={"strategy": "smoten"})
    snapshot = snapshot_of(table, tmp_path)
    split = split_snapshot(
        snapshot, columns=config.columns, config=config.split, validation=UNCHECKED, seed=0, folder=tmp_path / "split"
    )
    tracemalloc.start()
    plan_resampling(snapshot, split, columns=config.columns, config=config.resampling, seed=0, folder=tmp_path / "plan")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    one_hot = 0.6 * rows * 2_005 * 8
    assert peak < one_hot / 4


def test_approximate_search_of_a_large_class_takes_less_time_and_exact_strategies_gain_nothing() -> None:
    facts = TrainFacts({"a": 900_000, "b": 300_000}, 2_000_000, numeric=30, levels={}, numeric_bytes=240)
    times = {
        (name, search): estimate(facts, ResamplingConfig(strategy=name, neighbor_search=search)).seconds
        for name in ("smote", "adasyn") for search in ("exact", "approximate")
    }  # fmt: skip
    assert times["smote", "approximate"] < times["smote", "exact"] / 2
    assert times["adasyn", "approximate"] == times["adasyn", "exact"]


def test_second_version_of_near_miss_holds_all_distances() -> None:
    facts = TrainFacts({"a": 900_000, "b": 20_000}, 1_600_000, numeric=5, levels={}, numeric_bytes=40)
    first = estimate(facts, ResamplingConfig(strategy="near_miss"))
    second = estimate(facts, ResamplingConfig(strategy="near_miss", options='{"version": 2}'))
    assert second.bytes > 100 * 2**30 > 10 * first.bytes


@pytest.mark.parametrize(("strategy", "reads"), [("smote", False), ("tomek_links", False), ("random_over", True)])
def test_what_is_over_the_limit_is_refused_before_a_feature_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, strategy: str, reads: bool
) -> None:
    def read(*_: object) -> None:
        raise AssertionError("a feature was read")

    monkeypatch.setattr("counterpoise.resample._neighbours.space.numeric_matrix", read)
    monkeypatch.setattr("counterpoise.resample._strategies.drafts.draft_plan", read)
    limit = "1 MB" if not reads else "10 GB"
    if reads:
        planned(numbers(), tmp_path, strategy=strategy, memory_limit=limit)
        return
    with pytest.raises(ResamplingError, match="at most 1 MiB of memory") as caught:
        planned(numbers(), tmp_path, strategy=strategy, memory_limit=limit)
    assert caught.value.reason == "memory_limit"
    assert caught.value.values["limit"] == parse_size(limit)
    assert caught.value.values["bytes"] > parse_size(limit)


def test_a_refusal_names_what_would_fit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = numbers()
    monkeypatch.setattr("counterpoise.resample._costs.preflight.read_facts", lambda *_, **__: WIDE)
    with pytest.raises(ResamplingError, match=r"ADASYN needs about \d.* GiB of memory") as caught:
        planned(table, tmp_path, strategy="adasyn", memory_limit="5.5 GiB")
    error = caught.value
    assert "resampling.memory_limit" in error.expected
    assert "random_over (" in error.remedy
    assert "of the 1,000,000 train rows" in error.remedy
    for name in error.values["strategies"]:
        assert estimate(WIDE, ResamplingConfig(strategy=name)).bytes <= 5.5 * 2**30
    assert "tomek_links" not in error.values["strategies"]
    fewer = WIDE.scaled(error.values["rows"] / WIDE.rows)
    assert 4 * 2**30 < estimate(fewer, ResamplingConfig(strategy="adasyn")).bytes <= 5.5 * 2**30


def test_without_a_limit_what_the_machine_has_free_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("counterpoise.resample._costs.preflight.free_memory", lambda: 2**20)
    with pytest.raises(ResamplingError, match="the machine's free memory"):
        planned(numbers(), tmp_path, strategy="smote")
    monkeypatch.setattr("counterpoise.resample._costs.preflight.free_memory", lambda: None)
    planned(numbers(), tmp_path, strategy="smote")


def test_the_estimate_is_told_before_the_work(tmp_path: Path) -> None:
    told: list[Estimate] = []
    planned(numbers(), tmp_path, told, strategy="smote")
    assert len(told) == 1
    assert not told[0].noteworthy
    assert Estimate(bytes=2**31, seconds=1).noteworthy
    assert Estimate(bytes=1, seconds=61).noteworthy


@pytest.mark.parametrize(
    ("facts", "settings", "trouble"),
    [
        ({"nested": ("l",), "levels": {"l": 0}}, {"strategy": "tomek_links"}, "'l' is nested: it has no distances"),
        ({"nested": ("l",), "levels": {"l": 0}}, {"strategy": "random_over"}, ""),
        ({}, {"strategy": "smotenc"}, "needs numbers and categories"),
        ({}, {"strategy": "smoten"}, "needs categories only"),
        ({"numeric": 0, "levels": {"w": 3}}, {"strategy": "smoten"}, ""),
        ({"classes": {"a": 90, "b": 5}}, {"strategy": "smote"}, "only 5 rows of 'b'"),
        ({"classes": {"a": 90, "b": 1}}, {"strategy": "adasyn"}, "only 1 row of 'b'"),
        ({"classes": {"a": 90, "b": 5}}, {"strategy": "smote", "k_neighbors": 4}, ""),
        ({"classes": {"a": 90, "b": 5}}, {"strategy": "smote", "too_few_neighbors": "lower_k"}, ""),
        ({"classes": {"a": 90, "b": 5}}, {"strategy": "smote", "ratio": 0.05}, ""),
        ({"classes": {"a": 90, "b": 5}}, {"strategy": "tomek_links"}, ""),
    ],
)
def test_what_cannot_run_is_known_from_counts_and_types(
    facts: dict[str, Any], settings: dict[str, Any], trouble: str
) -> None:
    base: dict[str, Any] = {"classes": {"a": 90, "b": 10}, "source_rows": 200, "numeric": 3, "levels": {}}
    assert obstacle(TrainFacts(**{**base, **facts}), ResamplingConfig(**settings)) == trouble


def test_options_stay_with_their_strategy() -> None:
    config = ResamplingConfig(strategy="near_miss", options='{"version": 3}', ratio=0.5)
    assert with_strategy(config, "near_miss") == config
    assert with_strategy(config, "smote") == ResamplingConfig(strategy="smote", ratio=0.5)
