"""The quality of a version's synthetic rows: small records, frozen and JSON-serialisable."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from counterpoise.records import Count, ExpectationOutcome, Name, NonNegative, Number, Record, Share, Text

QUANTILES: tuple[float, ...] = tuple(step / 20 for step in range(21))
"""The probabilities of the quantiles of distances."""
ROUNDING = 1e-9

Point = tuple[Number, Number]


class Distances(Record):
    """Distances to the nearest real row of the class: quantiles at `QUANTILES`, empty if there is no row in the sample.

    The parents of a synthetic row count, but a real row does not count itself. One unit is one standard deviation of
    one number, or one category that differs.
    """

    synthetic: tuple[NonNegative, ...]
    real: tuple[NonNegative, ...]


class Nearness(Record):
    """Shares of rows that are nearer to a real row of another class than to one of their own; None if there are none.

    On pure noise the share of SMOTE's rows is up to 0.05 above that of real rows, because two rows are excluded, not
    one.

    Attributes:
        synthetic: Of synthetic rows, excluding the rows that each was made from, which are near by construction.
        real: The baseline: of real rows of the class, excluding the row itself.
        synthetic_with_parents: Of synthetic rows, excluding nothing: a row of another class is nearer than even the
            parents. None if real rows were sampled.
    """

    synthetic: Share | None
    real: Share | None
    synthetic_with_parents: Share | None


class ColumnDrift(Record):
    """How the values of one column differ between real and synthetic rows of a class.

    Attributes:
        column: Its name.
        kind: How synthetic rows get their values: `interpolated` (numbers, dates) or `voted` (all others).
        drift: From 0 (equal) to 1 (disjoint): for an interpolated column the Kolmogorov-Smirnov statistic, or the
            difference between the shares of missing values if that is larger; for a voted one the total variation
            distance, with missing as a level.
        p_value: How often two independent samples of one distribution differ at least this much (Kolmogorov-Smirnov;
            chi-square of shares). Only a yardstick: synthetic rows are not independent.
        missing_real: The share of missing values among the real rows.
        missing_synthetic: The share of missing values among the synthetic rows.
        mean_difference: Interpolated: the synthetic mean minus the real one, in pooled standard deviations (Austin
            2009); None if undefined.
        spread_ratio: Interpolated: the synthetic standard deviation divided by the real one; None if undefined.
        moved_level: Voted: the level whose share differs most, None for the missing value.
        moved_real: Voted: its share among the real rows.
        moved_synthetic: Voted: its share among the synthetic rows.
        levels_lost: Voted: the number of levels of the real rows that no synthetic row has.
        lost_share: Voted: the share of the real rows with such a level.
        lost_examples: Voted: some of these levels, the most frequent first.
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
    """The synthetic rows of one class compared with its real rows.

    Attributes:
        name: The class as text.
        synthetic_rows: All synthetic rows of the class; copies are counted among all of them.
        real_rows: All real rows of the class in train, without repetitions.
        synthetic_looked_at: Synthetic rows in the sample, which nearness, distances and drift are computed on.
        real_looked_at: Real rows in the sample.
        nearer_to_another_class: How often rows are nearer to another class than to their own.
        distances: The distances from synthetic to real rows, and between real rows.
        copies_of_own_class: Synthetic rows with the features of a real row of the class.
        copies_of_another_class: Synthetic rows with the features of a real row of another class.
        repetitions: Synthetic rows with the features of an earlier synthetic row of the class.
        real_repetitions: Real rows with the features of an earlier real row of the class, as a baseline.
        columns: The number of columns that were compared.
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


TOLD_FROM = 0.55
"""An AUC of a rule above which it tells synthetic rows: it then catches 10 of 100 synthetic rows more than real ones.

