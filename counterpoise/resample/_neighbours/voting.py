"""SMOTENC's vote: a synthetic row gets the most frequent category among its base row's neighbours.

imbalanced-learn sums one-hot columns, which takes (synthetic rows × neighbours × levels) numbers. The category codes
alone give the same winners, with ties broken by the same draws: one shuffle per column of all leading (row, category)
pairs, of which each row takes its first.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from counterpoise.typing import Codes, Ints


@dataclass(frozen=True)
class _Leaders:
    """The categories with the most votes of each ballot, in ballot order, ascending within a ballot.

    Attributes:
        codes: The leading codes of all ballots, shape (leaders,).
        counts: The number of leaders of each ballot, at least one, shape (ballots,).
    """

    codes: Codes
    counts: Ints


def vote(codes: Codes, neighbours: Ints, *, seed: int, bases: Ints | None = None) -> Codes:
    """Return the categories of synthetic rows: each column's majority among a row's neighbours.

    Ties are broken exactly as in imbalanced-learn's SMOTENC with the same seed.

    Args:
        codes: Category codes of the rows that vote, shape (rows, columns), integers.
        neighbours: Positions of the voters, shape (ballots, k).
        seed: imbalanced-learn's `random_state`.
        bases: The ballot of each synthetic row, shape (synthetic rows,), so that rows with the same base share a ballot
            that is counted once; by default each row has its own.

    Returns:
        Codes, shape (synthetic rows, columns).

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
    """Count votes, shape (ballots, k), by the lengths of runs of equal votes."""
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
    """Return one leader of each synthetic row's ballot: the first in a shuffle of all rows' leaders."""
    counts = leaders.counts[ballots]
    begins = np.cumsum(counts) - counts
    order, ranks = _shuffle(int(counts.sum()), random_state)
    place = order[np.minimum.reduceat(ranks, begins)] - begins
    first_leader = np.cumsum(leaders.counts) - leaders.counts
    elected: Codes = leaders.codes[first_leader[ballots] + place]
    return elected


def _shuffle(number: int, random_state: np.random.RandomState) -> tuple[Codes, Codes]:
    """Return the numbers from 0 in shuffled order, and the rank of each.

    imbalanced-learn shuffles the pairs themselves; RandomState makes the same draws for these, at every integer width.
    """
    order: Codes = np.arange(number).astype(np.int32 if number <= np.iinfo(np.int32).max else np.int64)
    ranks = order.copy()
    random_state.shuffle(order)
    ranks[order] = np.arange(number, dtype=order.dtype)
    return order, ranks
