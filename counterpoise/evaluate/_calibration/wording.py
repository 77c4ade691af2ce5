"""Why a method was chosen, and whether its mean meets the prevalence, in words."""

from __future__ import annotations

from collections.abc import Sequence

from counterpoise.evaluate._calibration.candidate import Candidate

METHOD_WORDS = {
    "own": "its own probabilities",
    "prior": "the prior correction",
    "temperature": "temperature scaling",
    "sigmoid": "a sigmoid",
    "beta": "beta calibration",
    "isotonic": "isotonic regression",
}
"""The methods in words."""


def missed_words(error: float, prevalence: float, *, of: str = "its mean") -> str:
    """Return how far a mean is from the prevalence.

    >>> missed_words(-0.02, 0.05)
    'its mean is 40 % below the prevalence'

    Args:
        error: The mean probability minus the prevalence.
        prevalence: The share of positives.
        of: The name of the mean.
    """
    side = "above" if error > 0 else "below"
    far = f"{abs(error) / prevalence:.0%}".replace("%", " %") if prevalence else "far"
    return f"{of} is {far} {side} the prevalence"


def why_words(chosen: Candidate, candidates: Sequence[Candidate], *, few: int | None, missed: bool) -> str:
    """Return why a candidate is published.

    Args:
        chosen: The candidate.
        candidates: All candidates, simplest first.
        few: The validation rows or groups of the rarer class, if they are too few for a calibrator.
        missed: Whether every candidate has an objection.
    """
    if missed:
        reason = f"no candidate is without objection; it has the lowest Brier score, but {chosen.note}"
    elif few is not None:
        reason = f"validation has {few} rows or groups of the rarer class, too few to fit a calibrator"
    else:
        reason = "the simplest candidate that no other one beats beyond noise"
    passed = [one for one in candidates[: candidates.index(chosen)] if not missed]
    excluded = [f"not {METHOD_WORDS[one.method]}: {one.note or _beaten(one, chosen)}" for one in passed]
    return "; ".join([reason, *excluded])


def _beaten(one: Candidate, chosen: Candidate) -> str:
    losses = (("Brier score", "brier", 5), ("log loss", "log_loss", 4))
    return ", ".join(
        f"{words} {one.loss(name):.{digits}f} against {chosen.loss(name):.{digits}f}" for words, name, digits in losses
    )
