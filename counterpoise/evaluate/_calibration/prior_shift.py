"""The share of positives in new data without labels, and probabilities that suit it.

Both estimates assume that rows of a class look as they did and only their shares moved (label shift). Where rows of a
class look different, both are wrong, and usually differ: compare them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from counterpoise.errors import EvaluationError
from counterpoise.evaluate._calibration.correction import PriorCorrection
from counterpoise.evaluate._inference.intervals import TWO_SIDED
from counterpoise.typing import Floats, Mask

_MOST_STEPS = 1_000
_CLOSE_ENOUGH = 1e-8
_LEAST_DIFFERENCE = 0.01
"""The smallest difference between recall and false positive rate with which decisions carry information."""


@dataclass(frozen=True)
class PriorEstimate:
    """The estimated share of positives in new data, with its 95 % interval.

    Attributes:
        prevalence: The share.
        low: The lower bound.
        high: The upper bound.
    """

    prevalence: float
    low: float
    high: float


def prior_by_em(probabilities: npt.ArrayLike, *, prevalence: float) -> PriorEstimate:
    """Return the share of positives in new rows by expectation maximisation (Saerens et al., 2002).

    The probabilities are adjusted to the current estimate, whose next value is their mean, until it stays. This is the
    maximum likelihood estimate; the interval is that of its observed information, and takes the probabilities as right.

    >>> import numpy as np
    >>> round(prior_by_em(np.repeat([0.9, 0.1], [30, 70]), prevalence=0.5).prevalence, 3)
    0.25

    Args:
        probabilities: The published probability of each new row; use calibrated ones.
        prevalence: The share of positives that they are calibrated for, `natural_prevalence` in correction.json.

    Raises:
        EvaluationError: There are no rows, a probability is not between 0 and 1, or the prevalence is 0 or 1.
    """
    found = _checked(probabilities)
    _check_share(prevalence)
    ratio = found / prevalence, (1 - found) / (1 - prevalence)
    share = prevalence
    for _ in range(_MOST_STEPS):
        before, positive = share, share * ratio[0]
        share = float((positive / (positive + (1 - share) * ratio[1])).mean())
        if abs(share - before) < _CLOSE_ENOUGH * max(share, _CLOSE_ENOUGH):
            break
    score = (ratio[0] - ratio[1]) / (share * ratio[0] + (1 - share) * ratio[1])
    return _estimate(share, 1 / float(np.sqrt(max(float((score**2).sum()), 1e-300))))


def prior_by_black_box(
    called: npt.ArrayLike, *, validation_called: npt.ArrayLike, validation_positive: npt.ArrayLike
) -> PriorEstimate:
    """Return the share of positives in new rows from decisions alone (black-box shift estimation; Lipton et al., 2018).

    The share called positive is recall × prevalence + false positive rate × (1 − prevalence), with both rates from
    validation. Decisions need no calibration. The interval covers the drawing of validation and of the new rows.

    >>> import numpy as np
    >>> called, truth = np.repeat([True, False, True, False], [80, 20, 10, 90]), np.repeat([True, False], [100, 100])
    >>> new = np.repeat([True, False], [24, 76])
    >>> round(prior_by_black_box(new, validation_called=called, validation_positive=truth).prevalence, 3)
    0.2

    Args:
        called: Which new rows the published threshold calls positive.
        validation_called: Which validation rows it calls positive.
        validation_positive: Which validation rows are positive.

    Raises:
        EvaluationError: There are no new rows, validation has one class, or recall and false positive rate are alike.
    """
    new = _decisions(called, "new rows")
    known, truth = (_decisions(one, "validation rows") for one in (validation_called, validation_positive))
    if len(known) != len(truth) or truth.all() or not truth.any():
        raise EvaluationError(
            "black_box",
            expected="a decision and a label for each validation row, and both classes",
            found=f"{len(known):,} decisions and {len(truth):,} labels, {int(truth.sum()):,} of them positive",
            remedy="give both for the same rows of the version's validation partition",
        )
    recall, alarms, share = float(known[truth].mean()), float(known[~truth].mean()), float(new.mean())
    apart = recall - alarms
    if apart < _LEAST_DIFFERENCE:
        raise EvaluationError(
            "black_box",
            expected="decisions that differ between the classes",
            found=f"a recall of {recall:.3f} and a false positive rate of {alarms:.3f}",
            remedy="use a threshold that calls more positives than negatives, or prior_by_em",
        )
    prevalence = (share - alarms) / apart
    return _estimate(prevalence, _black_box_error(prevalence, recall, alarms, share, (truth, new)))


def adjust_to_prior(probabilities: npt.ArrayLike, *, prevalence: float, to: float) -> Floats:
    """Return probabilities for another share of positives.

    >>> adjust_to_prior([0.5], prevalence=0.5, to=0.1).round(6).tolist()
    [0.1]

    Args:
        probabilities: Published probabilities.
        prevalence: The share of positives that they are calibrated for.
        to: The share in the new data.

    Raises:
        EvaluationError: A probability is not between 0 and 1, or a share is 0 or 1.
    """
    for share in (prevalence, to):
        _check_share(share)
    return PriorCorrection(natural=to, training=prevalence).apply(_checked(probabilities))


def _black_box_error(prevalence: float, recall: float, alarms: float, share: float, rows: tuple[Mask, Mask]) -> float:
    """Return the standard error by the delta method."""
    truth, new = rows
    terms = (
        share * (1 - share) / len(new),
        prevalence**2 * recall * (1 - recall) / int(truth.sum()),
        (1 - prevalence) ** 2 * alarms * (1 - alarms) / int((~truth).sum()),
    )
    return float(np.sqrt(sum(terms))) / (recall - alarms)


def _estimate(share: float, error: float) -> PriorEstimate:
    bounds = np.clip([share, share - TWO_SIDED * error, share + TWO_SIDED * error], 0.0, 1.0)
    return PriorEstimate(*map(float, bounds))


def _decisions(values: npt.ArrayLike, rows: str) -> Mask:
    found = np.asarray(values)
    if not len(found) or found.ndim != 1 or not np.isin(found, (0, 1)).all():
        raise EvaluationError(
            "black_box",
            expected=f"one decision, true or false, for each of the {rows}",
            found=f"an array of shape {found.shape} and type {found.dtype}",
            remedy="compare the probabilities with the published threshold first",
        )
    return found.astype(bool)


def _checked(probabilities: npt.ArrayLike) -> Floats:
    found = np.asarray(probabilities, dtype=np.float64)
    if not len(found) or found.ndim != 1 or not ((found >= 0) & (found <= 1)).all():
        raise EvaluationError(
            "probabilities",
            expected="one probability between 0 and 1 for each row",
            found=f"an array of shape {found.shape}" if not len(found) or found.ndim != 1 else "other values",
            remedy="give the probabilities of the positive class",
        )
    return found


def _check_share(share: float) -> None:
    if not 0 < share < 1:
        raise EvaluationError(
            "prevalence",
            expected="a share of positives between 0 and 1",
            found=f"{share:g}",
            remedy="use natural_prevalence of correction.json",
        )
