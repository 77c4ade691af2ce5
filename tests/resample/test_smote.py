"""The recipes give, bit for bit, the rows that imbalanced-learn makes of the whole table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from imblearn.over_sampling import SMOTE, SMOTENC

from counterpoise.resample._strategies.smote import Recipe, smote_recipe, smotenc_recipe
from counterpoise.typing import Matrix


@dataclass(frozen=True)
class Table:
    """Classes 0, 1, … of unequal sizes, all with more rows than k."""

    numbers: Matrix
    codes: Matrix
    labels: npt.NDArray[np.int64]
    k: int
    seed: int

    def growing(self) -> Iterator[tuple[npt.NDArray[np.bool_], int]]:
        """Yield the rows and the missing number of each class that imbalanced-learn makes rows of, in its order."""
        counts = np.bincount(self.labels)
        for label, count in enumerate(counts):
            if count < counts.max():
                yield self.labels == label, int(counts.max() - count)


NUMBERS: dict[str, Callable[[np.random.Generator, int], Matrix]] = {
    "spread": lambda rng, rows: rng.normal(size=rows),
    "few values": lambda rng, rows: rng.integers(-2, 3, rows) / 2,
    "constant": lambda _, rows: np.full(rows, 3.0),
    "zero": lambda _, rows: np.zeros(rows),
    "mostly zero": lambda rng, rows: rng.normal(size=rows) * (rng.random(rows) < 0.2),
    "large": lambda rng, rows: rng.lognormal(12, 3, rows),
    "thirds": lambda rng, rows: rng.integers(0, 9, rows) / 3,
}


@st.composite
def tables(draw: st.DrawFn) -> Table:
    """Draw tables with ties, duplicates, constant numbers, and categories that a class does not have."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    k = draw(st.integers(1, 7))
    sizes = draw(st.lists(st.integers(k + 1, 60), min_size=2, max_size=4))
    kinds = draw(st.lists(st.sampled_from(sorted(NUMBERS)), min_size=1, max_size=20))
    levels = draw(st.lists(st.sampled_from([1, 2, 3, 10, 100]), min_size=1, max_size=3))
    labels = rng.permutation(np.repeat(np.arange(len(sizes)), sizes))
    numbers = np.column_stack([NUMBERS[kind](rng, len(labels)) for kind in kinds])
    codes = np.column_stack([rng.integers(0, count, len(labels)) + 2 * labels for count in levels]).astype(np.float64)
    if draw(st.booleans()):
        for members in (np.flatnonzero(labels == label) for label in range(len(sizes))):
            again = rng.choice(members, len(members))
            numbers[members], codes[members] = numbers[again], codes[again]
    return Table(numbers, codes, labels, k, draw(st.integers(0, 2**32 - 1)))


def interpolated(points: Matrix, recipe: Recipe) -> Matrix:
    a, b = points[recipe.parent_a], points[recipe.parent_b]
    made: Matrix = a + recipe.steps[:, None] * (b - a)
    return made


@pytest.mark.slow
@given(tables())
def test_smote_makes_the_rows_of_imbalanced_learn(table: Table) -> None:
    expected, _ = SMOTE(k_neighbors=table.k, random_state=table.seed).fit_resample(table.numbers, table.labels)
    made = [table.numbers]
    for members, number in table.growing():
        points = table.numbers[members]
        made.append(interpolated(points, smote_recipe(points, number=number, k_neighbors=table.k, seed=table.seed)))
    assert np.array_equal(np.vstack(made), expected)


@pytest.mark.slow
@settings(max_examples=200)
@given(tables())
def test_smotenc_makes_the_rows_of_imbalanced_learn(table: Table) -> None:
    for members, _ in table.growing():
        spread = np.median(table.numbers[members].std(axis=0))
        assume(spread == 0 or spread > 1e-6)
    columns = table.numbers.shape[1]
    whole = np.hstack([table.numbers, table.codes])
    categorical = list(range(columns, whole.shape[1]))
    sampler = SMOTENC(categorical_features=categorical, k_neighbors=table.k, random_state=table.seed)
    expected, _ = sampler.fit_resample(whole, table.labels)
    made = [whole]
    for members, number in table.growing():
        points, codes = table.numbers[members], table.codes[members]
        recipe = smotenc_recipe(points, codes, number=number, k_neighbors=table.k, seed=table.seed)
        made.append(np.hstack([interpolated(points, recipe), recipe.votes]))
    assert np.array_equal(np.vstack(made), expected)


def recorded_recipe(points: Matrix, codes: Matrix, *, number: int, seed: int) -> tuple[Matrix, Matrix, Matrix]:
    """Return parents and steps that imbalanced-learn's SMOTENC itself comes to."""
    taken = []

    class Recorder(SMOTENC):  # type: ignore[misc]  # imbalanced-learn ships no types
        def _generate_samples(self, *drawn: npt.NDArray[np.float64]) -> Matrix:
            neighbours, rows, columns, steps = drawn[2:6]
            taken.append((rows, neighbours[rows, columns], steps.ravel()))
            made: Matrix = super()._generate_samples(*drawn)
            return made

    whole = np.vstack([np.hstack([points, codes]), np.zeros((1, points.shape[1] + codes.shape[1]))])
    labels = np.append(np.ones(len(points), np.int64), 0)
    categorical = list(range(points.shape[1], whole.shape[1]))
    Recorder(categorical, sampling_strategy={1: len(points) + number}, random_state=seed).fit_resample(whole, labels)
    return taken[0]


@pytest.mark.parametrize("seed", range(5))
def test_smotenc_has_the_parents_of_imbalanced_learn_where_distances_tie(seed: int) -> None:
    rng = np.random.default_rng(seed)
    points = rng.integers(0, 3, (150, 2)) / 3
    codes = rng.integers(0, 3, (150, 4)).astype(np.float64)
    recipe = smotenc_recipe(points, codes, number=400, k_neighbors=5, seed=seed)
    parent_a, parent_b, steps = recorded_recipe(points, codes, number=400, seed=seed)
    assert np.array_equal(recipe.parent_a, parent_a)
    assert np.array_equal(recipe.parent_b, parent_b)
    assert np.array_equal(recipe.steps, steps)


def test_the_majority_wins_however_little_the_numbers_differ() -> None:
    """imbalanced-learn takes the votes for equal here: it compares them multiplied by the spread."""
    points = np.linspace(0, 1e-12, 40)[:, None]
    codes = np.repeat([[0.0], [7.0]], 20, axis=0)
    recipe = smotenc_recipe(points, codes, number=200, k_neighbors=5, seed=0)
    away = (recipe.parent_a < 15) | (recipe.parent_a > 24)
    assert np.array_equal(recipe.votes[away], codes[recipe.parent_a[away]])


def test_what_a_recipe_is_made_of_is_left_as_it_was() -> None:
    rng = np.random.default_rng(0)
    points, codes = rng.normal(size=(50, 2)), rng.integers(0, 3, (50, 2)).astype(np.float64)
    before = points.copy(), codes.copy()
    smotenc_recipe(points, codes, number=10, k_neighbors=3, seed=0)
    assert np.array_equal(points, before[0])
    assert np.array_equal(codes, before[1])
