"""SMOTENC's vote: a synthetic row takes the category that most of its base row's neighbours have.

imbalanced-learn sums one-hot columns, which takes (synthetic rows × neighbours × levels) numbers. The same winners come
out of the category codes alone, and ties are broken by the same draws: one shuffle a column of all leading
(row, category) pairs, of which a row takes the one that comes first.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from counterpoise.typing import Codes, Ints

__all__ = ["vote"]


@dataclass(frozen=True)
class _Leaders:
    """The categories with the most votes of each ballot, ballot after ballot, ascending within one.

    Attributes:
        codes: The leading codes of all ballots, of shape (leaders,).
        counts: How many of them each ballot has, at least one, of shape (ballots,).
    """

    codes: Codes
    counts: Ints


def vote(codes: Codes, neighbours: Ints, *, seed: int, bases: Ints | None = None) -> Codes:
    """Return the categories of synthetic rows: each column's majority among a row's neighbours.

    Ties are broken as imbalanced-learn's SMOTENC does with the same seed, draw for draw.

    Args:
        codes: Category codes of the rows that vote, of shape (rows, columns), integers.
        neighbours: Ints of the voters, of shape (ballots, k).
        seed: imbalanced-learn's `random_state`.
        bases: The ballot that each synthetic row goes by, of shape (synthetic rows,), so that rows of the same base
            share one that is counted once; without it, each row has its own.

    Returns:
        Codes of shape (synthetic rows, columns).

    Example:
        >>> vote(np.array([[3], [3], [8]]), np.array([[0, 1, 2], [2, 2, 0]]), seed=0).tolist()
        [[3], [8]]
    """
    random_state = np.random.RandomState(seed)  # the generator that imbalanced-learn draws from
    ballots = np.arange(len(neighbours)) if bases is None else bases
    elected = np.empty((len(ballots), codes.shape[1]), dtype=codes.dtype)
    for column in range(codes.shape[1]):
        leaders = _leaders(codes[:, column][neighbours])
        elected[:, column] = _break_ties(leaders, ballots, random_state)
    return elected


def _leaders(votes: Codes) -> _Leaders:
    """Count votes of shape (ballots, k) by the lengths of equal runs."""
    ordered = np.sort(votes, axis=1)
    starts_run = np.ones(ordered.shape, dtype=np.bool_)
    starts_run[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    starts = np.flatnonzero(starts_run)
    lengths = np.diff(starts, append=ordered.size)
    ballot, place = np.divmod(starts, ordered.shape[1])
    most = np.maximum.reduceat(lengths, np.flatnonzero(place == 0))
    leads = lengths == most[ballot]
    return _Leaders(ordered.ravel()[starts[leads]], np.bincount(ballot[leads], minlength=len(votes)))


def _break_ties(leaders: _Leaders, ballots: Ints, random_state: np.random.RandomState) -> Codes:
    """Return one of the leaders of each synthetic row's ballot: the first in a shuffle of all rows' leaders."""
    counts = leaders.counts[ballots]
    begins = np.cumsum(counts) - counts
    order, ranks = _shuffle(int(counts.sum()), random_state)
    place = order[np.minimum.reduceat(ranks, begins)] - begins
    first_leader = np.cumsum(leaders.counts) - leaders.counts
    elected: Codes = leaders.codes[first_leader[ballots] + place]
    return elected


def _shuffle(number: int, random_state: np.random.RandomState) -> tuple[Codes, Codes]:
    """Return numbers from 0 in shuffled order, and the place of each.

    imbalanced-learn permutes the pairs themselves; RandomState draws the same for them, at every width of integers.
    """
    order: Codes = np.arange(number).astype(np.int32 if number <= np.iinfo(np.int32).max else np.int64)
    ranks = order.copy()
    random_state.shuffle(order)
    ranks[order] = np.arange(number, dtype=order.dtype)
    return order, ranks
