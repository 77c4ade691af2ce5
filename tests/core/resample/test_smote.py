"""The recipes give, bit for bit, the rows that imbalanced-learn makes of the whole table."""

from __future__ import annotations

import numpy as np
import pytest
from imblearn.over_sampling import SMOTE, SMOTENC

from counterpoise.core.resample.smote import smote_recipe, smotenc_recipe


@pytest.mark.parametrize("seed", [0, 7])
def test_smote_makes_the_rows_of_imbalanced_learn(seed: int) -> None:
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(600, 5))
    labels = (rng.random(600) < 0.1).astype(int)
    expected, made_labels = SMOTE(k_neighbors=4, random_state=seed).fit_resample(points, labels)
    minority = points[labels == 1]
    recipe = smote_recipe(minority, number=len(made_labels) - 600, k_neighbors=4, seed=seed)
    a, b = minority[recipe.parent_a], minority[recipe.parent_b]
    assert np.array_equal(a + recipe.steps[:, None] * (b - a), expected[600:])


@pytest.mark.parametrize("seed", [0, 7])
def test_smotenc_makes_the_rows_of_imbalanced_learn(seed: int) -> None:
    rng = np.random.default_rng(seed)
    numbers = rng.normal(size=(600, 3))
    codes = np.column_stack([rng.integers(0, 4, 600), rng.integers(0, 30, 600)]).astype(float)
    labels = (rng.random(600) < 0.1).astype(int)
    table = np.hstack([numbers, codes])
    sampler = SMOTENC(categorical_features=[3, 4], k_neighbors=5, random_state=seed)
    expected, made_labels = sampler.fit_resample(table, labels)
    minority = labels == 1
    recipe = smotenc_recipe(numbers[minority], codes[minority], number=len(made_labels) - 600, k_neighbors=5, seed=seed)
    a, b = numbers[minority][recipe.parent_a], numbers[minority][recipe.parent_b]
    assert np.array_equal(recipe.votes, expected[600:, 3:])
    assert np.array_equal(a + recipe.steps[:, None] * (b - a), expected[600:, :3])
