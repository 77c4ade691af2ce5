"""Folds in time order, for `split.method: time`: each trains on rows older by the gap, so never on the future."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from counterpoise.compare._rounds.folds import Folds
from counterpoise.errors import EvaluationError
from counterpoise.records import PARTITIONS
from counterpoise.split import TimeCuts, TimeValues
from counterpoise.typing import Ints, Mask

NEVER_TESTED = -1

_FEWEST_FOLDS = 2

Codes = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Timeline:
    """The time of each row, in the unit of the time column.

    Attributes:
        times: One number per row.
        gap: How much older than the first test row a train row must be; 0 for any older row.
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
        tested: The fold that tests each row, shape (rows,); `NEVER_TESTED` for the oldest rows.
        trained: Which rows each fold trains on, shape (folds, rows).
    """

    tested: Folds
    trained: Mask

    @property
    def test_to_train(self) -> float:
        """The number of test rows by train rows, averaged over the folds."""
        tested = np.bincount(self.tested[self.tested != NEVER_TESTED])
        return float(np.mean(tested / self.trained.sum(axis=1)))


def assign_folds_in_time(
    codes: Codes, ties: Ints, timeline: Timeline, *, classes: tuple[str, ...], folds: int
) -> TimeFolds:
    """Return folds that train on older rows only, with the boundaries of scikit-learn's `TimeSeriesSplit`.

    Time is cut into one more interval than there are folds, with about as many rows each; rows with equal times stay
    together. A fold tests its interval and trains on all rows that are older by at least the gap, except for rows tied
    to test rows, as in the split.

    Args:
        codes: Class codes.
        ties: One code per row, equal for rows that are equal in their features or belong to one group.
        timeline: The times of the rows.
        classes: Class names by code.
        folds: The number of folds.

    Raises:
        EvaluationError: There are too few distinct times, or a fold would train or test on a single class.
    """
    folds_in_time = _cut_folds(ties, timeline, folds)
    if folds_in_time is not None and not _single_class_sides(codes, folds_in_time):
        return folds_in_time
    most = most_folds_in_time(codes, ties, timeline, fewer_than=folds)
    raise EvaluationError(
        "too_few_rows_in_time",
        expected=f"{folds} folds in time order with rows of two classes to train on and to test on in each",
        found=_why_not(codes, folds_in_time, classes, timeline),
        remedy=f"set tournament.folds to {most}" if most else "lower split.gap, or collect rows over a longer time",
        values={"folds": folds, "gap": timeline.gap},
    )


def most_folds_in_time(codes: Codes, ties: Ints, timeline: Timeline, *, fewer_than: int) -> int:
    """Return the largest number of folds below a limit that all train and test on two classes; 0 if there is none."""
    for folds in range(fewer_than - 1, _FEWEST_FOLDS - 1, -1):
        folds_in_time = _cut_folds(ties, timeline, folds)
        if folds_in_time is not None and not _single_class_sides(codes, folds_in_time):
            return folds
    return 0


def _cut_folds(ties: Ints, timeline: Timeline, folds: int) -> TimeFolds | None:
    """Return the folds, whatever classes they have; None if there are too few distinct times."""
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
    """Return the first time of each fold, ascending: the time whose first row is nearest to the ideal position.

    Without equal times these are the positions of `TimeSeriesSplit`.
    """
    ordered, size = np.sort(times), len(times) // (folds + 1)
    cuts: list[float] = []
    for place in range(len(times) - folds * size, len(times), size) if size else ():
        starts = {int(np.searchsorted(ordered, ordered[place], side)) for side in ("left", "right")}
        possible = [start for start in starts if 0 < start < len(ordered)]
        if possible:
            cuts.append(ordered[min(possible, key=lambda start: (abs(start - place), start))].item())
    return cuts if len(set(cuts)) == folds else None


def _single_class_sides(codes: Codes, folds_in_time: TimeFolds) -> list[tuple[int, str]]:
    """Return each fold and side (train or test) with rows of fewer than two classes."""
    return [
        (fold, side)
        for fold, older in enumerate(folds_in_time.trained)
        for side, rows in (("train", older), ("test", folds_in_time.tested == fold))
        if len(np.unique(codes[rows])) < 2  # a single class cannot be learnt or scored
    ]


def _why_not(codes: Codes, folds_in_time: TimeFolds | None, classes: tuple[str, ...], timeline: Timeline) -> str:
    if folds_in_time is None:
        return f"{len(np.unique(timeline.times)):,} distinct times among {len(codes):,} rows"
    fold, side = _single_class_sides(codes, folds_in_time)[0]
    rows = folds_in_time.trained[fold] if side == "train" else folds_in_time.tested == fold
    names = ", ".join(repr(classes[code]) for code in np.unique(codes[rows]))
    gap = f" beyond the gap of {timeline.gap:,} (in the unit of columns.time)" if timeline.gap else ""
    what = "older rows to train on" + gap if side == "train" else "rows to test on"
    return f"in fold {fold + 1} {int(rows.sum()):,} {what}, {f'all of class {names}' if names else 'none'}"
