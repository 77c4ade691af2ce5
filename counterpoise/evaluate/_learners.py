"""The learners of an evaluation, each with its preprocessing.

Parameters are scikit-learn's defaults except where noted. Gradient boosting never stops early: with over-sampled rows
on both sides of its internal split, it would keep going in one arm and stop in the other.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from counterpoise.config import LearnerName
from counterpoise.evaluate._tables import Codes
from counterpoise.runtime import require_memory
from counterpoise.typing import Floats, Matrix

_LINEAR_ALGEBRA = 128 << 20
"""Bytes that OpenBLAS takes for its buffers; where it may not have them it ends the process."""
RANDOM_LEARNERS = frozenset({"random_forest"})
"""The learners whose predictions depend on their seed, with at most 200,000 train rows."""
_MOST_ITERATIONS = 1_000
_SMALL = 2_000_000
"""The number of cells up to which one thread is used."""


class FittedLearner:
    """A trained learner that predicts one probability per class.

    Args:
        model: A fitted scikit-learn classifier whose classes are codes.
        classes: The number of classes; a class that the model never saw has probability 0.
    """

    def __init__(self, model: Any, classes: int) -> None:
        self._model = model
        self._classes = classes

    def probabilities(self, features: Matrix) -> Matrix:
        """Return probabilities, shape (rows, classes)."""
        answer = np.zeros((len(features), self._classes))
        if len(features):
            with _threads_for(features):
                answer[:, self._model.classes_] = self._model.predict_proba(features)
        return answer


def build_learner(name: str, seed: int) -> Any:
    """Return an unfitted learner by name, with its preprocessing."""
    return _BUILDERS[name](seed)


def fit_learner(
    name: LearnerName, features: Matrix, labels: Codes, *, classes: int, seed: int, weights: Floats | None = None
) -> tuple[FittedLearner, list[str]]:
    """Train a learner and return it with its warnings.

    Args:
        name: The learner's name.
        features: Train rows, shape (rows, columns), NaN for missing.
        labels: Class codes of the train rows.
        classes: The number of classes.
        seed: The learner's random seed.
        weights: The weight of each row; 1 by default.
    """
    require_memory(_LINEAR_ALGEBRA)
    model = build_learner(name, seed)
    with gathered_warnings() as notes, _threads_for(features):
        model.fit(features, labels, **weighting(model, weights))
    if name == "random_forest":
        model.set_params(n_jobs=1)  # threads would add the trees' votes in varying order, with varying rounding
    return FittedLearner(model, classes), notes


def weighting(model: Any, weights: Floats | None) -> dict[str, Any]:
    """Return the sample weights as a keyword argument of the model's `fit`: in a pipeline, for its last step."""
    steps = getattr(model, "steps", None)
    name = f"{steps[-1][0]}__sample_weight" if steps else "sample_weight"
    return {} if weights is None else {name: weights}


@contextmanager
def gathered_warnings() -> Iterator[list[str]]:
    """Collect the warnings of a block as distinct texts, first lines only, instead of showing them.

    What other code left open is found whenever garbage is collected, so it says nothing about the block.
    """
    notes: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warnings.simplefilter("ignore", ResourceWarning)
        yield notes
    texts = [str(warning.message).strip().splitlines()[0] for warning in caught if str(warning.message).strip()]
    notes.extend(dict.fromkeys(texts))


@contextmanager
def _threads_for(features: Matrix) -> Iterator[None]:
    """Use one thread for small tables: OpenMP threads that wait for busy cores took ten times as long in trials."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1 if features.size <= _SMALL else None):
        yield


def _logistic_regression(seed: int) -> Any:
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(
        SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True),
        StandardScaler(),
        LogisticRegression(max_iter=_MOST_ITERATIONS, random_state=seed),
    )


def _hist_gradient_boosting(seed: int) -> Any:
    from counterpoise.evaluate._boosting import BinnedBoosting

    return BinnedBoosting(early_stopping=False, random_state=seed)


def _random_forest(seed: int) -> Any:
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(n_estimators=100, n_jobs=-1, random_state=seed)


_BUILDERS: dict[str, Any] = {
    "logistic_regression": _logistic_regression,
    "hist_gradient_boosting": _hist_gradient_boosting,
    "random_forest": _random_forest,
}
