"""Laying out a tournament: the rows that take part and their folds."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from counterpoise.core.arrow_files import read_arrow, write_arrow, write_snapshot
from counterpoise.core.columns import ColumnRoles, column_roles
from counterpoise.core.config import ColumnsConfig
from counterpoise.core.evaluate.binary import positive_code
from counterpoise.core.evaluate.features import FeatureEncoder, Matrix
from counterpoise.core.evaluate.tables import LabelCodes
from counterpoise.core.labels import Labels, encode_labels, read_labels
from counterpoise.core.randomness import child_generator
from counterpoise.core.records import PARTITIONS, Snapshot, SplitPlan
from counterpoise.core.snapshot import SnapshotReader
from counterpoise.core.split import TrainRows, read_content, read_partition
from counterpoise.core.split.groups import group_codes, link_groups
from counterpoise.core.tournament.folds import Folds, deal_folds
from counterpoise.core.tournament.records import Arena, Rules

__all__ = ["Field", "draw_up", "draw_up_table"]

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Field:
    """The rows of an arena, opened: what an entry reads."""

    arena: Arena

    @cached_property
    def reader(self) -> SnapshotReader:
        """The rows that take part."""
        return SnapshotReader(self.arena.snapshot)

    @cached_property
    def roles(self) -> ColumnRoles:
        """Their columns."""
        return column_roles(self.reader.schema, _own_columns(self.arena.rules.columns))

    @cached_property
    def labels(self) -> Labels:
        """Their classes."""
        return read_labels(self.reader, self.roles.target)

    @cached_property
    def table(self) -> pa.Table:
        """All of them, features and label."""
        return self.reader.read_rows(np.arange(self.arena.snapshot.rows), self.roles.data).combine_chunks()

    @cached_property
    def folds(self) -> Folds:
        """The fold that each row is tested in, shape (repeats, rows)."""
        columns = [self._dealt[f"repeat {number}"] for number in range(self.arena.rules.tournament.repeats)]
        return np.stack([column.to_numpy() for column in columns])

    @property
    def ties(self) -> Ints:
        """One code a row, equal for rows that stay together."""
        return np.asarray(self._dealt["ties"].to_numpy())

    @cached_property
    def _dealt(self) -> pa.Table:
        return read_arrow(Path(self.arena.folder) / "folds.arrow")

    def tested(self, number: int) -> npt.NDArray[np.bool_]:
        """Return which rows are tested in a round; the others are trained on. The round after the last tests none."""
        repeat, fold = divmod(number, self.arena.rules.tournament.folds)
        if number == self.arena.rounds:
            return np.zeros(self.arena.snapshot.rows, bool)
        tested: npt.NDArray[np.bool_] = self.folds[repeat] == fold
        return tested

    def train_rows(self, number: int) -> TrainRows:
        """Return the rows that a round trains on, and no others."""
        rows = np.flatnonzero(~self.tested(number))
        return TrainRows(rows, self.labels.codes[rows], self.labels.classes)

    def truth(self, number: int) -> npt.NDArray[np.int64]:
        """Return what a round's tested rows are, as learners are asked for it."""
        return self.asked(self.labels.codes[self.tested(number)])

    def asked(self, codes: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
        """Return class codes, or with two classes 1 for the class of interest."""
        positive = self.arena.positive
        return codes.astype(np.int64) if positive < 0 else (codes == positive).astype(np.int64)

    def features(self, part: str, number: int) -> Matrix:
        """Return a round's encoded features: part is train or test, and validation in the final."""
        return np.asarray(np.load(self.features_file(part, number)))

    def features_file(self, part: str, number: int) -> Path:
        """Return where a round's encoded features lie."""
        return Path(self.arena.folder) / f"{part}-{number}.npy"

    def encoder_file(self, number: int) -> Path:
        """Return where a round's encoder lies."""
        return Path(self.arena.folder) / f"encoder-{number}.pickle"

    def encode(self, table: pa.Table, number: int) -> Matrix:
        """Return other rows' features as encoded in a round."""
        content = self.encoder_file(number).read_bytes()
        encoder: FeatureEncoder = pickle.loads(content)  # noqa: S301  # written by this run into its own working area
        return encoder.transform(table)


def draw_up(rules: Rules, snapshot: Snapshot, split: SplitPlan, *, folder: Path) -> Arena:
    """Return the arena of the train rows of a split, features not yet encoded; no other row is read.

    Args:
        rules: Who takes part and how.
        snapshot: The source.
        split: Which of its rows are train.
        folder: Where the arena is laid out.

    Raises:
        EvaluationError: The train rows are too few to divide into folds.
        ConfigError: `evaluation.positive_class` names no class.
    """
    reader = SnapshotReader(snapshot)
    roles = column_roles(reader.schema, rules.columns)
    train = np.flatnonzero(read_partition(split) == PARTITIONS.index("train"))
    codes = read_labels(reader, roles.target).codes[train]
    chosen = train[_stratified(codes, rules)]
    ties = _ties(reader, rules.columns, read_content(split), chosen)
    return draw_up_table(rules, reader.read_rows(chosen, roles.data), folder=folder, ties=ties, train_rows=len(train))


def draw_up_table(
    rules: Rules, table: pa.Table, *, folder: Path, ties: Ints | None = None, train_rows: int = 0
) -> Arena:
    """Return the arena of the rows of a table, features and label; the features are not yet encoded.

    Args:
        rules: Who takes part and how.
        table: The rows.
        folder: Where the arena is laid out.
        ties: One code a row, without gaps, equal for rows that stay in one fold; every row alone by default.
        train_rows: How many train rows there are, where these are a sample.

    Raises:
        EvaluationError: The rows are too few to divide into folds.
        ConfigError: `evaluation.positive_class` names no class.
    """
    folder.mkdir(parents=True, exist_ok=True)
    table = table.unify_dictionaries().combine_chunks()
    labels = encode_labels(table[rules.columns.target])
    ties = np.arange(table.num_rows) if ties is None else ties
    folds = deal_folds(
        labels.codes, ties, classes=labels.classes, folds=rules.tournament.folds, repeats=rules.tournament.repeats,
        seed=rules.seeds.folds,
    )  # fmt: skip
    dealt = {f"repeat {number}": fold for number, fold in enumerate(folds)}
    write_arrow(folder / "folds.arrow", pa.table({**dealt, "ties": ties}))
    arena = Arena(
        folder=str(folder),
        snapshot=write_snapshot(folder / "rows.arrow", table),
        rules=rules,
        classes=labels.classes,
        counts=labels.counts(),
        positive=_positive(rules, labels),
        train_rows=train_rows or table.num_rows,
        features={},
    )
    return arena.model_copy(update={"notes": tuple(_notes(arena))})


def _own_columns(columns: ColumnsConfig) -> ColumnsConfig:
    """Return the roles of the arena's columns: keys are not among them."""
    return ColumnsConfig(target=columns.target, categorical=columns.categorical)


def _positive(rules: Rules, labels: Labels) -> int:
    if len(labels.classes) != 2:
        return -1
    codes = labels.codes
    return positive_code(LabelCodes(labels.classes, codes, codes, codes, codes), rules.evaluation.positive_class)


def _notes(arena: Arena) -> list[str]:
    notes, rows = [], arena.snapshot.rows
    if rows < arena.train_rows:
        notes.append(
            f"a stratified sample of {rows:,} of the {arena.train_rows:,} train rows takes part "
            "(tournament.max_train_rows)"
        )
    few = {name: count for name, count in arena.counts.items() if 0 < count < arena.rules.tournament.folds}
    notes += [
        f"class {name!r} has {count} rows, fewer than folds: not every fold has one" for name, count in few.items()
    ]
    return notes


def _ties(reader: SnapshotReader, columns: ColumnsConfig, content: Ints | None, rows: Ints) -> Ints:
    """Return codes of rows that stay together: equal ones, unless they are split freely, and those of one group."""
    ties = np.arange(len(rows)) if content is None else group_codes(content[rows].astype(np.uint64))
    if not columns.group:
        return ties
    return link_groups(group_codes(reader.read_columns([columns.group]).column(0))[rows], ties)


def _stratified(codes: npt.NDArray[np.int32], rules: Rules) -> Ints:
    """Return at most `tournament.max_train_rows` positions, ascending, each class in proportion, at least two of it."""
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
