from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from counterpoise.evaluate._features import FeatureEncoder
from counterpoise.evaluate._leak.simulation import LeakSetting, simulate_leak
from counterpoise.evaluate._leak.split import Ties

pytestmark = pytest.mark.slow


def noise(rows: int = 1_500, share: float = 0.1, seed: int = 0) -> tuple[pa.Table, np.ndarray]:
    """Return a table whose labels have nothing to do with its features."""
    rng = np.random.default_rng(seed)
    positive = rng.permutation(np.arange(rows) < round(rows * share))
    columns = {f"x{number}": rng.normal(size=rows) for number in range(5)}
    kind = pa.array(rng.choice(["a", "b"], rows), mask=rng.random(rows) < 0.3)
    return pa.table({**columns, "kind": kind, "label": positive}), positive


def simulated(
    table: pa.Table, positive: np.ndarray | None, strategy: str, *, seed: int = 3, **setting: Any
) -> dict[str, Any]:
    return simulate_leak(table, positive, target="label", strategy=strategy, seed=seed, setting=LeakSetting(**setting))


@pytest.mark.parametrize("strategy", ["smote", "random_over", "smote_tomek", "weights"])
def test_on_noise_resampling_before_the_split_looks_like_a_perfect_model(strategy: str) -> None:
    found = simulated(*noise(), strategy)
    assert found["leaky"]["roc_auc"] >= 0.9
    assert 0.4 < found["honest"]["roc_auc"] < 0.6
    assert found["honest"]["average_precision"] < 0.2
    assert found["honest"]["prevalence"] == pytest.approx(0.1, abs=0.001)
    assert found["leaky"]["prevalence"] == pytest.approx(0.5, abs=0.001)
    assert found["honest"]["positives"] == round(0.4 * 150)
    assert found["honest"]["rows"] == round(found["test_share"] * found["rows"])
    assert found["skipped"] is None
    assert found["held_out"] == "rows"


def test_rows_that_stand_there_four_times_teach_the_honest_learner_nothing() -> None:
    """With single rows held out, learning by heart gave an honest ROC-AUC of 1.0 on noise."""
    table, positive = noise(1_000)
    again = np.random.default_rng(1).permutation(np.repeat(np.arange(1_000), 4))
    found = simulated(table.take(pa.array(again)), positive[again], "smote")
    assert found["held_out"] == "tied"
    assert 0.4 < found["honest"]["roc_auc"] < 0.6
    assert found["leaky"]["roc_auc"] >= 0.9


def test_rows_of_a_group_are_held_out_together() -> None:
    rng = np.random.default_rng(0)
    group = np.repeat(np.arange(300), 5)
    centre = rng.normal(size=(300, 4))[group]
    positive = (rng.permutation(np.arange(300) < 60))[group]
    columns = {f"x{number}": centre[:, number] + rng.normal(scale=0.01, size=1_500) for number in range(4)}
    table = pa.table({**columns, "label": positive})
    assert 0.35 < simulated(table, positive, "smote", ties=Ties(group))["honest"]["roc_auc"] < 0.65
    assert simulated(table, positive, "smote", ties=Ties(np.arange(1_500)))["honest"]["roc_auc"] > 0.95


def test_where_the_split_is_in_time_the_newest_rows_are_held_out() -> None:
    rng = np.random.default_rng(0)
    times = rng.permutation(2_000)
    positive = rng.permutation(np.arange(2_000) < 400)
    signal = np.where(positive == (times < 1_200), 1.0, -1.0)  # what holds among old rows is the other way round later
    table = pa.table({"x": signal + rng.normal(scale=0.5, size=2_000), "label": positive})
    found = simulated(table, positive, "random_over", ties=Ties(np.arange(2_000), times))
    assert found["held_out"] == "newest"
    assert found["honest"]["rows"] == 800
    assert found["honest"]["roc_auc"] < 0.2


