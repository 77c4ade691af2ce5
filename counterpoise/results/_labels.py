"""The names of learners and strategies in sentences."""

from __future__ import annotations

from counterpoise.strategies import STRATEGIES, TRAINING

_LEARNERS = {
    "dummy": "dummy",
    "logistic_regression": "logistic regression",
    "hist_gradient_boosting": "gradient boosting",
    "random_forest": "random forest",
    "lightgbm": "LightGBM",
}


def strategy_label(name: str) -> str:
    """Return a strategy's name for use within a sentence."""
    known = STRATEGIES.get(name) or TRAINING.get(name)
    return known.label if known else name.replace("_", " ")


def learner_label(name: str) -> str:
    """Return a learner's name for use within a sentence."""
    return _LEARNERS.get(name, name.replace("_", " "))
