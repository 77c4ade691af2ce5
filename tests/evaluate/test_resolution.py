from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit
from sklearn.ensemble import ExtraTreesClassifier, HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

from counterpoise.evaluate._calibration.resolution import resolution


def table(rows: int, *, distinct: int = 0, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return features and noisy labels; with `distinct`, so many values of each feature, so that rows repeat."""
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(rows, 3))
    if distinct:
        features = np.round(features * distinct) / distinct
    return features, rng.random(rows) < expit(2 * features[:, 0] - 3)


@pytest.mark.slow
@pytest.mark.parametrize("trees", [30, 100, 250])
@pytest.mark.parametrize("kind", [RandomForestClassifier, ExtraTreesClassifier])
@pytest.mark.parametrize("distinct", [0, 10, 3])
def test_a_forest_resolves_half_a_vote_or_less_if_leaves_have_both_classes(
    trees: int, kind: type, distinct: int
) -> None:
    features, labels = table(3_000, distinct=distinct)
    model = kind(trees, random_state=0).fit(features[:2_000], labels[:2_000])
    found = resolution(model.predict_proba(features[2_000:])[:, 1], train_rows=2_000)
    if not distinct:
        assert found == pytest.approx(1 / (2 * trees))
    assert 1 / (20 * trees) < found < 2 / trees


@pytest.mark.parametrize("neighbours", [5, 15])
def test_neighbours_resolve_half_a_neighbour(neighbours: int) -> None:
    features, labels = table(2_000)
    model = KNeighborsClassifier(neighbours).fit(features[:1_000], labels[:1_000])
    found = resolution(model.predict_proba(features[1_000:])[:, 1], train_rows=1_000)
    assert found == pytest.approx(1 / (2 * neighbours))


@pytest.mark.parametrize("model", [LogisticRegression(), HistGradientBoostingClassifier(max_iter=20)])
def test_a_learner_of_continuous_probabilities_resolves_half_a_row_of_train(model: object) -> None:
    features, labels = table(2_000)
    probability = model.fit(features[:1_000], labels[:1_000]).predict_proba(features[1_000:])[:, 1]  # type: ignore[attr-defined]
    assert resolution(probability, train_rows=1_000) == 1 / 2_000


def test_rounded_scores_resolve_half_their_last_digit() -> None:
    scores = np.round(np.random.default_rng(0).beta(1, 9, 3_000), 3)
    assert resolution(scores, train_rows=10**6) == pytest.approx(1 / 2_000)


def test_votes_for_one_class_or_the_other_still_tell_them_apart() -> None:
    assert resolution(np.array([0.0, 1.0, 1.0]), train_rows=10**6) == 0.25
    assert resolution(np.full(10, 0.3), train_rows=1_000) < 0.3
