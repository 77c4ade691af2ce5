from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import threadpool_limits

from counterpoise.evaluate._boosting import BinnedBoosting
from counterpoise.typing import Floats, Mask, Matrix

WEIGHTS: dict[str, Callable[[np.random.Generator, Mask], Floats]] = {
    "classes": lambda _rng, labels: np.where(labels, 9.0, 1.0),
    "any": lambda rng, labels: rng.random(len(labels)),
    "rows left out": lambda rng, labels: rng.integers(0, 3, len(labels)).astype(float),
    "few rows have nearly all": lambda rng, labels: rng.pareto(0.5, len(labels)),
}
OTHERS: list[dict[str, object]] = [{"class_weight": "balanced"}, {"max_bins": 20}, {"early_stopping": True}]
OPTIONS = {"max_iter": 10, "early_stopping": False, "random_state": 0}


def table(rng: np.random.Generator, rows: int) -> tuple[Matrix, Mask]:
    """Return plain, rounded, gappy and whole-numbered features, and labels that follow the first."""
    features = rng.normal(size=(rows, 4))
    features[:, 1] = np.round(features[:, 1], 2)
    features[rng.random(rows) < 0.1, 2] = np.nan
    features[:, 3] = rng.integers(0, 9, rows)
    return features, rng.random(rows) < 1 / (1 + np.exp(-2 * features[:, 0]))


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """Threads of OpenMP wait for busy cores."""
    with threadpool_limits(limits=1):
        yield


@pytest.mark.parametrize(
    ("weighted", "options"), [*((name, {}) for name in WEIGHTS), *(("any", each) for each in OTHERS)], ids=str
)
def test_weighted_rows_give_the_trees_of_scikit_learn(weighted: str, options: dict[str, object]) -> None:
    rng = np.random.default_rng(len(options))
    features, labels = table(rng, 900)
    weights, (asked, _) = WEIGHTS[weighted](rng, labels), table(rng, 2_000)
    theirs, ours = (
        kind(**OPTIONS | options).fit(features, labels, sample_weight=weights)
        for kind in (HistGradientBoostingClassifier, BinnedBoosting)
    )
    for answer in ("predict_proba", "decision_function", "predict"):
        np.testing.assert_array_equal(getattr(ours, answer)(asked), getattr(theirs, answer)(asked))


def test_without_weights_the_values_themselves_are_split() -> None:
    features, labels = table(np.random.default_rng(0), 900)
    theirs, ours = (
        kind(**OPTIONS).fit(features, labels).predict_proba(features)
        for kind in (HistGradientBoostingClassifier, BinnedBoosting)
    )
    np.testing.assert_array_equal(ours, theirs)


def test_the_quantiles_of_scikit_learn_are_never_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """It sorts a feature for each of 254 quantiles. If it has none of its own any more, `BinnedBoosting` can go."""
    features, labels = table(np.random.default_rng(0), 900)
    monkeypatch.setattr("sklearn.ensemble._hist_gradient_boosting.binning._weighted_percentile", None)
    weights = np.where(labels, 9.0, 1.0)
    with pytest.raises(TypeError, match="not callable"):
        HistGradientBoostingClassifier(**OPTIONS).fit(features, labels, sample_weight=weights)
    BinnedBoosting(**OPTIONS).fit(features, labels, sample_weight=weights)
