"""The input of resampling, and the draft of its plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from counterpoise.config import ResamplingConfig
from counterpoise.resample._neighbours.statistics import NumericStatistics, train_statistics
from counterpoise.split import TrainRows
from counterpoise.strategies import STRATEGIES, SmoteKind, Strategy
from counterpoise.table import ColumnRoles, SnapshotReader
from counterpoise.typing import Floats

SOURCE_ROW = "\x1fsource row"
"""The column with the source rows in a table of features; no source column has this name."""


def is_interpolated(field: pa.Field, roles: ColumnRoles) -> bool:
    """Whether synthetic rows interpolate the column; they vote on all others."""
    kind = field.type
    numeric = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    return (numeric or pa.types.is_temporal(kind)) and field.name not in roles.categorical


@dataclass(frozen=True)
class ResamplingJob:
    """The input of resampling: the train rows and no others.

    Attributes:
        reader: The source.
        roles: The roles of its columns.
        train: The train rows and their classes.
        config: Strategy, ratio and options.
        seed: The sampler's seed.
        wanted: Wanted rows by class code, for classes that have rows.
    """

    reader: SnapshotReader
    roles: ColumnRoles
    train: TrainRows
    config: ResamplingConfig
    seed: int
    wanted: Mapping[int, int]

    @cached_property
    def present(self) -> npt.NDArray[np.int64]:
        """Train rows by class code."""
        return np.bincount(self.train.codes, minlength=len(self.train.classes))

    @cached_property
    def numeric(self) -> tuple[str, ...]:
        """The features that synthetic rows interpolate."""
        fields = (self.reader.schema.field(name) for name in self.roles.features)
        return tuple(item.name for item in fields if is_interpolated(item, self.roles))

    @cached_property
    def voted(self) -> tuple[str, ...]:
        """The features that synthetic rows take a vote on."""
        return tuple(name for name in self.roles.features if name not in self.numeric)

    @property
    def strategy(self) -> Strategy:
        """The configured strategy."""
        return STRATEGIES[self.config.strategy]

    @property
    def smote_kind(self) -> SmoteKind:
        """The kind of SMOTE that suits the features."""
        return "smoten" if not self.numeric else "smotenc" if self.voted else "smote"

    @cached_property
    def statistics(self) -> NumericStatistics:
        """Medians and deviations of the interpolated features, over the train rows."""
        return train_statistics(self.reader, self.train, self.numeric)

    def growing(self) -> list[int]:
        """Return the classes that should have more rows than they do."""
        return [code for code, number in self.wanted.items() if number > self.present[code]]


@dataclass
class Draft:
    """A plan under construction.

    Attributes:
        copies: How often each train row appears in the result, int32.
        recipes: How to make synthetic rows, as tables from `recipe_table`.
        weights: The weight of each train row, instead of copies.
        rows: The features of growing classes with their source rows, if they were read, so that they are read only
            once.
        notes: Notes for the reader.
    """

    copies: npt.NDArray[np.int32]
    recipes: list[pa.Table] = field(default_factory=list)
    weights: Floats | None = None
    rows: list[pa.Table] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @classmethod
    def unchanged(cls, job: ResamplingJob) -> Draft:
        """Return a draft with every train row once."""
        return cls(np.ones(len(job.train.rows), dtype=np.int32))
