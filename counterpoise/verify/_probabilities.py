"""Check that the numbers of published probabilities are consistent with each other."""

from __future__ import annotations

from collections.abc import Iterator

from counterpoise.evaluate import CONFIGURED, TOLERANCE, mean_note, snippet_of
from counterpoise.results import Calibration, LearnerCorrection, PublishedMethod
from counterpoise.verify._differences import unequal


def calibration_differences(known: Calibration, prevalence: float) -> Iterator[str]:
    """Yield contradictions in an arm's calibration.

    Args:
        known: The calibration.
        prevalence: The share of positives in test.
    """
    if known.calibrator is not None:
        made = known.calibrator
        yield from unequal("calibrator: snippet", made.snippet, snippet_of(made.method, made.parameters.model_dump()))
    shown = known.calibrated or known.after or known.before
    if "mean_note" in known.model_fields_set and shown is not None:
        yield from unequal("calibration: mean_note", known.mean_note, mean_note(shown.mean_probability, prevalence))
    for kind in ("after", "calibrated"):
        judged = getattr(known, kind)
        for name, change in judged.against_own.items() if judged is not None else ():
            wanted = getattr(judged, name, 0.0) - getattr(known.before, name, 0.0)
            yield from unequal(f"calibration {kind}: {name} against own", change.difference, wanted)
    if known.published is not None:
        yield from _candidates(known.published)
        if known.calibrator is not None:
            yield from unequal("calibration: published method", known.published.method, known.calibrator.method)


def learner_differences(known: LearnerCorrection, prevalence: float) -> Iterator[str]:
    """Yield contradictions in a learner's correction of one class against the rest.

    Args:
        known: The correction.
        prevalence: The share of the class in test.
    """
    made = known.calibrated
    if made is not None:
        yield from unequal("calibrator: snippet", made.snippet, snippet_of(made.method, made.parameters.model_dump()))
    shown = made or known.after or known.before
    if shown is not None:
        yield from unequal("mean_note", known.mean_note, mean_note(shown.mean_probability, prevalence))
    if known.published is not None:
        yield from _candidates(known.published)
        if made is not None:
            yield from unequal("published method", known.published.method, made.method)


def _candidates(published: PublishedMethod) -> Iterator[str]:
    """Yield contradictions between the candidates on validation and the method that was chosen."""
    own = published.candidates[0] if published.candidates else None
    if own is None or own.method != "own":
        yield "candidates: without the own probabilities"
        return
    for one in published.candidates:
        misses = abs(one.mean_probability - published.prevalence) > TOLERANCE * published.prevalence
        yield from unequal(f"candidate {one.method}: misses_prevalence", one.misses_prevalence, misses)
        for loss in ("brier", "log_loss"):
            change = one.against_own.get(loss)
            wanted = getattr(one, loss) - getattr(own, loss)
            yield from unequal(f"candidate {one.method}: {loss} against own", change and change.difference, wanted)
    notes = {one.method: one.note for one in published.candidates}
    if published.why != CONFIGURED and (notes.get(published.method, "missing") and not all(notes.values())):
        yield f"candidates: {published.method} is published although it is no candidate for it"
