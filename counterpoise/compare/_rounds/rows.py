"""The rows of a comparison and their folds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from counterpoise.compare._rounds.folds import assign_folds
from counterpoise.compare._rounds.folds_in_time import NEVER_TESTED, TimeFolds, Timeline, assign_folds_in_time
from counterpoise.compare._rounds.timeline import timeline_of
from counterpoise.errors import ConfigError
from counterpoise.evaluate import LabelCodes, check_costs, positive_code
from counterpoise.records import Snapshot, SplitPlan
from counterpoise.results import Comparison, InTime, Rules
from counterpoise.runtime import child_generator
from counterpoise.split import read_content, rows_of_partition, tie_codes
from counterpoise.table import (
    Labels,
    SourceTable,
    encode_labels,
    write_arrow,
    write_snapshot,
)
from counterpoise.typing import Floats, Ints


@dataclass(frozen=True)
class TiedRows:
    """The ties between rows, their times, and their amounts.

    Attributes:
        ties: One code per row, without gaps; rows with equal codes share a fold. None if no rows are tied.
        timeline: The times of the rows if the split is by time: folds are then in time order.
        amounts: The cost of missing each row, NaN where unknown; None if it is the same for all rows.
    """

    ties: Ints | None = None
    timeline: Timeline | None = None
    amounts: Floats | None = None


def choose_rows(rules: Rules, snapshot: Snapshot, split: SplitPlan, *, folder: Path) -> Comparison:
    """Return the comparison on the train rows of a split, features not yet encoded; no other rows are read.

    Args:
        rules: The candidates and the settings.
        snapshot: The source.
        split: Assigns its rows to train.
        folder: The comparison's folder.

    Raises:
        EvaluationError: There are too few train rows for the folds.
        ConfigError: `evaluation.positive_class` names no class, or `repeats` is above 1 with folds in time order.
    """
    source = SourceTable(snapshot, rules.columns)
    train = rows_of_partition(split, "train")
    codes = source.labels.codes[train]
    chosen = train[_stratified(codes, rules)]
    group = rules.columns.group if rules.split.groups_apart else ""
    ties = tie_codes(source.reader, chosen, content=read_content(split), group=group)
    timeline = timeline_of(source, rules, chosen, positive_class=split.positive_class)
    tied_rows = TiedRows(ties, timeline, source.amounts(rules.evaluation.cost_column, chosen))
    return choose_rows_of_table(
        rules,
        source.read_rows(chosen),
        folder=folder,
        tied_rows=tied_rows,
        train_rows=len(train),
    )


def choose_rows_of_table(
    rules: Rules, table: pa.Table, *, folder: Path, tied_rows: TiedRows | None = None, train_rows: int = 0
) -> Comparison:
    """Return the comparison on the rows of a table, features and label; the features are not yet encoded.

    Args:
        rules: The candidates and the settings.
        table: The rows.
        folder: The comparison's folder.
        tied_rows: The ties between rows, and their times; none by default.
        train_rows: The number of train rows if the table is a sample of them.

    Raises:
        EvaluationError: There are too few rows for the folds, or a positive has no cost.
        ConfigError: `evaluation.positive_class` names no class, or `repeats` is above 1 with folds in time order.
    """
    folder.mkdir(parents=True, exist_ok=True)
    table, tied_rows = table.unify_dictionaries().combine_chunks(), tied_rows or TiedRows()
    labels = encode_labels(table[rules.columns.target])
    positive = _positive(rules, labels)
    ties = np.arange(table.num_rows) if tied_rows.ties is None else tied_rows.ties
    fold_columns, in_time = _assign(rules, labels, TiedRows(ties, tied_rows.timeline), positive)
    if tied_rows.amounts is not None and positive >= 0:
        check_costs(tied_rows.amounts[labels.codes == positive], where="train")
        fold_columns["amount"] = tied_rows.amounts
    write_arrow(folder / "folds.arrow", pa.table({**fold_columns, "ties": ties}))
    comparison = Comparison(
        folder=str(folder),
        snapshot=write_snapshot(folder / "rows.arrow", table),
        rules=rules,
        classes=labels.classes,
        counts=labels.counts(),
        positive=positive,
        train_rows=train_rows or table.num_rows,
        features={},
        in_time=in_time,
    )
    return comparison.model_copy(update={"notes": tuple(_notes(comparison))})


def _assign(
    rules: Rules, labels: Labels, tied_rows: TiedRows, positive: int
) -> tuple[dict[str, npt.NDArray[np.generic]], InTime | None]:
    """Return the columns of the folds' file, and a description of folds in time order."""
    settings, ties = rules.tournament, tied_rows.ties
    assert ties is not None  # noqa: S101  # the caller sets them
    if tied_rows.timeline is None:
        folds = assign_folds(
            labels.codes, ties, classes=labels.classes, folds=settings.folds, repeats=settings.repeats,
            seed=rules.seeds.folds,
        )  # fmt: skip
        return {f"repeat {number}": fold for number, fold in enumerate(folds)}, None
    _check_no_repeats(settings.repeats)
    made = assign_folds_in_time(labels.codes, ties, tied_rows.timeline, classes=labels.classes, folds=settings.folds)
    columns = {f"trained {number}": rows for number, rows in enumerate(made.trained)}
    return {"repeat 0": made.tested, "time": tied_rows.timeline.times, **columns}, InTime(
        gap=tied_rows.timeline.gap,
        gap_words=tied_rows.timeline.gap_words,
        skipped=made.skipped,
        known=made.known,
        test_to_train=made.test_to_train,
        never_tested=int((made.tested == NEVER_TESTED).sum()),
        prevalence=None if positive < 0 else _mean_prevalence(made, labels.codes == positive),
        absent=tuple(_absent(made, labels)),
    )


