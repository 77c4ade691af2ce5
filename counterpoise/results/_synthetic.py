"""What is known of a version's synthetic rows: small frozen records, JSON-serialisable."""

from __future__ import annotations

from typing import Literal

from counterpoise.records import Count, ExpectationOutcome, Name, NonNegative, Number, Record, Share, Text

__all__ = [
    "QUANTILES",
    "ClassQuality",
    "ColumnDrift",
    "Distances",
    "Nearness",
    "Point",
    "ProjectedClass",
    "Projection",
    "ResampledOutcome",
    "SyntheticQuality",
    "SyntheticReview",
]

QUANTILES: tuple[float, ...] = tuple(step / 20 for step in range(21))
"""At which shares the quantiles of distances stand."""


Point = tuple[Number, Number]


class Distances(Record):
    """Distances to the nearest real row of the class: quantiles at `QUANTILES`, empty where no row was looked at.

    Of a synthetic row its parents count, a real row does not count itself. One unit is one standard deviation of one
    number, or one category that differs.
    """

    synthetic: tuple[NonNegative, ...]
    real: tuple[NonNegative, ...]


class Nearness(Record):
    """Shares of rows that lie nearer to a real row of another class than to one of their own; None without any.

    On pure noise the share of SMOTE's rows is up to 0.05 above that of real rows, two rows being left out, not one.

    Attributes:
        synthetic: Of the synthetic rows, the rows that each was made from left out: these are near by construction.
        real: The baseline: of the real rows of the class, each left out itself.
        synthetic_with_parents: Of the synthetic rows, nothing left out: where it counts, a row of another class lies
            nearer than even the parents. None where real rows were sampled.
    """

    synthetic: Share | None
    real: Share | None
    synthetic_with_parents: Share | None


class ColumnDrift(Record):
    """How the values of one column differ between real and synthetic rows of a class.

    Attributes:
        column: Its name.
        kind: How synthetic rows get their values: `interpolated` (numbers, dates) or `voted` (all others).
        drift: From 0 (alike) to 1 (nothing in common): of an interpolated column the Kolmogorov-Smirnov statistic, or
            the difference between the shares of missing values where that is larger; of a voted one the total
            variation distance, missing being a level.
        p_value: How often two independent samples of one distribution differ at least so much (Kolmogorov-Smirnov;
            chi-square of shares). A yardstick: synthetic rows are not independent.
        missing_real: Share of missing values among the real rows.
        missing_synthetic: Share of missing values among the synthetic rows.
        mean_difference: Interpolated: the synthetic mean minus the real one, in pooled standard deviations (Austin
            2009); None where that is undefined.
        spread_ratio: Interpolated: the synthetic standard deviation by the real one; None where that is undefined.
        moved_level: Voted: the level whose share differs most, None for the missing value.
        moved_real: Voted: its share among the real rows.
        moved_synthetic: Voted: its share among the synthetic rows.
        levels_lost: Voted: levels of the real rows that no synthetic row has.
        lost_share: Voted: share of the real rows that have one of these.
        lost_examples: Voted: some of these, the most frequent first.
    """

    column: Name
    kind: Literal["interpolated", "voted"]
    drift: Share
    p_value: Share
    missing_real: Share
    missing_synthetic: Share
    mean_difference: Number | None = None
    spread_ratio: NonNegative | None = None
    moved_level: Name | None = None
    moved_real: Share = 0.0
    moved_synthetic: Share = 0.0
    levels_lost: Count = 0
    lost_share: Share = 0.0
    lost_examples: tuple[Name, ...] = ()


class ClassQuality(Record):
    """The synthetic rows of one class beside its real rows.

    Attributes:
        name: The class as text.
        synthetic_rows: All synthetic rows of the class; copies are counted among all of them.
        real_rows: All real rows of the class in train, repetitions left out.
        synthetic_looked_at: Synthetic rows in the sample: nearness, distances and drift are about these.
        real_looked_at: Real rows in the sample, for the same.
        nearer_to_another_class: Whether rows lie where their class is at home.
        distances: How near synthetic rows lie to real ones, and these to each other.
        copies_of_own_class: Synthetic rows with the features of a real row of the class.
        copies_of_another_class: Synthetic rows with the features of a real row of another class.
        repetitions: Synthetic rows with the features of an earlier synthetic row of the class.
        real_repetitions: Real rows with the features of an earlier real row of the class, to compare with.
        columns: How many columns were compared.
        drift: The columns that differ most, worst first.
    """

    name: Name
    synthetic_rows: Count
    real_rows: Count
    synthetic_looked_at: Count
    real_looked_at: Count
    nearer_to_another_class: Nearness
    distances: Distances
    copies_of_own_class: Count
    copies_of_another_class: Count
    repetitions: Count
    real_repetitions: Count
    columns: Count
    drift: tuple[ColumnDrift, ...]


class ProjectedClass(Record):
    """A sample of rows on the axes of a projection: real rows of other classes, own real rows, own synthetic rows."""

    name: Name
    others: tuple[Point, ...]
    own: tuple[Point, ...]
    synthetic: tuple[Point, ...]


class Projection(Record):
    """Real and synthetic rows on the first two principal components of real train rows.

    Attributes:
        fitted_rows: How many real rows the components were fitted on, every class in its natural share.
        dimensions: Of the neighbour space before.
        explained_variance: The share of the real rows' variance along each of the two axes.
        classes: The first classes with synthetic rows.
    """

    fitted_rows: Count
    dimensions: Count
    explained_variance: Point
    classes: tuple[ProjectedClass, ...]


class SyntheticQuality(Record):
    """The synthetic rows of a version.

    Attributes:
        synthetic_rows: How many there are.
        synthetic_looked_at: How many of them are in the sample.
        real_rows: Real train rows, repetitions and what resampling dropped left out.
        real_looked_at: How many of them are in the sample.
        even_share: Which share of the real rows of every class nearness was taken among: 1 for all. The sample has
            more of small classes, which would make these look denser than they are.
        classes: One entry a class with synthetic rows, the one with most of them first.
        notes: What was left out.
        projection: Where rows lie in two dimensions; None where real rows do not differ.
    """

    synthetic_rows: Count
    synthetic_looked_at: Count
    real_rows: Count
    real_looked_at: Count
    even_share: Share
    classes: tuple[ClassQuality, ...]
    notes: tuple[Text, ...] = ()
    projection: Projection | None = None


class ResampledOutcome(ExpectationOutcome):
    """An expectation's result on the resampled train partition.

    Attributes:
        left_out: It says nothing about resampled rows and was not asked; `notes` says why.
        unexpected_synthetic: How many of the rows that break it are synthetic; None where rows are not what it judges.
        unexpected_original: How many are rows of the source, repetitions counted.
    """

    left_out: bool = False
    unexpected_synthetic: Count | None = None
    unexpected_original: Count | None = None


class SyntheticReview(Record):
    """Everything that is known of a version's synthetic rows."""

    quality: SyntheticQuality
    outcomes: tuple[ResampledOutcome, ...]

    @property
    def broken(self) -> tuple[ResampledOutcome, ...]:
        """The expectations that failed, with or without the help of synthetic rows."""
        return tuple(outcome for outcome in self.outcomes if outcome.status == "failed")
