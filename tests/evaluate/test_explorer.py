from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from counterpoise.evaluate._explorer import MOST_THRESHOLDS, threshold_counts
from counterpoise.evaluate._operating_points import ScoredRows

COSTS = {"false_positive": 2.0, "false_negative": 7.0}


def rows(number: int, seed: int, *, levels: int = 1_000, share: float = 0.2) -> ScoredRows:
    rng = np.random.default_rng(seed)
    positive = rng.random(number) < share
    scores = np.clip(rng.normal(0.3 + 0.3 * positive, 0.15), 0, 1)
    return ScoredRows(np.round(scores * levels) / levels, positive)


def explored(validation: ScoredRows, test: ScoredRows, *, chosen: tuple[float, ...] = (0.25,)) -> dict[str, Any]:
    return threshold_counts(validation, test, chosen=chosen, costs=COSTS)


@settings(max_examples=30)
@given(seed=st.integers(0, 10_000), levels=st.sampled_from([1, 7, 100_000]), number=st.sampled_from([1, 2, 60, 3_000]))
def test_counts_are_those_of_a_plain_count_on_both_tables(seed: int, levels: int, number: int) -> None:
    tables = {"validation": rows(number, seed, levels=levels), "test": rows(number, seed + 1, levels=levels)}
    found = explored(tables["validation"], tables["test"])
    for name, table in tables.items():
        part = found[name]
        assert (part["rows"], part["positives"]) == (len(table.scores), int(table.positive.sum()))
        for place, threshold in enumerate(found["threshold"]):
            called = table.scores >= threshold
            assert part["true_positives"][place] == int((called & table.positive).sum())
            assert part["false_positives"][place] == int((called & ~table.positive).sum())


def test_thresholds_are_few_distinct_and_go_from_everybody_to_nobody() -> None:
    found = explored(rows(100_000, 0, levels=10**9), rows(1_000, 1), chosen=(0.1234567, math.nan, 0.1234567))
    thresholds = found["threshold"]
    assert 100 < len(thresholds) <= MOST_THRESHOLDS
    assert thresholds == sorted(set(thresholds))
    assert {0.0, 0.5, 0.1234567} <= set(thresholds)
    for name in ("validation", "test"):
        part = found[name]
        negatives = part["rows"] - part["positives"]
        assert (part["true_positives"][0], part["false_positives"][0]) == (part["positives"], negatives)
        assert (part["true_positives"][-1], part["false_positives"][-1]) == (0, 0)


def test_steps_are_fine_where_a_choice_is_made() -> None:
    found = explored(rows(100_000, 0, levels=10**9, share=0.01), rows(10, 1))["validation"]
    recalls = np.array(found["true_positives"]) / found["positives"]
    assert -np.diff(recalls).min() < 0.03
    called = np.array(found["true_positives"]) + np.array(found["false_positives"])
    assert (called[:-1] / np.maximum(called[1:], 1) < 5).all()


def test_few_distinct_scores_give_all_their_thresholds() -> None:
    scores = np.array([0.1, 0.2, 0.2, 0.6])
    found = explored(ScoredRows(scores, np.array([False, True, False, True])), rows(10, 0), chosen=())
    assert {(0.1 + 0.2) / 2, (0.2 + 0.6) / 2} <= set(found["threshold"])
    part = found["validation"]
    pairs = {(true, false) for true, false in zip(part["true_positives"], part["false_positives"], strict=True)}
    assert pairs == {(2, 2), (2, 1), (1, 0), (0, 0)}


def test_examples_are_rows_of_the_table_with_their_metrics() -> None:
    validation, test = rows(400, 3), rows(300, 4)
    found = explored(validation, test)
    examples = found["examples"]
    assert 0.25 in [example["threshold"] for example in examples]
    assert len(examples) in (9, 10)
    for example in examples:
        place = found["threshold"].index(example["threshold"])
        for name, table in (("validation", validation), ("test", test)):
            one, part = example[name], found[name]
            true, false = part["true_positives"][place], part["false_positives"][place]
            missed = part["positives"] - true
            assert (one["true_positives"], one["false_positives"]) == (true, false)
            assert one["false_negatives"] == missed
            assert one["true_negatives"] == len(table.scores) - true - false - missed
            assert one["precision"] == pytest.approx(true / (true + false) if true + false else 0)
            assert one["recall"] == pytest.approx(true / part["positives"])
            assert one["f1"] == pytest.approx(2 * true / (2 * true + false + missed))
            assert one["alerts"] == pytest.approx(1000 * (true + false) / len(table.scores))
            assert one["cost"] == pytest.approx(1000 * (2 * false + 7 * missed) / len(table.scores))


def test_without_positives_there_is_still_a_table() -> None:
    none = ScoredRows(np.linspace(0, 1, 50), np.zeros(50, bool))
    found = explored(none, none)
    assert found["validation"]["positives"] == 0
    assert found["examples"][0]["test"]["recall"] == 0
    json.dumps(found, allow_nan=False)
