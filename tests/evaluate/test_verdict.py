from __future__ import annotations

from typing import Any

import pytest

from counterpoise.evaluate._verdict import baseline_verdict, strategy_verdict


def _comparison(difference: float | None, low: float | None, high: float | None) -> dict[str, Any]:
    change = {"difference": difference, "low": low, "high": high}
    return {"learner": "hist_gradient_boosting", "differences": {"average_precision": change}}


@pytest.mark.parametrize(
    ("change", "outcome", "text"),
    [
        (
            (-0.004, -0.012, 0.005),
            "no_difference",
            "SMOTE did not help gradient boosting: ΔAP −0.004, 95 % CI −0.012 to 0.005, paired bootstrap, 57 ",
        ),
        ((0.004, -0.012, 0.005), "no_difference", "SMOTE did not measurably help gradient boosting: ΔAP +0.004"),
        ((0.04, 0.01, 0.07), "helped", "SMOTE helped gradient boosting: ΔAP +0.040, 95 % CI 0.010 to 0.070"),
        ((-0.04, -0.07, -0.01), "hurt", "SMOTE hurt gradient boosting: ΔAP −0.040, 95 % CI −0.070 to −0.010"),
        ((-0.002, -0.0041, 0.0003), "no_difference", "ΔAP −0.0020, 95 % CI −0.0041 to 0.0003"),
    ],
)
def test_the_verdict_states_outcome_and_numbers(change: tuple[float, float, float], outcome: str, text: str) -> None:
    verdict = strategy_verdict(_comparison(*change), strategy="smote", rows=57, counted="positives")
    assert verdict["outcome"] == outcome
    assert text in verdict["text"]


def test_under_the_floor_there_is_no_verdict_however_large_the_difference() -> None:
    verdict = strategy_verdict(_comparison(0.5, 0.4, 0.6), strategy="smote", rows=8, counted="positives")
    assert verdict["outcome"] == "undecided"
    assert verdict["text"].startswith("Too few positives (8 in test, a verdict needs 30) to tell whether SMOTE helps")


def test_without_intervals_there_is_no_verdict() -> None:
    verdict = strategy_verdict(_comparison(0.5, None, None), strategy="smote", rows=80, counted="positives")
    assert verdict["outcome"] == "undecided"
    assert "no bootstrap intervals" in verdict["text"]


def test_an_undefined_difference_is_not_printed() -> None:
    verdict = strategy_verdict(_comparison(None, None, None), strategy="smote", rows=0, counted="positives")
    assert "ΔAP" not in verdict["text"]


def test_the_baseline_is_stated_with_chance_beside_it() -> None:
    arm = {
        "learner": "random_forest",
        "test": {"average_precision": 0.61},
        "intervals": {"average_precision": {"low": 0.5, "high": 0.7}},
    }
    text = baseline_verdict(arm, prevalence=0.023, rows=52, counted="positives")["text"]
    assert "0.610 (95 % CI 0.500 to 0.700) where chance gives 0.023, 52 positives" in text
