"""The calibration of a learner's probabilities, and their correction as in `correction.json`."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from counterpoise.records import Count, Name, NonNegative, Number, Record, Share, Text
from counterpoise.results._values import Difference, Intervals, ReliabilityBin

Method = Literal["own", "prior", "temperature", "sigmoid", "beta", "isotonic"]
"""What can be published, simplest first."""


class ProbabilityQuality(Record):
    """The quality of probabilities on test: scores, Cox's calibration line and the bins of `reliability`.

    `expected_calibration_error` has ten bins with equally many rows. `against_own` has the paired differences of the
    scores from those of the learner's own probabilities, below 0 if these are worse. Versions before December 2026 have
    neither.
    """

    mean_probability: Share
    brier: NonNegative
    log_loss: NonNegative
    slope: Number | None
    intercept: Number | None
    in_the_large: Number | None
    intervals: Intervals
    reliability: tuple[ReliabilityBin, ...]
    expected_calibration_error: Share | None = None
    against_own: dict[Name, Difference] = Field(default_factory=dict)


class NoParameters(Record):
    """Nothing: the learner's own probabilities, or the prior-corrected ones."""


class TemperatureParameters(Record):
    """The divisor of the log-odds, and what probabilities are clipped to."""

    temperature: Annotated[float, Field(gt=0)]
    least: Share
    most: Share


class SigmoidParameters(Record):
    """The parameters of a linear function of the log-odds, and what probabilities are clipped to.

    Versions before December 2026 have no bounds: they clip 1e-8 from 0 and 1.
    """

    slope: Annotated[float, Field(gt=0)]
    intercept: Number
    least: Share | None = None
    most: Share | None = None


class BetaParameters(Record):
    """Log-odds are a·ln p − b·ln(1 − p) + c, after clipping."""

    a: NonNegative
    b: NonNegative
    c: Number
    least: Share
    most: Share


class IsotonicParameters(Record):
    """The points of a piecewise linear, non-decreasing function."""

    probability: tuple[Share, ...]
    share: tuple[Share, ...]


Parameters = TemperatureParameters | SigmoidParameters | BetaParameters | IsotonicParameters | NoParameters
_PARAMETERS: dict[str, type[Record]] = {
    "own": NoParameters,
    "prior": NoParameters,
    "temperature": TemperatureParameters,
    "sigmoid": SigmoidParameters,
    "beta": BetaParameters,
    "isotonic": IsotonicParameters,
}


class Calibrator(Record):
    """What is published, fitted on `rows` of validation with so many `positives`."""

    method: Method
    parameters: Parameters
    snippet: Text
    rows: Count
    positives: Count

    @model_validator(mode="after")
    def _of_its_method(self) -> Self:
        if type(self.parameters) is not _PARAMETERS[self.method]:
            raise ValueError(f"parameters of another method than {self.method}")
        return self


class CandidateProbabilities(Record):
    """A candidate on validation, cross-fitted.

    `misses_prevalence` says whether its mean is more than 5 % from the prevalence; `against_own` has the paired
    differences of both losses from those of the learner's own probabilities. `note` says why it cannot be the default.
    """

    method: Method
    brier: NonNegative
    log_loss: NonNegative
    mean_probability: Share
    misses_prevalence: bool
    against_own: dict[Name, Difference]
    note: Text


class PublishedMethod(Record):
    """The published method, why, and what it was chosen from.

    `prevalence` is that of validation. `resolution` is the smallest probability that the learner can tell from 0, on
    its own scale. The folds were drawn `repeats` times; 0 if there was nothing to fit.
    """

    method: Method
    why: Text
    prevalence: Share
    resolution: Share
    folds: Count
    repeats: Count
    candidates: tuple[CandidateProbabilities, ...]


class Calibration(Record):
    """Three kinds of probability: the learner's own, at natural prevalence, and published; null for a missing kind.

    `note` says why there is no calibrator; `mean_note` says if the published mean is more than 5 % from the prevalence
    of test. `published` is missing in versions before December 2026, and with calibration switched off.
    """

    before: ProbabilityQuality | None
    after: ProbabilityQuality | None
    calibrated: ProbabilityQuality | None
    calibrator: Calibrator | None
    note: Text
    published: PublishedMethod | None = None
    mean_note: Text = ""


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
    published: PublishedMethod | None = None
    mean_note: Text = ""


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
