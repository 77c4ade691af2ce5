"""What the parts of a metrics record have in common: metrics on test, intervals, counts, curves."""

from __future__ import annotations

import math
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from counterpoise.records import Correlation, Count, Name, NonNegative, Number, Record, Share

__all__ = [
    "Bounds",
    "Confusion",
    "Costs",
    "Curve",
    "Difference",
    "Intervals",
    "Outcome",
    "ReliabilityBin",
    "Rows",
    "TestScores",
]

_RANGES = {
    "mcc": (-1.0, 1.0),
    "brier": (0.0, 2.0),
    "log_loss": (0.0, math.inf),
    "alerts": (0.0, 1_000.0),
    "cost": (0.0, math.inf),
    **dict.fromkeys(("slope", "intercept", "in_the_large"), (-math.inf, math.inf)),
}
"""Where the bounds of metrics lie that do not lie between 0 and 1."""
_ROUNDING = 1e-9

Curve = Annotated[tuple[tuple[Share, Share], ...], Field(max_length=1_000)]
"""Points from the highest threshold to the lowest."""


class Bounds(Record):
    """An interval."""

    low: Number
    high: Number

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.low > self.high:
            raise ValueError(f"an interval from {self.low} to {self.high}")
        return self


def _in_range(intervals: dict[str, Bounds]) -> dict[str, Bounds]:
    for metric, bounds in intervals.items():
        least, most = _RANGES.get(metric, (0.0, 1.0))
        if bounds.low < least - _ROUNDING or bounds.high > most + _ROUNDING:
            raise ValueError(f"{metric} from {bounds.low} to {bounds.high}, beyond {least:g} to {most:g}")
    return intervals


Intervals = Annotated[dict[Name, Bounds], AfterValidator(_in_range)]
"""By metric where it lies with the confidence of the record's `bootstrap`; left out where that is not known."""


class Rows(Record):
    """Rows of a table, in all and by class."""

    rows: Count
    classes: dict[Name, Count]


class Costs(Record):
    """What a false alarm and a missed positive cost."""

    false_positive: NonNegative
    false_negative: NonNegative


class Confusion(Record):
    """Decisions at a threshold."""

    true_positives: Count
    false_positives: Count
    false_negatives: Count
    true_negatives: Count


class Outcome(Record):
    """What a threshold does: `alerts` and `cost` are in a thousand rows."""

    precision: Share
    recall: Share
    f1: Share
    alerts: Annotated[float, Field(ge=0, le=1_000 + _ROUNDING)]
    cost: NonNegative


class TestScores(Record):
    """Metrics on test; macro means over the classes with test rows where there are more than two.

    With two classes there are `f2` and `specificity`, too.
    """

    average_precision: Share | None
    roc_auc: Share | None
    precision: Share | None
    recall: Share | None
    specificity: Share | None = None
    f1: Share | None
    f2: Share | None = None
    mcc: Correlation | None
    balanced_accuracy: Share | None
    g_mean: Share | None
    accuracy: Share | None
    brier: Annotated[float, Field(ge=0, le=2 + _ROUNDING)] | None
    log_loss: NonNegative | None


class Difference(Record):
    """A metric minus that of the reference, with its paired interval."""

    difference: Number | None
    low: Number | None
    high: Number | None


class ReliabilityBin(Record):
    """Rows whose probability lies from `lower` to `upper`: the mean of it, and the share of positives."""

    lower: Share
    upper: Share
    rows: Count
    mean_predicted: Share
    observed: Share
