"""A candidate for published probabilities, compared with the learner's own ones on validation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from counterpoise.evaluate._calibration.calibrators import Method
from counterpoise.evaluate._calibration.cross_fit import CrossFitted, Estimate

TOLERANCE = 0.05
"""How far a mean probability may be from the prevalence, relative to it."""


@dataclass(frozen=True, eq=False)
class Candidate:
    """A candidate, compared with the learner's own probabilities.

    Attributes:
        fitted: Its cross-fitted probabilities.
        against_own: The paired differences of its losses.
        mean_error: Its mean probability minus the prevalence.
        note: Why it cannot be the default; empty if it can.
    """

    fitted: CrossFitted
    against_own: dict[str, Estimate]
    mean_error: Estimate
    note: str

    @property
    def method(self) -> Method:
        """The method."""
        return self.fitted.method

    def loss(self, name: str) -> float:
        """Return a mean loss."""
        return float(self.fitted.losses[name].mean())

    def misses(self, prevalence: float) -> bool:
        """Whether its mean is more than 5 % from the prevalence."""
        return abs(self.mean_error.value) > TOLERANCE * prevalence

    def as_dict(self, prevalence: float) -> dict[str, Any]:
        """Return the candidate as a record."""
        return {
            "method": self.method,
            "brier": self.loss("brier"),
            "log_loss": self.loss("log_loss"),
            "mean_probability": float(self.fitted.probability.mean()),
            "misses_prevalence": self.misses(prevalence),
            "against_own": {name: one.as_dict() for name, one in self.against_own.items()},
            "note": self.note,
        }
