from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterpoise.config import ResamplingConfig
from counterpoise.records import StrategyChoice
from counterpoise.resample._advice import LONGEST_SEARCH, advise, settings_of
from counterpoise.resample._costs.preflight import estimate, obstacle
from counterpoise.resample._costs.train_facts import TrainFacts
from counterpoise.strategies import STRATEGIES

AUTO = ResamplingConfig(strategy="auto")
USUAL = TrainFacts({"no": 9_000, "yes": 1_000}, 16_000, numeric=10, levels={}, numeric_bytes=80)


@pytest.mark.parametrize(
    ("changes", "strategy", "reason"),
    [
        ({}, "smote", "'yes' has 1,000 of 10,000 train rows (10 %), enough"),
        ({"classes": {"no": 500, "yes": 500}}, "none", "balanced"),
        ({"classes": {"no": 700, "yes": 300}}, "smote", "'yes' has 300 of 1,000"),
        ({"classes": {"a": 100, "b": 100, "c": 90}}, "none", "balanced"),
        ({"classes": {"no": 900, "yes": 3}}, "random_over", "'yes' has 3 of 903 train rows (0.332 %), too few"),
        ({"numeric": 101}, "random_over", "With 101 features"),
        ({"numeric": 60, "levels": {f"c{n}": 3 for n in range(50)}}, "random_over", "With 110 features"),
        ({"nested": ("l",), "levels": {"l": 0}}, "random_over", "'l' has no plain values"),
        ({"levels": {"zip": 102}}, "random_over", "'zip' has more than 100 categories"),
        ({"levels": {"zip": 101}}, "smote", "10 numbers and a vote on 1 categorical feature."),
        ({"numeric": 1, "levels": {"v": 3, "w": 3}}, "random_over", "Only 1 of 3 features is a number"),
        ({"numeric": 0, "levels": {"w": 3}}, "smote", "by a vote on 1 categorical feature."),
        ({"numeric": 0, "levels": {"w": 3}, "classes": {"no": 90_000, "yes": 5_001}}, "random_over", "5,001 rows"),
        ({"classes": {"no": 1_000_000, "yes": 10_000}}, "random_under", "of the 1,000,000 rows"),
        ({"classes": {"no": 1_000_000, "yes": 9_999}}, "smote", "enough"),
        ({"classes": {"no": 1_000_000, "yes": 50_000}}, "smote", "enough"),
    ],
)
def test_the_advice_goes_by_size_imbalance_and_types(changes: dict[str, Any], strategy: str, reason: str) -> None:
    advice = advise(replace(USUAL, **changes), AUTO)
    assert advice.strategy == strategy
    assert reason in advice.reason
    assert "help" not in advice.reason
    assert advice.reason.endswith(".")


def test_an_extreme_imbalance_is_not_evened_out() -> None:
    extreme = replace(USUAL, classes={"no": 99_500, "yes": 500})
    assert advise(extreme, AUTO).ratio == 0.1
    assert advise(USUAL, AUTO).ratio == 1
    assert advise(extreme, ResamplingConfig(strategy="auto", ratio=0.5)).ratio == 0.5
    assert advise(extreme, ResamplingConfig(strategy="auto", class_ratios=("yes=0.3",))).ratio == 1


def test_neighbours_fit_the_smallest_class() -> None:
    few = replace(USUAL, classes={"no": 300, "yes": 5})
    assert (advise(few, AUTO).strategy, advise(few, AUTO).k_neighbors) == ("smote", 4)
    assert advise(USUAL, ResamplingConfig(strategy="auto", k_neighbors=7)).k_neighbors == 7


def test_what_to_set_is_what_the_strategy_looks_at_and_is_not_the_default() -> None:
    chosen = StrategyChoice(strategy="smote", ratio=1.0, k_neighbors=5, reason="")
    assert settings_of(chosen) == ["resampling.strategy=smote"]
    few = chosen.model_copy(update={"ratio": 0.1, "k_neighbors": 4})
    assert settings_of(few) == ["resampling.strategy=smote", "resampling.ratio=0.1", "resampling.k_neighbors=4"]
    assert settings_of(few.model_copy(update={"strategy": "none"})) == ["resampling.strategy=none"]
    assert settings_of(few.model_copy(update={"strategy": "weights"}))[1:] == ["resampling.ratio=0.1"]


