"""The profile of a source, small enough to keep with every version."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from counterpoise.records import ClassCounts, ColumnSchema, Record, SourcePart


class Distribution(Record):
    """The counts of a column's values by bin.

    Attributes:
        kind: `number` bins numbers, `length` bins texts by their number of characters, `category` counts single values.
        edges: For numbers and lengths, ascending: bin i holds values above edge i - 1 and at most edge i.
        values: For categories: the values as text, the most frequent first.
        counts: Present values by bin, with one more bin than edges; or by value, with all other values last.
        counter: Whether numbers seem to count rows or time.
        design_effect: The number of rows of this source that carry as much information as one independent row; 1 unless
            neighbouring rows resemble each other.
        of_a_file: The variation of the shares between the source's files, from `effect_of_a_file`; 0 for few files.
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


class FeatureProfile(Record):
    """A feature over all rows and within the minority class.

    Attributes:
        name: The column's name.
        rows: The number of rows, all of which were checked for missing values.
        missing: The number of null or NaN values.
        missing_effect: The design effect of the missing share, as in `Distribution`.
        missing_of_a_file: The variation of the missing share between files, as in `Distribution`.
        distribution: The distribution in a sample of the rows; None if the column's values cannot be compared between
            deliveries (times, nested values) or all are missing.
        minority_rows: As `rows`, in the minority class.
        minority_missing: As `missing`, in the minority class.
        minority_missing_effect: As `missing_effect`, in the minority class.
        minority_missing_of_a_file: As `missing_of_a_file`, in the minority class.
        minority: As `distribution`, in the minority class, with its own bins.
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


class UnitCount(Record):
    """The number of rows and of their units, and the size of the unit that a row is in, on average over the rows."""

    rows: int = 0
    units: int = 0
    size: float = 1.0


class UnitEffect(Record):
    """How alike the rows of a unit are in some shares: the design effect, among units of this mean size over rows."""

    effect: float = 1.0
    size: float = 1.0

    def for_size(self, size: float) -> float:
        """Return the design effect among units of another size (Kish 1965); rows of single ones count as all alike."""
        alike = (self.effect - 1) / (self.size - 1) if self.size > 1 else 1.0
        return max(1.0, 1 + alike * (size - 1))


class ColumnUnits(Record):
    """The effects of units on a column's values and missing share, in all rows and in the minority class."""

    values: UnitEffect = UnitEffect()
    missing: UnitEffect = UnitEffect()
    minority: UnitEffect = UnitEffect()
    minority_missing: UnitEffect = UnitEffect()


class SourceUnits(Record):
    """The independent units of a source, which the split keeps together.

    Attributes:
        group: The group column; empty if there is none.
        equal_rows: Whether equal rows (together) or nearly equal ones (near) are a unit.
        all: The units of all rows.
        minority: The units of the minority class.
        classes: Their effect on the shares of the classes.
        columns: Their effects by column; columns without any are left out.
    """

    group: str
    equal_rows: Literal["together", "near", "ignore"]
    all: UnitCount
    minority: UnitCount = UnitCount()
    classes: UnitEffect = UnitEffect()
    columns: dict[str, ColumnUnits] = Field(default_factory=dict)


class RowSample(Record):
    """The rows of a source with the smallest hashes, used to check whether the next delivery still contains them.

    Attributes:
        rows: The number of rows of the source.
        limit: The sample contains all hashes below this decimal number, which may be 2 ** 64.
        hashes: Little-endian 64-bit numbers in Base64, in row order.
    """

    rows: int
    limit: str
    hashes: str


class SourceProfile(Record):
    """The state of a source when a version was published from it.

    Attributes:
        rows: The number of rows, including rejected ones.
        columns: All columns with their Arrow types.
        unused: The columns that were dropped (`columns.drop`).
        target: The label column.
        classes: Rows by class.
        classes_effect: The design effect of the class shares, as in `Distribution`.
        classes_of_a_file: The variation of the class shares between files, as in `Distribution`.
        minority: The smallest class that is large enough to describe; empty if there is none.
        features: The features' profiles.
        parts: The files of the source; empty for a database or too many files to list.
        row_sample: A sample of rows identified by content; None in versions that predate it.
        key_sample: A sample of rows identified by their identifiers, if there are any.
        units: The independent units; None if these are single rows by nature, and in versions that predate it.
    """

    rows: int
    columns: tuple[ColumnSchema, ...]
    unused: tuple[str, ...]
    target: str
    classes: ClassCounts
    classes_effect: float = 1.0
    classes_of_a_file: float = 0.0
    minority: str
    features: tuple[FeatureProfile, ...]
    parts: tuple[SourcePart, ...] = ()
    row_sample: RowSample | None = None
    key_sample: RowSample | None = None
    units: SourceUnits | None = None
