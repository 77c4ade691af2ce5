"""The learners that a comparison trains, each with what it needs before it.

Settings are scikit-learn's defaults but where noted. Gradient boosting never stops early: over-sampled rows on both
sides of its internal split would let it run on in one arm and stop in the other.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from counterpoise.config import LearnerName
from counterpoise.evaluate._tables import Codes
from counterpoise.typing import Matrix

__all__ = ["FittedLearner", "build_learner", "fit_learner", "gathered_warnings", "weighting"]

_MOST_ITERATIONS = 1_000
_SMALL = 2_000_000
"""Cells up to which one thread is used."""


class FittedLearner:
    """A trained learner that answers with one probability a class of the code book.

    Args:
        model: A fitted scikit-learn classifier whose classes are codes.
        classes: How many classes the code book has; a class that the model never saw has probability 0.
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
    """Return an unfitted learner by its name, with what it needs before it."""
    return _BUILDERS[name](seed)


def fit_learner(
    name: LearnerName, features: Matrix, labels: Codes, *, classes: int, seed: int, weights: Codes | None = None
) -> tuple[FittedLearner, list[str]]:
    """Train a learner and return it with what it had to say about it.

    Args:
        name: Which learner.
        features: Train rows, shape (rows, columns), NaN for missing.
        labels: Class codes of the train rows.
        classes: How many classes the code book has.
        seed: Seed of the learner's own randomness.
        weights: How much each row counts; all once by default.
    """
    model = build_learner(name, seed)
    with gathered_warnings() as notes, _threads_for(features):
        model.fit(features, labels, **weighting(model, weights))
    if name == "random_forest":
        model.set_params(n_jobs=1)  # threads would add up the trees' votes in any order, differently each time
    return FittedLearner(model, classes), notes


def weighting(model: Any, weights: Codes | None) -> dict[str, Any]:
    """Return the weights as the argument that the model takes them by: in a pipeline, that of its last step."""
    steps = getattr(model, "steps", None)
    name = f"{steps[-1][0]}__sample_weight" if steps else "sample_weight"
    return {} if weights is None else {name: weights}


@contextmanager
def gathered_warnings() -> Iterator[list[str]]:
    """Gather the warnings of a block as distinct texts, first lines only, instead of showing them."""
    notes: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield notes
    texts = [str(warning.message).strip().splitlines()[0] for warning in caught if str(warning.message).strip()]
    notes.extend(dict.fromkeys(texts))


@contextmanager
def _threads_for(features: Matrix) -> Iterator[None]:
    """Compute small tables on one thread: OpenMP threads that wait for busy cores took ten times as long in trials."""
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
    from sklearn.ensemble import HistGradientBoostingClassifier

    return HistGradientBoostingClassifier(early_stopping=False, random_state=seed)


def _random_forest(seed: int) -> Any:
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(n_estimators=100, n_jobs=-1, random_state=seed)


_BUILDERS: dict[str, Any] = {
    "logistic_regression": _logistic_regression,
    "hist_gradient_boosting": _hist_gradient_boosting,
    "random_forest": _random_forest,
}