def test_a_memory_limit_that_is_set_leads_to_a_lighter_strategy() -> None:
    table = replace(USUAL, classes={"no": 900_000, "yes": 40_000}, levels={"w": 50}, group_rows=1_000, row_bytes=120)
    heavy, light = (
        estimate(table, ResamplingConfig(strategy=name)).bytes for name in ("smote", "random_over")
    )  # fmt: skip
    assert light < heavy
    limited = ResamplingConfig(strategy="auto", memory_limit=f"{(light + heavy) // 2 // 10**6} MB")
    advice = advise(table, limited)
    assert advice.strategy == "random_over"
    assert "SMOTE needs about" in advice.reason
    assert advice.estimate.bytes <= (light + heavy) / 2


SLOW = replace(USUAL, classes={"no": 5_000_000, "yes": 400_000}, source_rows=9_000_000, numeric=30, numeric_bytes=240)


def test_a_search_of_more_than_ten_minutes_is_not_advised_and_it_is_told_what_would_be_sooner() -> None:
    smote = ResamplingConfig(strategy="smote")
    assert estimate(SLOW, smote).seconds > LONGEST_SEARCH + estimate(SLOW, ResamplingConfig()).seconds
    advice = advise(SLOW, AUTO)
    assert advice.strategy == "random_over"
    assert "'yes' has 400,000 of 5,400,000 train rows" in advice.reason
    assert "SMOTE would search neighbours for about 12 min: rows of smaller classes are repeated" in advice.reason
    assert "resampling.neighbor_search=approximate would take about" in advice.reason


def test_approximate_search_that_is_set_is_counted_with() -> None:
    approximate = ResamplingConfig(strategy="auto", neighbor_search="approximate")
    advice = advise(SLOW, approximate)
    assert advice.strategy == "smote"
    assert advice.applied(approximate).neighbor_search == "approximate"
    assert advice.estimate.seconds < LONGEST_SEARCH + estimate(SLOW, ResamplingConfig()).seconds


def test_where_approximate_search_would_be_slow_too_it_is_not_named() -> None:
    slower = replace(SLOW, classes={"no": 90_000_000, "yes": 5_000_000}, source_rows=150_000_000)
    advice = advise(slower, AUTO)
    assert advice.strategy == "random_over"
    assert "approximate" not in advice.reason


def test_time_that_writing_takes_is_no_reason_against_a_strategy() -> None:
    large = replace(USUAL, classes={"no": 60_000_000, "yes": 9_000}, source_rows=100_000_000, numeric=60)
    assert estimate(large, ResamplingConfig()).seconds > LONGEST_SEARCH
    assert advise(large, AUTO).strategy == "smote"


def test_free_memory_of_the_machine_has_no_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("counterpoise.resample._costs.preflight.free_memory", lambda: 1)
    assert advise(USUAL, AUTO).strategy == "smote"


def test_all_other_strategies_are_weighed_too() -> None:
    advice = advise(USUAL, AUTO)
    assert {one.strategy for one in advice.alternatives} == set(STRATEGIES) - {"auto", "smote"}
    troubles = {one.strategy: one.trouble for one in advice.alternatives}
    assert troubles["smotenc"] == "needs numbers and categories"
    assert troubles["adasyn"] == ""
    assert all(one.remark for one in advice.alternatives)


tables = st.builds(
    TrainFacts,
    classes=st.dictionaries(st.sampled_from("abcde"), st.integers(1, 3 * 10**6), min_size=2),
    source_rows=st.just(10**7),
    numeric=st.integers(0, 200),
    levels=st.dictionaries(st.sampled_from("vwxyz"), st.integers(2, 300)),
    nested=st.sampled_from([(), ("v",)]),
)


@given(tables, st.integers(1, 20), st.sampled_from([0.1, 1.0]))
def test_the_advice_can_always_be_followed(facts: TrainFacts, k: int, ratio: float) -> None:
    config = ResamplingConfig(strategy="auto", k_neighbors=k, ratio=ratio)
    if not facts.numeric and not facts.levels:
        return
    advice = advise(facts, config)
    settings = advice.applied(config)
    assert settings.strategy == advice.strategy != "auto"
    assert obstacle(facts, settings) == ""
    assert advise(facts, settings) == advice
