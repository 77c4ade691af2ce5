"""The uncertainty of a mean over folds, and whether one candidate is really worse than another on the same folds.

Folds share train rows, so their scores are correlated and the plain standard error is too small. Nadeau and Bengio
(2003) correct it: the variance of a mean over J rounds is s² (1/J + test rows / train rows), with k stratified folds
s² (1/J + 1/(k − 1)).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

_CONFIDENCE = 0.95


def corrected_error(values: Sequence[float], *, test_to_train: float) -> float:
    """Return the standard error of a mean over rounds that share train rows; 0 for fewer than two.

    Args:
        values: One value per round.
        test_to_train: The number of test rows of a round divided by its number of train rows.

    >>> round(corrected_error([0.1, 0.2, 0.3], test_to_train=1 / 2), 4)
    0.0913
    """
    if len(values) < 2:
        return 0.0
    return float(np.std(values, ddof=1)) * math.sqrt(1 / len(values) + test_to_train)


def interval(values: Sequence[float], *, test_to_train: float) -> tuple[float, float] | None:
    """Return the 95 % Student's t interval of the mean over rounds; None for fewer than two.

    Args:
        values: One value per round.
        test_to_train: The number of test rows of a round divided by its number of train rows.
    """
    from scipy.special import stdtrit

    if len(values) < 2:
        return None
    half = float(stdtrit(len(values) - 1, (1 + _CONFIDENCE) / 2)) * corrected_error(values, test_to_train=test_to_train)
    mean = float(np.mean(values))
    return mean - half, mean + half


def falls_behind(values: Sequence[float | None], best: Sequence[float | None], *, test_to_train: float) -> bool:
    """Whether a candidate is more than one standard error from the best, paired over the rounds that both have.

    Args:
        values: The candidate's values, one per round; None where undefined.
        best: The values of the candidate with the best mean.
        test_to_train: The number of test rows of a round divided by its number of train rows.

    >>> falls_behind([0.58, 0.68, 0.48], [0.6, 0.7, 0.5], test_to_train=0.5)
    True
    >>> falls_behind([0.55, 0.75], [0.6, 0.7], test_to_train=1)
    False
    """
    lost = [b - v for v, b in zip(values, best, strict=True) if v is not None and b is not None]
    return not lost or abs(float(np.mean(lost))) > corrected_error(lost, test_to_train=test_to_train) + 1e-12
