from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from sklearn.utils import check_random_state

from counterpoise.resample._neighbours.voting import vote
from counterpoise.typing import Ints


def dense_vote(codes: Ints, neighbours: Ints, *, seed: int) -> Ints:
    """Vote as SMOTENC of imbalanced-learn 0.14 does, in one-hot columns."""
    random_state = check_random_state(seed)
    elected = np.empty((len(neighbours), codes.shape[1]), dtype=np.int64)
    for column in range(codes.shape[1]):
        levels, places = np.unique(codes[:, column], return_inverse=True)
        sums = np.eye(len(levels))[places][neighbours].sum(axis=1)
        leading = np.isclose(sums, sums.max(axis=1, keepdims=True))
        pairs = random_state.permutation(np.argwhere(leading))
        _, first = np.unique(pairs[:, 0], return_index=True)
        elected[:, column] = levels[pairs[first, 1]]
    return elected


@st.composite
def ballots(draw: st.DrawFn) -> tuple[Ints, Ints, int]:
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    rows, columns, number = draw(st.integers(1, 40)), draw(st.integers(0, 4)), draw(st.integers(1, 300))
    codes = rng.integers(-5, draw(st.integers(-4, 40)), (rows, columns))
    return codes, rng.integers(0, rows, (number, draw(st.integers(1, 12)))), draw(st.integers(0, 2**32 - 1))


@given(ballots())
def test_votes_and_ties_go_as_in_imbalanced_learn(drawn: tuple[Ints, Ints, int]) -> None:
    codes, neighbours, seed = drawn
    assert np.array_equal(vote(codes, neighbours, seed=seed), dense_vote(codes, neighbours, seed=seed))


@given(ballots(), st.integers(0, 2**32 - 1), st.integers(1, 300))
def test_shared_ballots_are_as_good_as_one_for_each_row(
    drawn: tuple[Ints, Ints, int], rows_seed: int, number: int
) -> None:
    codes, neighbours, seed = drawn
    bases = np.random.default_rng(rows_seed).integers(0, len(neighbours), number)
    expected = vote(codes, neighbours[bases], seed=seed)
    assert np.array_equal(vote(codes, neighbours, seed=seed, bases=bases), expected)


def test_every_leader_of_a_tie_wins_about_as_often() -> None:
    codes = np.array([[0], [4], [9]])
    elected = vote(codes, np.tile(np.array([[0, 1, 2, 1, 2]]), (4000, 1)), seed=0)
    assert set(elected.ravel()) == {4, 9}
    assert abs(np.mean(elected == 4) - 0.5) < 0.03


def test_codes_keep_their_type() -> None:
    codes = np.array([[1], [2]], dtype=np.int32)
    assert vote(codes, np.array([[0, 0, 1]]), seed=0).dtype == np.int32


def test_no_rows_and_no_columns_are_voted_on_without_a_word() -> None:
    codes, none = np.array([[1], [2]]), np.empty(0, dtype=np.int64)
    assert vote(codes, np.array([[0, 1]]), seed=0, bases=none).shape == (0, 1)
    assert vote(codes[:, :0], np.array([[0, 1]]), seed=0).shape == (1, 0)
