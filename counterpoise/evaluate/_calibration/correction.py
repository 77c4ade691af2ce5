"""Correct probabilities of a learner that was trained on resampled rows to natural prevalence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from counterpoise.typing import Floats

Value = TypeVar("Value", float, Floats)

_FORMULA = (
    "p = q·(π/π_s) / (q·(π/π_s) + (1 − q)·((1 − π)/(1 − π_s))), with q the learner's probability, "
    "π the natural and π_s the training prevalence of the positive class"
)
_SNIPPET = (
    "odds = (c['natural_prevalence'] / c['training_prevalence'])\n"
    "odds /= (1 - c['natural_prevalence']) / (1 - c['training_prevalence'])\n"
    "p = q * odds / (q * odds + 1 - q)"
)


@dataclass(frozen=True)
class PriorCorrection:
    """The correction for a changed share of positives (Saerens et al., 2002; Dal Pozzolo et al., 2015).

    It is exact if rows were dropped or repeated at random and the learner fits the class odds freely, and approximate
    for synthetic rows and regularised learners.

    Attributes:
        natural: The share of positives before resampling, between 0 and 1.
        training: The share of positives that the learner was trained on, between 0 and 1.
    """

    natural: float
    training: float

    @property
    def odds_factor(self) -> float:
        """The factor that is applied to the odds of a probability."""
        return (self.natural / self.training) / ((1 - self.natural) / (1 - self.training))

    def apply(self, probability: Value) -> Value:
        """Return the probability at natural prevalence.

        >>> round(PriorCorrection(natural=0.1, training=0.5).apply(0.5), 6)
        0.1
        """
        scaled = probability * self.odds_factor
        return scaled / (scaled + (1 - probability))

    def as_dict(self) -> dict[str, float | str]:
        """Return the correction as a record: prevalences, formula, and a snippet that uses the record as `c`."""
        return {
            "natural_prevalence": self.natural,
            "training_prevalence": self.training,
            "odds_factor": self.odds_factor,
            "formula": _FORMULA,
            "snippet": _SNIPPET,
        }