A learner gains as much from such a rule as from a weak feature, on train only. What is below is no more than the step
between two levels of a column."""


class Telling(Record):
    """How well something tells synthetic rows from real ones: an AUC, 0.5 for not at all, with its 95 % interval."""

    auc: Share
    low: Share
    high: Share

    @model_validator(mode="after")
    def _within(self) -> Self:
        if not self.low - ROUNDING <= self.auc <= self.high + ROUNDING:
            raise ValueError(f"an AUC of {self.auc} from {self.low} to {self.high}")
        return self


class TellingRule(Telling):
    """A simple rule, chosen on one half of the real rows and measured on the other.

    Attributes:
        kind: Whether it is about how values are written, one value, an interval, the equality of two columns, or that
            of the row with another.
        column: Its column.
        text: Its condition.
        synthetic: The share of synthetic rows for which it holds.
        real: The share of real rows for which it holds; of a format rule at the values of the synthetic rows.
    """

    kind: Literal["format", "value", "interval", "equality", "copy"]
    column: Name
    text: Name
    synthetic: Share
    real: Share

    @model_validator(mode="after")
    def _of_its_shares(self) -> Self:
        if abs(abs(self.auc - 0.5) - abs(self.synthetic - self.real) / 2) > ROUNDING:
            raise ValueError(f"an AUC of {self.auc} of a rule that holds for {self.synthetic} and {self.real}")
        return self

    @property
    def tells(self) -> bool:
        """Whether the rule tells synthetic rows, beyond noise."""
        return self.low > TOLD_FROM


class ToldApart(Record):
    """Whether the synthetic rows of a class can be told from its real rows.

    Attributes:
        name: The class.
        synthetic_rows: Synthetic rows in the test: those whose parents are in one half of the real rows.
        real_rows: Real rows in the test.
        rules: The best rules; empty with too few rows.
        format: The best rule on how values are written; None if there is none.
        classifier: Gradient boosting, trained on one half and measured on the other; None with too few rows.
    """

    name: Name
    synthetic_rows: Count
    real_rows: Count
    rules: tuple[TellingRule, ...] = ()
    format: TellingRule | None = None
    classifier: Telling | None = None


class ColumnGrid(Record):
    """Where the values of synthetic rows are in one column, in words."""

    column: Name
    text: Text


class ProjectedClass(Record):
    """A sample of rows on the axes of a projection: other classes' real rows, own real rows, own synthetic rows."""

    name: Name
    others: tuple[Point, ...]
    own: tuple[Point, ...]
    synthetic: tuple[Point, ...]


class Projection(Record):
    """Real and synthetic rows on the first two principal components of real train rows.

    Attributes:
        fitted_rows: The number of real rows that the components were fitted on, each class in its natural share.
        dimensions: The dimensions of the neighbour space before the projection.
        explained_variance: The share of the real rows' variance along each of the two axes.
        classes: The first classes with synthetic rows.
    """

    fitted_rows: Count
    dimensions: Count
    explained_variance: Point
    classes: tuple[ProjectedClass, ...]


class Reconstruction(Record):
    """What an attack computes from the synthetic rows of a class alone: it claims to know rows of the source.

    A claim is right, and a row found, if they agree in the columns that the attack used, which are precise enough.

    Attributes:
        name: The class as text.
        synthetic_rows: The synthetic rows that it used.
        columns: The interpolated columns that it used.
        of_columns: All interpolated columns.
        claims: The rows that it claims.
        right: How many of them are rows of the source; divided by the claims it is the precision.
        real_rows: The rows of the class in train that have a value in each of these columns.
        found: How many of them it claims; divided by these rows it is the recall.
    """

    name: Name
    synthetic_rows: Count
    columns: Count
    of_columns: Count
    claims: Count
    right: Count
    real_rows: Count
    found: Count


class SyntheticQuality(Record):
    """The synthetic rows of a version.

    Attributes:
        synthetic_rows: The number of synthetic rows.
        synthetic_looked_at: How many of them are in the sample.
        real_rows: Real train rows, without repetitions and rows that resampling dropped.
        real_looked_at: How many of them are in the sample.
        even_share: The share of the real rows of every class that nearness was computed among: 1 for all. The sample
            has more rows of small classes, which would make these look denser than they are.
        classes: One entry per class with synthetic rows, the one with most of them first.
        notes: What the review does not cover.
        told_apart: One entry per class, as `classes`; empty in versions before December 2026.
        grids: Where values are, by column, if it is not just anywhere between the parents.
        projection: The rows in two dimensions; None if real rows do not differ.
        reconstruction: By class, what an attack computes from synthetic rows that are published alone; empty if real
            rows are published with them.
    """

    synthetic_rows: Count
    synthetic_looked_at: Count
    real_rows: Count
    real_looked_at: Count
    even_share: Share
    classes: tuple[ClassQuality, ...]
    notes: tuple[Text, ...] = ()
    told_apart: tuple[ToldApart, ...] = ()
    grids: tuple[ColumnGrid, ...] = ()
    projection: Projection | None = None
    reconstruction: tuple[Reconstruction, ...] = ()


class ResampledOutcome(ExpectationOutcome):
    """An expectation's result on the resampled train partition.

    Attributes:
        left_out: Whether it was skipped because it says nothing about resampled rows; `notes` says why.
        unexpected_synthetic: The number of unexpected rows that are synthetic; None if it is not about single rows.
        unexpected_original: The number of unexpected rows that come from the source, including repetitions.
    """

    left_out: bool = False
    unexpected_synthetic: Count | None = None
    unexpected_original: Count | None = None


class SyntheticReview(Record):
    """All results on a version's synthetic rows."""

    quality: SyntheticQuality
    outcomes: tuple[ResampledOutcome, ...]

    @property
    def broken(self) -> tuple[ResampledOutcome, ...]:
        """The expectations that failed, whether or not because of synthetic rows."""
        return tuple(outcome for outcome in self.outcomes if outcome.status == "failed")
