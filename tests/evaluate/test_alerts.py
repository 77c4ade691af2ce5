"""Precision among the alerts of each day, against the Fraud Detection Handbook's functions written out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterpoise.evaluate import compare_strategies, load_tables
from counterpoise.evaluate._alerts import day_differences, groups_found, mean_over_days, rows_found
from counterpoise.evaluate._day_codes import DayCodes
from counterpoise.results import MetricsRecord
from counterpoise.verify._metrics import metric_differences
from tests.snapshots import run_engine
from tests.split.transactions import transactions


def handbook_precision(frame: pd.DataFrame, k: int) -> list[float]:
    """`precision_top_k_day` for each day."""
    found = []
    for _, of_the_day in frame.groupby("day"):
        top = of_the_day.sort_values(by="score", ascending=False).head(k)
        found.append(float(top.fraud.sum() / k))
    return found


def handbook_card_precision(frame: pd.DataFrame, k: int) -> list[float]:
    """`card_precision_top_k` with detected compromised cards removed."""
    detected: list[int] = []
    found = []
    for day in sorted(frame.day.unique()):
        of_the_day = frame[(frame.day == day) & ~frame.card.isin(detected)][["score", "card", "fraud"]]
        cards = of_the_day.groupby("card").max().sort_values(by="score", ascending=False).reset_index()
        own = cards.head(k)[cards.head(k).fraud == 1].card.tolist()
        found.append(len(own) / k)
        detected.extend(own)
    return found


def drawn(seed: int, *, rows: int = 600, days: int = 7) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"day": rng.integers(0, days, rows) + 14, "card": rng.integers(0, 90, rows)})
    frame["fraud"] = ((frame.card < 20) & (rng.random(rows) < 0.3)).astype(int)
    frame["score"] = rng.permutation(rows) / rows + frame.fraud * 0.3
    return frame


def codes(frame: pd.DataFrame) -> DayCodes:
    return DayCodes.of(frame.day.to_numpy(), in_calendar=False)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("k", [1, 5, 20, 200])
def test_precision_a_day_is_that_of_the_handbook(seed: int, k: int) -> None:
    frame = drawn(seed)
    score, fraud, card = frame.score.to_numpy(), frame.fraud.to_numpy() == 1, frame.card.to_numpy(np.int32)
    assert rows_found(score, fraud, codes(frame), alerts=k) == pytest.approx(handbook_precision(frame, k))
    found = groups_found(score, fraud, codes(frame), card, ties=None, alerts=k)
    assert found == pytest.approx(handbook_card_precision(frame, k))


@given(seed=st.integers(0, 1_000))
def test_equal_scores_count_as_the_mean_of_all_orders(seed: int) -> None:
    rng = np.random.default_rng(seed)
    positive, score = rng.random(30) < 0.4, rng.integers(0, 3, 30) / 3
    days = DayCodes.of(np.zeros(30, np.int64), in_calendar=True)
    orders = [positive[np.lexsort((rng.random(30), -score))][:10].mean() for _ in range(300)]
    assert rows_found(score, positive, days, alerts=10) == pytest.approx([np.mean(orders)], abs=0.08)
    assert days.names == ("1970-01-01",)


def test_scores_that_tell_nothing_find_positives_at_their_share() -> None:
    frame = drawn(0, rows=4_000)
    constant, fraud = np.full(len(frame), 0.5), frame.fraud.to_numpy() == 1
    shares = [of_the_day.fraud.mean() for _, of_the_day in frame.groupby("day")]
    assert rows_found(constant, fraud, codes(frame), alerts=50) == pytest.approx(shares)


def test_the_interval_covers_the_mean_of_all_days() -> None:
    """Days of binomial size and rate; seven of them are seen."""
    rng = np.random.default_rng(0)
    rates = rng.beta(4, 6, (1_000, 7))
    found = [mean_over_days((rng.binomial(100, own) / 100).tolist()) for own in rates]
    covered = np.mean([one["low"] <= 0.4 <= one["high"] for one in found])
    assert covered >= 0.92


def test_days_that_agree_and_a_single_day_have_no_interval() -> None:
    assert mean_over_days([0.5]) == {"mean": 0.5, "low": None, "high": None, "by_day": [0.5]}
    assert mean_over_days([0.2, 0.2])["low"] is None
    low, high = (mean_over_days([0.0, 0.1, 0.0])[bound] for bound in ("low", "high"))
    assert low == 0.0
    assert high > 0.1


def test_a_difference_is_paired_by_day() -> None:
    arms = [
        {"learner": "a", "strategy": strategy, "rows": mean_over_days(values), "groups": None}
        for strategy, values in (("none", [0.1, 0.5, 0.9]), ("smote", [0.2, 0.6, 1.0]))
    ]
    (difference,) = day_differences(arms, strategy="smote")
    assert difference["rows"]["difference"] == pytest.approx(0.1)
    assert difference["rows"]["high"] - difference["rows"]["low"] < 1e-9
    assert difference["groups"] is None
    assert day_differences(arms[:1], strategy="none") == []


def evaluated(folder: Path, **sections: Any) -> dict[str, Any]:
    settings: dict[str, Any] = {
        "columns": {"target": "label", "time": "at", "group": "customer", "drop": ["day", "second"]},
        "split": {
            "method": "time", "train": "7 days", "delay": "7 days", "test": "7 days", "known_positives": "drop",
        },
        "resampling": {"strategy": "random_over"},
        "evaluation": {"learners": ["logistic_regression"], "bootstrap": 50, "alerts_a_day": 20},
    }  # fmt: skip
    run = run_engine(transactions(), folder, **{**settings, **sections})
    tables = load_tables(run.config, snapshot=run.snapshot, split=run.split, version=run.version)
    return compare_strategies(
        tables, strategy=run.resampling.strategy, config=run.config.evaluation, seed=run.config.seed
    )


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return evaluated(tmp_path_factory.mktemp("alerts"))


@pytest.mark.slow
def test_the_record_of_a_split_by_time_has_every_arm_by_day(record: dict[str, Any]) -> None:
    found = record["alerts_a_day"]
    assert [day["day"] for day in found["days"]] == [f"2025-03-{day}" for day in range(15, 22)]
    assert sum(day["positives"] for day in found["days"]) == record["rows"]["test"]["classes"]["1"]
    assert [(arm["learner"], arm["strategy"]) for arm in found["arms"]] == [
        ("dummy", "none"), ("logistic_regression", "none"), ("logistic_regression", "random_over"),
    ]  # fmt: skip
    dummy, learner, _ = found["arms"]
    assert learner["rows"]["mean"] > dummy["rows"]["mean"]
    assert len(found["differences"]) == 1
    assert all(
        share <= day["positives"] / 20 for day, share in zip(found["days"], learner["rows"]["by_day"], strict=True)
    )


def _metrics(record: dict[str, Any]) -> MetricsRecord:
    return MetricsRecord.model_validate_json(json.dumps({"schema": 1, **record}))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda found: found["arms"][1]["rows"].update(mean=0.9), "logistic_regression, none: alerts a day"),
        (lambda found: found["arms"][1]["groups"].update(low=0.0), "logistic_regression, none: alerts a day"),
        (lambda found: found["days"][0].update(positives=0), "positives of all days"),
        (lambda found: found["days"][0].update(rows=1), "rows of all days"),
        (lambda found: found["differences"][0]["rows"].update(high=0.5), "differences by day"),
        (lambda found: found["arms"].pop(), "the arms of alerts"),
        (lambda found: found["arms"][1]["rows"].update(mean_over_days([1.0] * 7)), "more positives found on"),
    ],
)
def test_verify_finds_numbers_by_day_that_contradict_each_other(record: dict[str, Any], change: Any, told: str) -> None:
    assert not [line for line in metric_differences(_metrics(record)) if "day" in line or "alerts" in line]
    forged = json.loads(json.dumps(record))
    change(forged["alerts_a_day"])
    assert any(told in line for line in metric_differences(_metrics(forged)))


@pytest.mark.slow
def test_the_verdict_is_also_given_with_whole_days_drawn(record: dict[str, Any], tmp_path: Path) -> None:
    found, rows = record["independence"]["as_days"], record["arms"][2]
    assert (found["days"], found["learner"]) == (7, "logistic_regression")
    assert found["low"] < rows["test"]["average_precision"] < found["high"]
    assert f"{record['deciding_rows']:,} {record['deciding_rows_are']}" in found["text"]
    forged = json.loads(json.dumps(record))
    forged["independence"]["as_days"]["days"] = 8
    assert "independence: 8 days instead of 7" in list(metric_differences(_metrics(forged)))
    split = {"method": "time", "train": "8 days", "delay": "7 days", "test": "6 days", "known_positives": "drop"}
    assert evaluated(tmp_path, split=split)["independence"]["as_days"] is None


@pytest.mark.slow
def test_numbers_of_unknown_unit_have_no_days_and_the_notes_say_so(tmp_path: Path) -> None:
    columns = {"target": "label", "time": "second", "drop": ["day", "at", "customer"]}
    split = {"method": "time", "test": "604800"}
    found = evaluated(tmp_path, columns=columns, split=split, resampling={"strategy": "none"})
    assert found["alerts_a_day"] is None
    assert any("columns.time_unit" in note for note in found["notes"])
    columns["time_unit"] = "second"
    known = evaluated(tmp_path / "known", columns=columns, split=split, resampling={"strategy": "none"})
    assert [day["day"] for day in known["alerts_a_day"]["days"]] == [str(day) for day in range(14, 21)]
    assert known["alerts_a_day"]["arms"][0]["groups"] is None
