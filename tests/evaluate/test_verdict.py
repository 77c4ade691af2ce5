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


@pytest.mark.parametrize(
    ("change", "outcome", "text"),
    [
        ((0.002, 0.001, 0.003), "no_difference", "SMOTE makes no difference beyond ±0.005 to gradient boosting: ΔAP"),
        ((-0.002, -0.004, 0.001), "no_difference", "SMOTE makes no difference beyond ±0.005 to gradient boosting"),
        ((0.004, 0.001, 0.007), "helped", "SMOTE helped gradient boosting"),
        ((-0.004, -0.012, 0.005), "no_difference", "SMOTE did not help gradient boosting"),
    ],
)
def test_a_difference_that_does_not_matter_is_called_one(
    change: tuple[float, float, float], outcome: str, text: str
) -> None:
    verdict = strategy_verdict(_comparison(*change), strategy="smote", rows=57, counted="positives", equivalence=0.005)
    assert verdict["outcome"] == outcome
    assert verdict["text"].startswith(text)


def test_the_verdict_is_about_the_mean_over_draws() -> None:
    comparison = _comparison(0.04, 0.01, 0.07)
    effect = {"difference": -0.02, "low": -0.05, "high": 0.01, "values": [0.04, -0.05, -0.05]}
    comparison["draws"] = {
        "number": 3, "sampler": True, "learner": False, "note": "", "effects": {"average_precision": effect}
    }  # fmt: skip
    verdict = strategy_verdict(comparison, strategy="smote", rows=57, counted="positives")
    assert verdict["outcome"] == "no_difference"
    assert verdict["text"] == (
        "SMOTE did not help gradient boosting: ΔAP −0.020, 95 % CI −0.050 to 0.010, paired bootstrap, mean over 3 "
        "draws of its rows (−0.050 to +0.040), 57 positives."
    )


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
