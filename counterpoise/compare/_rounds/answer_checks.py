"""Checks of what a model answers: nothing is measured, ranked or stored that is no answer."""

from __future__ import annotations

from typing import Any

import numpy as np

from counterpoise.compare._processes.messages import described
from counterpoise.errors import EvaluationError
from counterpoise.typing import Floats, Ints

__all__ = ["LearnerAnswerError", "called_classes", "probabilities_by_class", "ranking_scores"]


_ROUNDING, _SUM = 1e-6, 0.01
"""How far a probability may lie outside 0 to 1, and the probabilities of a row may sum to something else than 1."""


class LearnerAnswerError(EvaluationError):
    """A learner has answered, but not with what was asked for: it has failed, the strategy is not to blame."""


def probabilities_by_class(answer: Any, model: Any, *, rows: int, classes: int) -> Floats:
    """Return a model's probabilities, shape (rows, classes); a class that it never saw has probability 0.

    Args:
        answer: What `predict_proba` has returned.
        model: The fitted model, whose `classes_` are class codes in the order of the columns.
        rows: How many rows it was asked about.
        classes: How many classes there are.

    Raises:
        LearnerAnswerError: These are no probabilities of these rows and classes.
    """
    codes = _known_codes(getattr(model, "classes_", None), "classes_", classes=classes)
    if codes.ndim != 1 or len(np.unique(codes)) != len(codes):
        raise _wrong("bad_classes", "one column a class", f"classes_ {codes.tolist()}"[:200])
    found = _numbers(answer, (rows, len(codes)), "bad_probabilities")
    if (out := found[(found < -_ROUNDING) | (found > 1 + _ROUNDING)]).size:
        raise _wrong("bad_probabilities", "probabilities from 0 to 1", f"{len(out):,} others, such as {out[0]:g}")
    if (out := (sums := found.sum(axis=1))[np.abs(sums - 1) > _SUM]).size:
        raise _wrong("bad_probabilities", "probabilities that sum to 1", f"{len(out):,} rows, such as {out[0]:g}")
    by_class = np.zeros((rows, classes))
    by_class[:, codes] = np.clip(found, 0, 1)
    return by_class


def ranking_scores(answer: Any, *, rows: int) -> Floats:
    """Return a model's scores, one a row.

    Raises:
        LearnerAnswerError: They are not finite numbers, or not as many as rows.
    """
    return _numbers(answer, (rows,), "bad_scores")


def called_classes(answer: Any, *, rows: int) -> Ints:
    """Return the classes that a model takes rows for, 0 or 1.

    Raises:
        LearnerAnswerError: They are others, or not as many as rows.
    """
    codes = _known_codes(answer, "decisions", classes=2)
    if codes.shape != (rows,):
        raise _wrong("bad_decisions", f"{rows:,} decisions", f"the shape {codes.shape}")
    return codes


def _numbers(answer: Any, shape: tuple[int, ...], reason: str) -> Floats:
    """Return an answer as numbers; its shape is looked at first, so that a huge one is not copied."""
    own = getattr(answer, "shape", None)
    try:
        found = np.asarray(answer) if own is None or own == shape else None
    except (TypeError, ValueError) as error:
        raise _wrong(reason, f"an array of shape {shape}", described(error)) from error
    if found is None or found.shape != shape:
        raise _wrong(reason, f"the shape {shape}", f"the shape {own if found is None else found.shape}"[:200])
    if found.dtype.kind not in "biuf":
        raise _wrong(reason, "numbers", f"the type {found.dtype}"[:200])
    if not (finite := np.isfinite(found)).all():
        raise _wrong(reason, "finite numbers", f"{(~finite).sum():,} that are not")
    return np.asarray(found, dtype=np.float64)


def _known_codes(answer: Any, what: str, *, classes: int) -> Ints:
    found = np.asarray(answer)
    if found.dtype.kind not in "biuf" or not np.isin(found, np.arange(classes)).all():
        unknown = found[~np.isin(found, np.arange(classes))] if found.dtype.kind in "biuf" else found
        raise _wrong(f"bad_{what.strip('_')}", f"{what} among the {classes} class codes", f"{unknown!r}"[:200])
    return found.astype(np.int64)


def _wrong(reason: str, expected: str, found: str) -> LearnerAnswerError:
    return LearnerAnswerError(reason, expected=expected, found=found, remedy="mend the learner, or choose another one")
