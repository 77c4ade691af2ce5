from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from counterpoise.core.evaluate.leak import simulate_leak


def noise(rows: int = 1_500, share: float = 0.1) -> tuple[pa.Table, np.ndarray]:
    """Return a table whose labels have nothing to do with its features."""
    rng = np.random.default_rng(0)
    positive = rng.random(rows) < share
    columns = {f"x{number}": rng.normal(size=rows) for number in range(5)}
    kind = pa.array(rng.choice(["a", "b"], rows), mask=rng.random(rows) < 0.3)
    return pa.table({**columns, "kind": kind, "label": positive}), positive


@pytest.mark.parametrize("strategy", ["smote", "random_over"])
def test_on_noise_resampling_before_the_split_looks_like_a_perfect_model(strategy: str) -> None:
    table, positive = noise()
    found = simulate_leak(table, positive, target="label", strategy=strategy, seed=3)
    assert found is not None
    assert found["leaky"]["roc_auc"] >= 0.9
    assert 0.35 < found["honest"]["roc_auc"] < 0.65
    assert found["honest"]["average_precision"] < 0.2
    assert found["honest"]["prevalence"] == pytest.approx(0.1, abs=0.02)
    assert found["leaky"]["prevalence"] == pytest.approx(0.5, abs=0.01)


def test_the_same_seed_gives_the_same_scores() -> None:
    table, positive = noise(400)
    assert simulate_leak(table, positive, target="label", strategy="adasyn", seed=1) == simulate_leak(
        table, positive, target="label", strategy="adasyn", seed=1
    )


@pytest.mark.parametrize("strategy", ["none", "random_under", "tomek_links"])
def test_strategies_that_add_no_rows_have_nothing_to_leak(strategy: str) -> None:
    table, positive = noise(400)
    assert simulate_leak(table, positive, target="label", strategy=strategy, seed=1) is None


def test_few_positives_tell_nothing() -> None:
    table, positive = noise(400, share=0.02)
    assert simulate_leak(table, positive, target="label", strategy="smote", seed=1) is None


def test_large_tables_are_sampled_with_both_classes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("counterpoise.core.evaluate.leak._MOST_ROWS", 500)
    table, positive = noise(5_000, share=0.05)
    found = simulate_leak(table, positive, target="label", strategy="smote", seed=1)
    assert found is not None
    assert found["rows"] == pytest.approx(500, abs=2)