def _absent(made: TimeFolds, labels: Labels) -> Iterator[str]:
    """Yield the classes that are missing from the train or test rows of some fold."""
    sides = [rows for fold, older in enumerate(made.trained) for rows in (older, made.tested == fold)]
    for code, name in enumerate(labels.classes):
        own = labels.codes == code
        if own.any() and not all((own & rows).any() for rows in sides):
            yield name


def _mean_prevalence(made: TimeFolds, positive: npt.NDArray[np.bool_]) -> float:
    return float(np.mean([positive[made.tested == fold].mean() for fold in range(len(made.trained))]))


def _check_no_repeats(repeats: int) -> None:
    if repeats > 1:
        raise ConfigError(
            "repeats_in_time",
            expected="tournament.repeats of 1, because folds in time order are the same each time (split.method: time)",
            found=f"tournament.repeats: {repeats}",
            remedy="set tournament.repeats to 1",
        )


def _positive(rules: Rules, labels: Labels) -> int:
    if len(labels.classes) != 2:
        return -1
    codes = labels.codes
    return positive_code(LabelCodes(labels.classes, codes, codes, codes, codes), rules.evaluation.positive_class)


def _notes(comparison: Comparison) -> list[str]:
    notes, rows = [], comparison.snapshot.rows
    if rows < comparison.train_rows:
        notes.append(
            f"a stratified sample of {rows:,} of the {comparison.train_rows:,} train rows takes part "
            "(tournament.max_train_rows)"
        )
    if comparison.in_time is not None:
        absent = [
            f"class {name!r} has no row on one side of a fold in time order" for name in comparison.in_time.absent
        ]
        return [*notes, _note_on_time(comparison, comparison.in_time), *absent]
    few = {name: count for name, count in comparison.counts.items() if 0 < count < comparison.rules.tournament.folds}
    notes += [
        f"class {name!r} has {count} rows, fewer than folds: not every fold has one" for name, count in few.items()
    ]
    return notes


def _note_on_time(comparison: Comparison, in_time: InTime) -> str:
    settings = comparison.rules.tournament
    gap = f" by {in_time.gap_words} at least" if in_time.gap else ""
    known = f"; {in_time.known:,} rows of groups known as positive by then are not tested" if in_time.known else ""
    if not settings.test_window:
        return (
            f"folds are in time order, because the split is by time: each trains on older rows{gap}, and the oldest "
            f"{in_time.never_tested - in_time.known:,} rows are never tested{known}"
        )
    rows = f"the {settings.train_window} of rows that are" if settings.train_window else "all rows that are"
    skipped = f"; {in_time.skipped:,} windows with a single class are skipped" if in_time.skipped else ""
    return (
        f"folds roll forward through time by {settings.step or settings.test_window}: each tests "
        f"{settings.test_window} and trains on {rows} older{gap}; the spread is over these windows"
        f"{known}{skipped}"
    )


def _stratified(codes: npt.NDArray[np.int32], rules: Rules) -> Ints:
    """Return at most `tournament.max_train_rows` positions, ascending, stratified by class, at least two of each."""
    most = rules.tournament.max_train_rows
    if len(codes) <= most:
        return np.arange(len(codes))
    rng = child_generator(rules.seeds.folds, "tournament sample")
    chosen = []
    for code in np.unique(codes):
        own = np.flatnonzero(codes == code)
        number = min(len(own), max(2, round(len(own) * most / len(codes))))
        chosen.append(rng.choice(own, number, replace=False))
    return np.sort(np.concatenate(chosen))
