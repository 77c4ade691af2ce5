"""The profile of a source: small enough to be kept with every version."""

from __future__ import annotations

from typing import Literal

from counterpoise.records import ClassCounts, ColumnSchema, Record, SourcePart

__all__ = ["ColumnProfile", "Distribution", "RowSample", "SourceProfile"]


class Distribution(Record):
    """How often values fall into bins.

    Attributes:
        kind: `number` bins numbers, `length` texts by their number of characters, `category` counts single values.
        edges: Of numbers and lengths: bin i holds what is above edge i - 1 and at most edge i, ascending.
        values: Of categories: the values as text, the most frequent first.
        counts: Present values by bin, one more than there are edges; or by value, all other values last.
        counter: Whether numbers seem to count rows or time.
        design_effect: How many rows of this source say as much as one independent row would: 1 unless neighbouring rows
            resemble each other.
        of_a_file: How much the shares vary between the source's files, as `effect_of_a_file` gives it; 0 for few files.
    """

    kind: Literal["number", "length", "category"]
    edges: tuple[float, ...] = ()
    values: tuple[str, ...] = ()
    counts: tuple[int, ...]
    counter: bool = False
    design_effect: float = 1.0
    of_a_file: float = 0.0

    @property
    def constant(self) -> bool:
        """Whether all values fell into one bin."""
        return max(self.counts, default=0) == sum(self.counts)


class ColumnProfile(Record):
    """One feature, over all rows and within the minority class.

    Attributes:
        name: The column's name.
        rows: How many rows were looked at for missing values: all.
        missing: How many of them are null or NaN.
        missing_effect: The design effect of that share, as in `Distribution`.
        missing_of_a_file: How much it varies between files, as in `Distribution`.
        distribution: Of a sample of the rows; None where the column's values cannot be compared from one delivery to
            the next (points in time, nested values) or nothing is present.
        minority_rows: As `rows`, in the minority class.
        minority_missing: As `missing`, in the minority class.
        minority: As `distribution`, in the minority class, with bins of its own.
    """

    name: str
    rows: int
    missing: int
    missing_effect: float = 1.0
    missing_of_a_file: float = 0.0
    distribution: Distribution | None
    minority_rows: int = 0
    minority_missing: int = 0
    minority_missing_effect: float = 1.0
    minority_missing_of_a_file: float = 0.0
    minority: Distribution | None = None


class RowSample(Record):
    """The rows of a source with the smallest hashes, so that the next delivery shows whether they are still there.

    Attributes:
        rows: How many rows the source had.
        limit: Hashes below this number are in the sample; a decimal number, which may be 2 ** 64.
        hashes: Little-endian 64-bit numbers in Base64, in the order of the rows.
    """

    rows: int
    limit: str
    hashes: str


class SourceProfile(Record):
    """A source when a version was published from it.

    Attributes:
        rows: Its rows, rejected ones included.
        columns: All its columns with their Arrow types.
        unused: Those of them that were left out (`columns.drop`).
        target: The label column.
        classes: Rows by class.
        classes_effect: The design effect of their shares, as in `Distribution`.
        classes_of_a_file: How much these vary between files, as in `Distribution`.
        minority: The smallest class that is large enough to be described; empty where there is none.
        features: The features' profiles.
        parts: The files it was read from; none for a database, and for more files than are worth listing.
        row_sample: Rows told apart by their content. None in versions from before this was kept.
        key_sample: Rows told apart by their identifiers, where there are any.
    """

    rows: int
    columns: tuple[ColumnSchema, ...]
    unused: tuple[str, ...]
    target: str
    classes: ClassCounts
    classes_effect: float = 1.0
    classes_of_a_file: float = 0.0
    minority: str
    features: tuple[ColumnProfile, ...]
    parts: tuple[SourcePart, ...] = ()
    row_sample: RowSample | None = None
    key_sample: RowSample | None = None
