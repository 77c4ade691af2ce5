"""Mean losses of probabilities."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from counterpoise.metrics._metric import Metric, OfProbabilities

if TYPE_CHECKING:
    from counterpoise.typing import Codes, Floats, Mask, Matrix

_NO_PROBABILITIES = "where a learner ranks rows without giving probabilities"


def _squares(probability: Floats, positive: Mask) -> Floats:
    return (probability - positive) ** 2


def _squares_of_classes(probability: Matrix, truth: Codes) -> Floats:
    import numpy as np

    is_true = truth[:, None] == np.arange(probability.shape[1])
    found: Floats = ((probability - is_true) ** 2).sum(axis=1)
    return found


def _surprise(probability: Floats) -> Floats:
    """Return the negative logarithm, clipped at 2.2e-16 like in scikit-learn."""
    import numpy as np

    return -np.log(np.clip(probability, np.finfo(np.float64).eps, 1.0))


def _log_losses(probability: Floats, positive: Mask) -> Floats:
    import numpy as np

    return _surprise(np.where(positive, probability, 1 - probability))


def _log_losses_of_classes(probability: Matrix, truth: Codes) -> Floats:
    import numpy as np

    return _surprise(probability[np.arange(len(truth)), truth])


BRIER = Metric(
    name="brier",
    label="Brier score",
    short="Brier",
    least=0,
    most=2,
    better="smaller",
    source=OfProbabilities(_squares, _squares_of_classes),
    equal_prevalence=True,
    undefined=_NO_PROBABILITIES,
    shown=("folds", "choice", "leaderboard", "finalists", "differences", "summary"),
    digits=4,
    in_every_record=True,
)
LOG_LOSS = Metric(
    name="log_loss",
    label="log loss",
    least=0,
    most=math.inf,
    better="smaller",
    source=OfProbabilities(_log_losses, _log_losses_of_classes),
    equal_prevalence=True,
    undefined=_NO_PROBABILITIES,
    shown=("folds", "choice", "differences"),
    in_every_record=True,
)
