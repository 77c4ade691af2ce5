"""Checks of a model's output: nothing invalid is measured, ranked or stored."""

from __future__ import annotations

from typing import Any

import numpy as np

from counterpoise.compare._processes.messages import described
from counterpoise.errors import EvaluationError
from counterpoise.typing import Floats, Ints

_ROUNDING, _SUM = 1e-6, 0.01
"""Tolerances: how far a probability may be outside 0 to 1, and how far the probabilities of a row may sum from 1."""


class LearnerAnswerError(EvaluationError):
    """A learner returned invalid output: the learner has failed, not the strategy."""


def probabilities_by_class(answer: Any, model: Any, *, rows: int, classes: int) -> Floats:
    """Check a model's probabilities and return them by class, shape (rows, classes); an unseen class has probability 0.

    Args:
        answer: The return value of `predict_proba`.
        model: The fitted model, whose `classes_` are class codes in the order of the columns.
        rows: The number of rows that it predicted.
        classes: The number of classes.

    Raises:
        LearnerAnswerError: The values are not probabilities of these rows and classes.
    """
    codes = _known_codes(getattr(model, "classes_", None), "classes_", classes=classes)
    if codes.ndim != 1 or len(np.unique(codes)) != len(codes):
        raise _wrong("bad_classes", "one column per class", f"classes_ {codes.tolist()}"[:200])
    found = _numbers(answer, (rows, len(codes)), "bad_probabilities")
    if (out := found[(found < -_ROUNDING) | (found > 1 + _ROUNDING)]).size:
        raise _wrong("bad_probabilities", "probabilities from 0 to 1", f"{len(out):,} others, such as {out[0]:g}")
    if (out := (sums := found.sum(axis=1))[np.abs(sums - 1) > _SUM]).size:
        raise _wrong("bad_probabilities", "probabilities that sum to 1", f"{len(out):,} rows, such as {out[0]:g}")
    by_class = np.zeros((rows, classes))
    by_class[:, codes] = np.clip(found, 0, 1)
    return by_class


def ranking_scores(answer: Any, *, rows: int) -> Floats:
    """Check a model's scores and return them, one per row.

    Raises:
        LearnerAnswerError: They are not finite numbers, or not one per row.
    """
    return _numbers(answer, (rows,), "bad_scores")


def called_classes(answer: Any, *, rows: int) -> Ints:
    """Check a model's decisions and return them as classes, 0 or 1.

    Raises:
        LearnerAnswerError: They are not 0 or 1, or not one per row.
    """
    codes = _known_codes(answer, "decisions", classes=2)
    if codes.shape != (rows,):
        raise _wrong("bad_decisions", f"{rows:,} decisions", f"the shape {codes.shape}")
    return codes


def _numbers(answer: Any, shape: tuple[int, ...], reason: str) -> Floats:
    """Return the output as numbers; the shape is checked first, so that a huge array is not copied."""
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
    return LearnerAnswerError(reason, expected=expected, found=found, remedy="fix the learner, or choose another one")
