"""Folds in time order, for `split.method: time`: each trains on rows older by the gap, so never on the future."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from counterpoise.compare._rounds.folds import Folds
from counterpoise.errors import EvaluationError
from counterpoise.records import PARTITIONS
from counterpoise.split import Knowledge, LabelledRows, Span, TimeCuts, TimeValues
from counterpoise.typing import Ints, Mask

NEVER_TESTED = -1

_FEWEST_FOLDS = 2

Codes = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Roll:
    """Folds that roll forward, with all lengths in the unit of the time column.

    Attributes:
        end: The end of what the newest fold tests.
        test: The length of what a fold tests.
        train: How far back it trains; infinite for everything older.
        step: How far folds roll forward, `test` at least.
    """

    end: float
    test: float
    train: float
    step: float


@dataclass(frozen=True)
class KnownGroups:
    """What it takes to tell which groups are known as positive.

    Attributes:
        groups: One group code per row, without gaps.
        positive: Whether each row is positive.
        day: The length of a day; 0 if it is unknown.
    """

    groups: Ints
    positive: Mask
    day: float

    def known(self, timeline: Timeline, trained: Mask) -> Mask:
        """Return the rows whose group a fold knows as positive by then, from its own train rows on."""
        start = timeline.times[trained].min().item() if trained.any() else -np.inf
        rows = LabelledRows(timeline.times, self.groups, self.positive, trained)
        return Knowledge(start, timeline.gap, self.day).known(rows)


@dataclass(frozen=True)
class Timeline:
    """The time of each row, in the unit of the time column.

    Attributes:
        times: One number per row.
        gap: How much older than the first test row a train row must be; 0 for any older row.
        gap_words: The gap as people write it.
        roll: How folds roll forward; None if they cut all rows into intervals.
        known: What tells known groups, whose rows folds do not test; None to test all groups.
    """

    times: TimeValues
    gap: float = 0
    gap_words: str = ""
    roll: Roll | None = None
    known: KnownGroups | None = None

    def at(self, rows: Ints) -> Timeline:
        """Return the timeline of some of the rows, for intervals."""
        return Timeline(self.times[rows], self.gap, self.gap_words)


@dataclass(frozen=True)
class TimeFolds:
    """Folds of rows in time order.

    Attributes:
        tested: The fold that tests each row, shape (rows,); `NEVER_TESTED` for the oldest rows.
        trained: Which rows each fold trains on, shape (folds, rows).
        skipped: The number of windows that rolled over rows of a single class, and are no folds.
        known: The number of rows that no fold tests because their group was known as positive by then.
    """

    tested: Folds
    trained: Mask
    skipped: int = 0
    known: int = 0

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
    to test rows, as in the split. With `timeline.roll` folds roll forward instead, see `_roll_folds`.

    Args:
        codes: Class codes.
        ties: One code per row, equal for rows that are equal in their features or belong to one group.
        timeline: The times of the rows.
        classes: Class names by code.
        folds: The number of folds.

    Raises:
        EvaluationError: There are too few distinct times, or a fold would train or test on a single class.
    """
    if timeline.roll is not None:
        return _roll_folds(codes, ties, timeline, timeline.roll, folds=folds)
    folds_in_time = _cut_folds(ties, timeline, folds)
    if folds_in_time is not None and not _single_class_sides(codes, folds_in_time):
        return folds_in_time
    most = most_folds_in_time(codes, ties, timeline, fewer_than=folds)
    raise EvaluationError(
        "too_few_rows_in_time",
        expected=f"{folds} folds in time order with rows of two classes to train on and to test on in each",
        found=_why_not(codes, folds_in_time, classes, timeline),
        remedy=f"set tournament.folds to {most}" if most else "lower split.gap, or collect rows over a longer time",
        values={"folds": folds, "gap": timeline.gap_words},
    )


def most_folds_in_time(codes: Codes, ties: Ints, timeline: Timeline, *, fewer_than: int) -> int:
    """Return the largest number of folds below a limit that all train and test on two classes; 0 if there is none."""
    for folds in range(fewer_than - 1, _FEWEST_FOLDS - 1, -1):
        folds_in_time = _cut_folds(ties, timeline, folds)
        if folds_in_time is not None and not _single_class_sides(codes, folds_in_time):
            return folds
    return 0


def _roll_folds(codes: Codes, ties: Ints, timeline: Timeline, roll: Roll, *, folds: int) -> TimeFolds:
    """Return folds that roll forward, the newest last (prequential folds).

    Each tests a window and trains on the window that ends the gap before it, without rows tied to test rows. Rows of
    groups known as positive by then are not tested. Windows with a single class on one side are skipped.

    Raises:
        EvaluationError: There are fewer folds.
    """
    found, known = list[tuple[Mask, Mask]](), 0
    skipped, end, oldest = 0, roll.end, timeline.times.min()
    while len(found) < folds and end - roll.test - timeline.gap > oldest:
        start = end - roll.test
        tested = Span(start, end).holds(timeline.times)
        trained = Span(start - timeline.gap - roll.train, start - timeline.gap).holds(timeline.times)
        left = timeline.known.known(timeline, trained) & tested if timeline.known else np.zeros_like(tested)
        tested &= ~left
        trained &= ~np.isin(ties, ties[tested])
        if all(len(np.unique(codes[side])) > 1 for side in (trained, tested)):
            found.append((tested, trained))
            known += int(left.sum())
        else:
            skipped += 1
        end -= roll.step
    if len(found) < folds:
        raise _too_few_windows(len(found), skipped, timeline, folds)
    found.reverse()
    placed = np.full(len(codes), NEVER_TESTED, np.int8)
    for fold, (tested, _) in enumerate(found):
        placed[tested] = fold
    return TimeFolds(placed, np.stack([trained for _, trained in found]), skipped, known)


def _too_few_windows(found: int, skipped: int, timeline: Timeline, folds: int) -> EvaluationError:
    gap = f" beyond a delay of {timeline.gap_words}" if timeline.gap else ""
    return EvaluationError(
        "too_few_rows_in_time",
        expected=f"{folds} windows that roll through train, with older rows{gap} to train on, and rows of two classes "
        "on either side of each",
        found=f"{found}, and {skipped} with a single class on one side",
        remedy=f"set tournament.folds to {found}, or shorten test_window or delay"
        if found >= _FEWEST_FOLDS
        else "shorten tournament.test_window, step or delay, or collect rows over a longer time",
        values={"folds": folds, "found": found, "skipped": skipped, "gap": timeline.gap_words},
    )


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
    if timeline.known is None:
        return TimeFolds(tested, np.stack(trained))
    known = np.zeros(len(tested), np.bool_)
    for fold, older in enumerate(trained):
        known |= (tested == fold) & timeline.known.known(timeline, older)
    return TimeFolds(np.where(known, np.int8(NEVER_TESTED), tested), np.stack(trained), known=int(known.sum()))


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
    gap = f" beyond the gap of {timeline.gap_words}" if timeline.gap else ""
    what = "older rows to train on" + gap if side == "train" else "rows to test on"
    return f"in fold {fold + 1} {int(rows.sum()):,} {what}, {f'all of class {names}' if names else 'none'}"
