"""The rows of a comparison, their folds, and their encoded features."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from counterpoise.compare._rounds.folds import Folds
from counterpoise.compare._rounds.folds_in_time import Timeline
from counterpoise.config import ColumnsConfig
from counterpoise.evaluate import FeatureEncoder
from counterpoise.results import Comparison
from counterpoise.split import TrainRows
from counterpoise.table import SourceTable, read_arrow
from counterpoise.typing import Floats, Ints, Matrix


@dataclass(frozen=True)
class TrainingRows:
    """The rows of a comparison, as candidates read them."""

    comparison: Comparison

    @cached_property
    def source(self) -> SourceTable:
        """The rows with the roles of their columns; the table has no key columns."""
        columns = self.comparison.rules.columns
        return SourceTable(
            self.comparison.snapshot, ColumnsConfig(target=columns.target, categorical=columns.categorical)
        )

    @cached_property
    def table(self) -> pa.Table:
        """All rows, features and label."""
        return self.source.read_rows(np.arange(self.comparison.snapshot.rows)).combine_chunks()

    @cached_property
    def folds(self) -> Folds:
        """The fold that tests each row, shape (repeats, rows); with folds in time order -1 for the oldest rows."""
        columns = [self._fold_table[f"repeat {number}"] for number in range(self.comparison.rules.tournament.repeats)]
        return np.stack([column.to_numpy() for column in columns])

    @property
    def ties(self) -> Ints:
        """One code per row, equal for rows that stay together."""
        return np.asarray(self._fold_table["ties"].to_numpy())

    @property
    def timeline(self) -> Timeline | None:
        """The times of the rows if folds are in time order; otherwise None."""
        in_time = self.comparison.in_time
        if in_time is None:
            return None
        return Timeline(np.asarray(self._fold_table["time"].to_numpy()), in_time.gap, in_time.gap_words)

    @property
    def amounts(self) -> Floats | None:
        """The cost of missing each row; None if it is the same for all rows."""
        known = "amount" in self._fold_table.schema.names
        return np.asarray(self._fold_table["amount"].to_numpy()) if known else None

    @cached_property
    def _fold_table(self) -> pa.Table:
        return read_arrow(Path(self.comparison.folder) / "folds.arrow")

    def tested(self, number: int) -> npt.NDArray[np.bool_]:
        """Return a mask of a round's test rows; the round after the last tests none."""
        repeat, fold = divmod(number, self.comparison.rules.tournament.folds)
        if number == self.comparison.rounds:
            return np.zeros(self.comparison.snapshot.rows, bool)
        tested: npt.NDArray[np.bool_] = self.folds[repeat] == fold
        return tested

    def trained(self, number: int) -> npt.NDArray[np.bool_]:
        """Return a mask of a round's train rows: all rows that are not tested; in time order, the older ones only."""
        if self.comparison.in_time is None or number == self.comparison.rounds:
            return ~self.tested(number)
        return np.asarray(self._fold_table[f"trained {number}"].to_numpy(zero_copy_only=False))

    def train_rows(self, number: int) -> TrainRows:
        """Return the rows that a round trains on, and no others."""
        rows = np.flatnonzero(self.trained(number))
        return TrainRows(rows, self.source.labels.codes[rows], self.source.labels.classes)

    def truth(self, number: int) -> npt.NDArray[np.int64]:
        """Return the target codes of a round's test rows."""
        return self.target_codes(self.source.labels.codes[self.tested(number)])

    def target_codes(self, codes: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
        """Return class codes as learners get them: with two classes, 1 for the class of interest."""
        positive = self.comparison.positive
        return codes.astype(np.int64) if positive < 0 else (codes == positive).astype(np.int64)

    @property
    def target_names(self) -> tuple[str, ...]:
        """The class names of the target codes: with two classes the class of interest comes last."""
        classes, positive = self.comparison.classes, self.comparison.positive
        return classes if positive < 0 else (classes[1 - positive], classes[positive])

    def features(self, part: str, number: int) -> Matrix:
        """Return a round's encoded features; the part is train or test, or validation in the final."""
        return np.asarray(np.load(self.features_file(part, number)))

    def features_file(self, part: str, number: int) -> Path:
        """Return the path of a round's encoded features."""
        return Path(self.comparison.folder) / f"{part}-{number}.npy"

    def encoder_file(self, number: int) -> Path:
        """Return the path of a round's encoder."""
        return Path(self.comparison.folder) / f"encoder-{number}.pickle"

    def encode(self, table: pa.Table, number: int) -> Matrix:
        """Encode the features of other rows with a round's encoder."""
        content = self.encoder_file(number).read_bytes()
        encoder: FeatureEncoder = pickle.loads(content)  # noqa: S301  # written by this run into its own working area
        return encoder.transform(table)
