"""Common parts of a metrics record: metrics on test, intervals, counts, curves."""

from __future__ import annotations

import math
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from counterpoise.metrics import METRICS
from counterpoise.records import Count, Name, NonNegative, Number, Record, Share

_OTHER_RANGES = {
    "alerts": (0.0, 1_000.0),
    "cost": (0.0, math.inf),
    "expected_calibration_error": (0.0, 1.0),
    **dict.fromkeys(("slope", "intercept", "in_the_large"), (-math.inf, math.inf)),
}
"""The ranges of figures that have intervals but are not metrics."""
_ROUNDING = 1e-9

Curve = Annotated[tuple[tuple[Share, Share], ...], Field(max_length=1_000)]
"""Points from the highest threshold to the lowest."""


def _known(name: str) -> str:
    if name not in METRICS:
        raise ValueError(f"{name[:100]!r} is not a metric")
    return name


MetricName = Annotated[Name, AfterValidator(_known)]


class Bounds(Record):
    """An interval."""

    low: Number
    high: Number

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.low > self.high:
            raise ValueError(f"an interval from {self.low} to {self.high}")
        return self


def range_of(figure: str) -> tuple[float, float]:
    """Return the smallest and the largest value of a metric or another figure that has an interval.

    Raises:
        ValueError: The figure is unknown.
    """
    if figure in METRICS:
        return METRICS[figure].range
    if figure not in _OTHER_RANGES:
        raise ValueError(f"{figure[:100]!r} is not a metric")
    return _OTHER_RANGES[figure]


def _in_range(intervals: dict[str, Bounds]) -> dict[str, Bounds]:
    for metric, bounds in intervals.items():
        least, most = range_of(metric)
        if bounds.low < least - _ROUNDING or bounds.high > most + _ROUNDING:
            raise ValueError(f"{metric} from {bounds.low} to {bounds.high}, beyond {least:g} to {most:g}")
    return intervals


Intervals = Annotated[dict[Name, Bounds], AfterValidator(_in_range)]
"""Intervals by metric, with the confidence of the record's `bootstrap`; metrics without an interval are missing."""


class Rows(Record):
    """The number of rows of a table, in total and by class."""

    rows: Count
    classes: dict[Name, Count]


class Costs(Record):
    """The costs of a false alarm and of a missed positive."""

    false_positive: NonNegative
    false_negative: NonNegative


class Confusion(Record):
    """Decisions at a threshold."""

    true_positives: Count
    false_positives: Count
    false_negatives: Count
    true_negatives: Count


class Outcome(Record):
    """The outcome of a threshold: `alerts` and `cost` are per thousand rows."""

    precision: Share
    recall: Share
    f1: Share
    alerts: Annotated[float, Field(ge=0, le=1_000 + _ROUNDING)]
    cost: NonNegative


def _of_metrics(scores: dict[str, float | None]) -> dict[str, float | None]:
    for name, value in scores.items():
        if value is not None and not METRICS[name].holds(value):
            least, most = METRICS[name].range
            raise ValueError(f"{name} is {value}, beyond {least:g} to {most:g}")
    if missing := [name for name, metric in METRICS.items() if metric.in_every_record and name not in scores]:
        raise ValueError(f"without {', '.join(missing)}")
    return scores


TestScores = Annotated[dict[MetricName, Number | None], AfterValidator(_of_metrics)]
"""Metrics on test by name; with more than two classes, means over the classes with test rows."""


class Difference(Record):
    """The difference of a metric from that of the reference, with its paired interval."""

    difference: Number | None
    low: Number | None
    high: Number | None


class ReliabilityBin(Record):
    """Rows with a probability from `lower` to `upper`: its mean, and the share of positives."""

    lower: Share
    upper: Share
    rows: Count
    mean_predicted: Share
    observed: Share