def test_older_rows_tied_to_the_newest_are_on_neither_side() -> None:
    times, codes = np.arange(100), np.where(np.arange(100) % 10 == 0, 0, np.arange(100) + 1)
    sides = Ties(codes, times).sides(np.arange(100) % 2 == 0, seed=0)
    assert np.flatnonzero(sides.test).tolist() == list(range(60, 100))
    assert np.flatnonzero(~sides.test & ~sides.train).tolist() == [0, 10, 20, 30, 40, 50]


@pytest.mark.parametrize(("ratio", "prevalence"), [(1.0, 0.5), (0.5, 1 / 3), (0.25, 0.2)])
def test_it_is_resampled_to_the_ratio_of_the_run(ratio: float, prevalence: float) -> None:
    found = simulated(*noise(), "random_over", ratio=ratio)
    assert found["ratio"] == ratio
    assert found["leaky"]["prevalence"] == pytest.approx(prevalence, abs=0.005)


def test_the_encoder_of_the_honest_learner_has_not_seen_the_rows_held_out(monkeypatch: pytest.MonkeyPatch) -> None:
    fitted: list[int] = []
    real = FeatureEncoder.fit_transform

    def spied(self: FeatureEncoder, table: pa.Table) -> Any:
        fitted.append(table.num_rows)
        return real(self, table)

    monkeypatch.setattr(FeatureEncoder, "fit_transform", spied)
    found = simulated(*noise(), "smote")
    assert fitted == [1_500 - found["honest"]["rows"], 1_500]


def test_a_column_of_large_numbers_does_not_decide_who_is_a_neighbour() -> None:
    table, positive = noise()
    rng = np.random.default_rng(5)
    near = table.append_column("amount", pa.array(rng.normal(size=1_500)))
    far = table.append_column("amount", pa.array(near["amount"].to_numpy() * 1e6))
    assert simulated(far, positive, "smote")["leaky"] == pytest.approx(simulated(near, positive, "smote")["leaky"])


def test_the_same_seed_gives_the_same_scores() -> None:
    table, positive = noise(400)
    assert simulated(table, positive, "adasyn") == simulated(table, positive, "adasyn")


@pytest.mark.parametrize(
    ("strategy", "reason"),
    [
        ("none", "nothing was resampled"),
        ("random_under", "random under-sampling adds no rows"),
        ("tomek_links", "removal of Tomek links adds no rows"),
    ],
)
def test_strategies_that_add_no_rows_have_nothing_to_leak_and_it_is_said(strategy: str, reason: str) -> None:
    found = simulated(*noise(400), strategy)
    assert list(found) == ["skipped"]
    assert reason in found["skipped"]


def test_few_positives_tell_nothing_and_it_is_said() -> None:
    assert "the rarer class has 8 train rows; 20 are needed" in simulated(*noise(400, share=0.02), "smote")["skipped"]


def test_more_than_two_classes_are_not_simulated_and_it_is_said() -> None:
    assert "more than two classes" in simulated(noise(400)[0], None, "smote")["skipped"]


def test_a_ratio_that_was_there_already_adds_nothing_and_it_is_said() -> None:
    assert "no rows were added" in simulated(*noise(400, share=0.3), "smote", ratio=0.2)["skipped"]


def test_positives_that_all_stay_on_one_side_tell_nothing_and_it_is_said() -> None:
    table, positive = noise(400)
    ties = Ties(np.where(positive, 0, np.arange(400) + 1))
    assert "a class has 0 rows on one side" in simulated(table, positive, "smote", ties=ties)["skipped"]


def test_the_larger_class_can_be_the_one_of_interest() -> None:
    table, positive = noise()
    found = simulated(table, ~positive, "smote", ratio=0.5)
    assert found["honest"]["prevalence"] == pytest.approx(0.9, abs=0.001)
    assert found["leaky"]["prevalence"] == pytest.approx(2 / 3, abs=0.005)
    assert found["leaky"]["roc_auc"] >= 0.85


def test_large_tables_are_sampled_with_both_classes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("counterpoise.evaluate._leak.simulation._MOST_ROWS", 500)
    assert simulated(*noise(5_000, share=0.05), "smote")["rows"] == pytest.approx(500, abs=2)
