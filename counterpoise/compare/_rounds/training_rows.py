"""An open comparison: the rows that take part, their folds, and their features as learners see them."""

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
from counterpoise.table import ColumnRoles, Labels, SnapshotReader, column_roles, read_arrow, read_labels
from counterpoise.typing import Ints, Matrix

__all__ = ["TrainingRows"]


@dataclass(frozen=True)
class TrainingRows:
    """The rows of an comparison, opened: what a candidate reads."""

    comparison: Comparison

    @cached_property
    def reader(self) -> SnapshotReader:
        """The rows that take part."""
        return SnapshotReader(self.comparison.snapshot)

    @cached_property
    def roles(self) -> ColumnRoles:
        """Their columns."""
        columns = self.comparison.rules.columns
        own = ColumnsConfig(target=columns.target, categorical=columns.categorical)  # keys are not among them
        return column_roles(self.reader.schema, own)

    @cached_property
    def labels(self) -> Labels:
        """Their classes."""
        return read_labels(self.reader, self.roles.target)

    @cached_property
    def table(self) -> pa.Table:
        """All of them, features and label."""
        return self.reader.read_rows(np.arange(self.comparison.snapshot.rows), self.roles.data).combine_chunks()

    @cached_property
    def folds(self) -> Folds:
        """The fold that each row is tested in, shape (repeats, rows); with folds in time order -1 for the oldest."""
        columns = [self._dealt[f"repeat {number}"] for number in range(self.comparison.rules.tournament.repeats)]
        return np.stack([column.to_numpy() for column in columns])

    @property
    def ties(self) -> Ints:
        """One code a row, equal for rows that stay together."""
        return np.asarray(self._dealt["ties"].to_numpy())

    @property
    def timeline(self) -> Timeline | None:
        """When the rows were, with folds in time order; else None."""
        in_time = self.comparison.in_time
        return None if in_time is None else Timeline(np.asarray(self._dealt["time"].to_numpy()), in_time.gap)

    @cached_property
    def _dealt(self) -> pa.Table:
        return read_arrow(Path(self.comparison.folder) / "folds.arrow")

    def tested(self, number: int) -> npt.NDArray[np.bool_]:
        """Return which rows are tested in a round; the round after the last tests none."""
        repeat, fold = divmod(number, self.comparison.rules.tournament.folds)
        if number == self.comparison.rounds:
            return np.zeros(self.comparison.snapshot.rows, bool)
        tested: npt.NDArray[np.bool_] = self.folds[repeat] == fold
        return tested

    def trained(self, number: int) -> npt.NDArray[np.bool_]:
        """Return which rows are trained on in a round: those that are not tested, in time order older ones alone."""
        if self.comparison.in_time is None or number == self.comparison.rounds:
            return ~self.tested(number)
        return np.asarray(self._dealt[f"trained {number}"].to_numpy(zero_copy_only=False))

    def train_rows(self, number: int) -> TrainRows:
        """Return the rows that a round trains on, and no others."""
        rows = np.flatnonzero(self.trained(number))
        return TrainRows(rows, self.labels.codes[rows], self.labels.classes)

    def truth(self, number: int) -> npt.NDArray[np.int64]:
        """Return what a round's tested rows are, as learners are asked for it."""
        return self.asked(self.labels.codes[self.tested(number)])

    def asked(self, codes: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
        """Return class codes, or with two classes 1 for the class of interest."""
        positive = self.comparison.positive
        return codes.astype(np.int64) if positive < 0 else (codes == positive).astype(np.int64)

    @property
    def asked_names(self) -> tuple[str, ...]:
        """What the codes that learners are asked for are called: with two classes the class of interest comes last."""
        classes, positive = self.comparison.classes, self.comparison.positive
        return classes if positive < 0 else (classes[1 - positive], classes[positive])

    def features(self, part: str, number: int) -> Matrix:
        """Return a round's encoded features: part is train or test, and validation in the final."""
        return np.asarray(np.load(self.features_file(part, number)))

    def features_file(self, part: str, number: int) -> Path:
        """Return where a round's encoded features lie."""
        return Path(self.comparison.folder) / f"{part}-{number}.npy"

    def encoder_file(self, number: int) -> Path:
        """Return where a round's encoder lies."""
        return Path(self.comparison.folder) / f"encoder-{number}.pickle"

    def encode(self, table: pa.Table, number: int) -> Matrix:
        """Return other rows' features as encoded in a round."""
        content = self.encoder_file(number).read_bytes()
        encoder: FeatureEncoder = pickle.loads(content)  # noqa: S301  # written by this run into its own working area
        return encoder.transform(table)
