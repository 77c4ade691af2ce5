"""The input of an evaluation: four tables and the name of the label."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from counterpoise.errors import ColumnNotFoundError, EvaluationError
from counterpoise.evaluate._day_codes import DayCodes
from counterpoise.evaluate._leak.split import Ties
from counterpoise.records import UnitKind
from counterpoise.split import expects_equal_rows
from counterpoise.table import Hashes, encode_labels, row_hashes
from counterpoise.typing import Floats

Codes = npt.NDArray[np.int32]


@dataclass(frozen=True)
class ResampledTrain:
    """Train rows after resampling, shuffled, and the weight of each; None if all weigh one."""

    table: pa.Table
    weights: Floats | None = None


@dataclass(frozen=True)
class EvaluationTables:
    """The rows to train and evaluate on: features and label only, exact Arrow types.

    Attributes:
        train_natural: Train rows before resampling.
        train_resampled: Train rows as published.
        validation: Untouched rows, for the threshold.
        test: Untouched rows, accessed once.
        target: The label column.
        natural_rows: The number of train rows before resampling and before any sampling for speed.
        notes: Notes on these tables for the reader of the metrics, for example that a sample was taken.
        weights: The weight of each resampled train row; None if all weigh one.
        groups: The independent unit of each row as a code, from 0 without gaps, by table (`validation`, `test`); empty
            if these are single rows.
        equal_rows: Whether the units are sets of equal rows, not groups of the group column.
        test_days: The day of each test row, if the split is by time and days can be told.
        amounts: The cost of missing each row of `validation` and `test`, NaN where unknown; empty if it is the same
            for all rows.
        slices: The columns of test by whose values groups of rows are compared; None if none are named.
        train_ties: Which natural train rows stay together when they are split again; None: equal rows.
        test_keys: One hash per test row that is the same in every version, equal for rows of one group or identifier;
            None: the hash of the features.
        redraw: Returns the train rows after resampling with another seed; None if they cannot be resampled again.
    """

    train_natural: pa.Table
    train_resampled: pa.Table
    validation: pa.Table
    test: pa.Table
    target: str
    natural_rows: int
    notes: tuple[str, ...] = ()
    weights: Floats | None = None
    groups: Mapping[str, Codes] = field(default_factory=dict)
    equal_rows: bool = False
    train_ties: Ties | None = None
    test_days: DayCodes | None = None
    slices: pa.Table | None = None
    amounts: Mapping[str, Floats] = field(default_factory=dict)
    test_keys: Hashes | None = None
    redraw: Callable[[int], ResampledTrain] | None = None

    @property
    def keys_of_test(self) -> Hashes:
        """One hash per test row: `test_keys`, or the hash of its features."""
        return row_hashes(self.test.drop_columns([self.target])) if self.test_keys is None else self.test_keys

    def by_name(self) -> dict[str, pa.Table]:
        """Return the four tables by name."""
        return {
            "train_natural": self.train_natural,
            "train_resampled": self.train_resampled,
            "validation": self.validation,
            "test": self.test,
        }


@dataclass(frozen=True)
class LabelCodes:
    """The labels of all four tables with shared codes: a code is a position in `classes`.

    `weights` has the weight of each resampled train row, None if all weigh one. `groups`, `equal_rows` and `amounts`
    are as in `EvaluationTables`; `coincidences` says whether equal rows may well be independent.
    """

    classes: tuple[str, ...]
    train_natural: Codes
    train_resampled: Codes
    validation: Codes
    test: Codes
    weights: Floats | None = None
    groups: Mapping[str, Codes] = field(default_factory=dict)
    equal_rows: bool = False
    coincidences: bool = False
    amounts: Mapping[str, Floats] = field(default_factory=dict)

    @property
    def unit(self) -> UnitKind:
        """What is independent."""
        if not self.groups:
            return "rows"
        return "equal_rows" if self.equal_rows else "groups"

    def counts(self, codes: Codes) -> dict[str, int]:
        """Return rows by class; classes without rows count 0."""
        found = np.bincount(codes, minlength=len(self.classes))
        return {name: int(count) for name, count in zip(self.classes, found, strict=True)}


def read_label_codes(tables: EvaluationTables) -> LabelCodes:
    """Return the labels of the four tables as codes.

    Raises:
        ColumnNotFoundError: A table lacks the label column.
        EvaluationError: A label is null, or train rows have fewer than two classes.
    """
    parts = {name: _label_column(table, tables.target) for name, table in tables.by_name().items()}
    labels = encode_labels(pa.chunked_array([chunk for part in parts.values() for chunk in part.chunks], _type(parts)))
    if (labels.codes < 0).any():
        raise EvaluationError(
            "null_label",
            expected="a class in every row",
            found=f"{int((labels.codes < 0).sum()):,} rows without one",
            remedy="validate the table first, which rejects rows without a label",
        )
    ends = np.cumsum([len(part) for part in parts.values()])[:-1]
    parts_codes = dict(zip(parts, np.split(labels.codes, ends), strict=True))
    codes = LabelCodes(
        classes=labels.classes,
        weights=tables.weights,
        groups=tables.groups,
        equal_rows=tables.equal_rows,
        amounts=tables.amounts,
        coincidences=tables.equal_rows and expects_equal_rows(tables.test.drop_columns([tables.target])),
        **parts_codes,
    )
    _check_classes(labels.classes, codes.train_natural, "train rows")
    _check_classes(labels.classes, codes.train_resampled, "resampled train rows")
    return codes


def codes_of(table: pa.Table, target: str, *, classes: tuple[str, ...]) -> Codes:
    """Return the labels of a table as positions in known classes."""
    labels = encode_labels(_label_column(table, target))
    return np.array([classes.index(name) for name in labels.classes], np.int32)[labels.codes]


def _check_classes(classes: tuple[str, ...], codes: Codes, rows: str) -> None:
    known = np.unique(codes)
    if len(known) < 2:
        raise EvaluationError(
            "single_class",
            expected=f"at least two classes among the {rows}",
            found=f"{len(known)}: {', '.join(classes[code] for code in known) or 'no rows at all'}",
            remedy="check columns.target, the source and the resampling, or set evaluation.enabled to false",
        )


def _label_column(table: pa.Table, target: str) -> pa.ChunkedArray:
    if target not in table.column_names:
        raise ColumnNotFoundError.from_names([target], table.column_names, field="columns.target")
    column = table.column(target)
    return column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column


def _type(parts: dict[str, pa.ChunkedArray]) -> pa.DataType:
    return parts["train_natural"].type
