"""Folds in time order, for `split.method: time`: each trains on what is older by the gap, so never on the future."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from counterpoise.compare._rounds.folds import Folds
from counterpoise.errors import EvaluationError
from counterpoise.records import PARTITIONS
from counterpoise.split import TimeCuts, TimeValues
from counterpoise.typing import Ints, Mask

__all__ = ["NEVER_TESTED", "TimeFolds", "Timeline", "assign_folds_in_time", "most_folds_in_time"]

NEVER_TESTED = -1

_FEWEST_FOLDS = 2

Codes = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Timeline:
    """When the rows were, in the unit of the column of times.

    Attributes:
        times: One number a row.
        gap: How much older than the first tested row a row must be to be trained on; 0 for any older one.
    """

    times: TimeValues
    gap: float = 0

    def at(self, rows: Ints) -> Timeline:
        """Return the timeline of some of the rows."""
        return Timeline(self.times[rows], self.gap)


@dataclass(frozen=True)
class TimeFolds:
    """Folds of rows in time order.

    Attributes:
        tested: The fold that each row is tested in, shape (rows,), `NEVER_TESTED` for the oldest ones.
        trained: Which rows are trained on in each fold, shape (folds, rows).
    """

    tested: Folds
    trained: Mask

    @property
    def test_to_train(self) -> float:
        """The mean over the folds of tested rows by trained ones."""
        tested = np.bincount(self.tested[self.tested != NEVER_TESTED])
        return float(np.mean(tested / self.trained.sum(axis=1)))


def assign_folds_in_time(
    codes: Codes, ties: Ints, timeline: Timeline, *, classes: tuple[str, ...], folds: int
) -> TimeFolds:
    """Return folds that are each trained on older rows alone, as scikit-learn's `TimeSeriesSplit` cuts them.

    Time is cut into one stretch more than folds, of about as many rows; rows of one moment stay together. A fold tests
    its stretch and trains on all rows that are older than that by the gap, but not on rows that are tied to tested
    ones, as in the split.

    Args:
        codes: Class codes.
        ties: One code a row, equal for rows that are equal in their features or of one group.
        timeline: When the rows were.
        classes: Class names by code.
        folds: How many folds.

    Raises:
        EvaluationError: There are too few moments, or a fold would have rows of one class alone on one of its sides.
    """
    dealt = _dealt(ties, timeline, folds)
    if dealt is not None and not _lacking(codes, dealt):
        return dealt
    most = most_folds_in_time(codes, ties, timeline, fewer_than=folds)
    raise EvaluationError(
        "too_few_rows_in_time",
        expected=f"{folds} folds in time order with rows of two classes to train on and to test on in each",
        found=_why_not(codes, dealt, classes, timeline),
        remedy=f"set tournament.folds to {most}" if most else "lower split.gap, or collect rows over a longer time",
        values={"folds": folds, "gap": timeline.gap},
    )


def most_folds_in_time(codes: Codes, ties: Ints, timeline: Timeline, *, fewer_than: int) -> int:
    """Return the largest number of folds below a number that has two classes on both sides of each; 0 for none."""
    for folds in range(fewer_than - 1, _FEWEST_FOLDS - 1, -1):
        dealt = _dealt(ties, timeline, folds)
        if dealt is not None and not _lacking(codes, dealt):
            return folds
    return 0


def _dealt(ties: Ints, timeline: Timeline, folds: int) -> TimeFolds | None:
    """Return the folds, whatever classes they have; None where there are too few moments for so many."""
    cuts = _cuts(timeline.times, folds)
    if cuts is None:
        return None
    tested = np.searchsorted(np.array(cuts), timeline.times, side="right").astype(np.int8) - np.int8(1)
    trained = [
        (TimeCuts(cut, cut, timeline.gap).partition(timeline.times) == PARTITIONS.index("train"))
        & ~np.isin(ties, ties[tested == fold])
        for fold, cut in enumerate(cuts)
    ]
    return TimeFolds(tested, np.stack(trained))


def _cuts(times: TimeValues, folds: int) -> list[float] | None:
    """Return the first moment of each fold, ascending: the moment's first row is the one nearest to where it should be.

    Without rows of one moment these are the places of `TimeSeriesSplit`.
    """
    ordered, size = np.sort(times), len(times) // (folds + 1)
    cuts: list[float] = []
    for place in range(len(times) - folds * size, len(times), size) if size else ():
        starts = {int(np.searchsorted(ordered, ordered[place], side)) for side in ("left", "right")}
        possible = [start for start in starts if 0 < start < len(ordered)]
        if possible:
            cuts.append(ordered[min(possible, key=lambda start: (abs(start - place), start))].item())
    return cuts if len(set(cuts)) == folds else None


def _lacking(codes: Codes, dealt: TimeFolds) -> list[tuple[int, str]]:
    """Return each fold and side, train or test, that has rows of fewer than two classes."""
    return [
        (fold, side)
        for fold, older in enumerate(dealt.trained)
        for side, rows in (("train", older), ("test", dealt.tested == fold))
        if len(np.unique(codes[rows])) < 2  # one class alone is no question
    ]


def _why_not(codes: Codes, dealt: TimeFolds | None, classes: tuple[str, ...], timeline: Timeline) -> str:
    if dealt is None:
        return f"{len(np.unique(timeline.times)):,} moments among {len(codes):,} rows"
    fold, side = _lacking(codes, dealt)[0]
    rows = dealt.trained[fold] if side == "train" else dealt.tested == fold
    names = ", ".join(repr(classes[code]) for code in np.unique(codes[rows]))
    gap = f" beyond the gap of {timeline.gap:,} (in the unit of columns.time)" if timeline.gap else ""
    what = "older rows to train on" + gap if side == "train" else "rows to test on"
    return f"in fold {fold + 1} {int(rows.sum()):,} {what}, {f'all of class {names}' if names else 'none'}"
