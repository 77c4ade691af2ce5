"""What learners, strategies and metrics are called in sentences."""

from __future__ import annotations

from counterpoise.strategies import STRATEGIES, TRAINING

__all__ = ["METRIC_LABELS", "learner_label", "strategy_label"]

_LEARNERS = {
    "dummy": "dummy",
    "logistic_regression": "logistic regression",
    "hist_gradient_boosting": "gradient boosting",
    "random_forest": "random forest",
    "lightgbm": "LightGBM",
}
METRIC_LABELS = {
    "average_precision": "average precision",
    "roc_auc": "ROC-AUC",
    "precision": "precision",
    "recall": "recall",
    "f1": "F1",
    "f2": "F2",
    "mcc": "MCC",
    "balanced_accuracy": "balanced accuracy",
    "g_mean": "G-mean",
    "brier": "Brier score",
    "log_loss": "log loss",
    "accuracy": "accuracy",
}


def strategy_label(name: str) -> str:
    """Return a strategy's name for the middle of a sentence."""
    known = STRATEGIES.get(name) or TRAINING.get(name)
    return known.label if known else name.replace("_", " ")


def learner_label(name: str) -> str:
    """Return a learner's name for the middle of a sentence."""
    return _LEARNERS.get(name, name.replace("_", " "))
