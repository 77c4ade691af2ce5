"""The calibration of a learner's probabilities, and their correction as in `correction.json`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from counterpoise.records import Count, Name, NonNegative, Number, Record, Share, Text
from counterpoise.results._values import Intervals, ReliabilityBin


class ProbabilityQuality(Record):
    """The quality of probabilities on test: scores, Cox's calibration line and the bins of `reliability`."""

    mean_probability: Share
    brier: NonNegative
    log_loss: NonNegative
    slope: Number | None
    intercept: Number | None
    in_the_large: Number | None
    intervals: Intervals
    reliability: tuple[ReliabilityBin, ...]


class SigmoidParameters(Record):
    """The parameters of a linear function of the log-odds."""

    slope: Annotated[float, Field(gt=0)]
    intercept: Number


class IsotonicParameters(Record):
    """The points of a piecewise linear, non-decreasing function."""

    probability: tuple[Share, ...]
    share: tuple[Share, ...]


class Calibrator(Record):
    """A calibrator, fitted on `rows` of validation with so many `positives`."""

    method: Literal["sigmoid", "isotonic"]
    parameters: SigmoidParameters | IsotonicParameters
    snippet: Text
    rows: Count
    positives: Count


class Calibration(Record):
    """Three kinds of probability: the learner's own, at natural prevalence, and calibrated; null for a missing kind.

    `note` says why there is no calibrator.
    """

    before: ProbabilityQuality | None
    after: ProbabilityQuality | None
    calibrated: ProbabilityQuality | None
    calibrator: Calibrator | None
    note: Text


class LearnerCalibrator(ProbabilityQuality, Calibrator):
    """A learner's calibrator, its threshold on that scale, and the number of test rows whose decision changes."""

    threshold_calibrated_scale: Share
    decided_otherwise: Count


class LearnerCorrection(Record):
    """A learner's threshold on its own scale and at natural prevalence, and its probabilities before and after."""

    threshold_training_scale: Share
    threshold_natural_scale: Share
    before: ProbabilityQuality | None
    after: ProbabilityQuality | None
    calibrated: LearnerCalibrator | None
    calibrated_note: Text


class Correction(Record):
    """The correction of probabilities from the resampled train table to natural prevalence."""

    positive_class: Name
    natural_prevalence: Share
    training_prevalence: Share
    odds_factor: NonNegative
    formula: Text
    snippet: Text
    test_prevalence: Share
    learners: dict[Name, LearnerCorrection]
