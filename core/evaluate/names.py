"""What learners, strategies and metrics are called in sentences."""

from __future__ import annotations

from counterpoise.core.strategies import STRATEGIES

__all__ = ["METRIC_LABELS", "learner_label", "number", "signed", "strategy_label"]

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
    return STRATEGIES[name].label if name in STRATEGIES else name.replace("_", " ")


def learner_label(name: str) -> str:
    """Return a learner's name for the middle of a sentence."""
    return _LEARNERS.get(name, name.replace("_", " "))


def number(value: float | None, digits: int = 3) -> str:
    """Return a number as text, a dash where there is none.

    >>> number(0.12345), number(-0.5, 2), number(None)
    ('0.123', '−0.50', '–')
    """
    return "–" if value is None else f"{value:.{digits}f}".replace("-", "−")


def signed(value: float, digits: int = 3) -> str:
    """Return a difference as text with its sign.

    >>> signed(0.0123), signed(-0.004), signed(0.0)
    ('+0.012', '−0.004', '±0.000')
    """
    text = f"{value:+.{digits}f}"
    if not text.strip("+-0."):
        return f"±{text[1:]}"
    return text.replace("-", "−")
