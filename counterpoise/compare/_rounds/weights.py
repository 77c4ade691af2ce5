"""Class weights in a learner's own parameters: the training prevalence they imply, and double counting."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from counterpoise.compare._rounds.plans import TrainMatrix
from counterpoise.config import Step
from counterpoise.errors import EvaluationError
from counterpoise.strategies import STRATEGIES
from counterpoise.typing import Floats

_BALANCED = ("balanced", "balanced_subsample")
_ELSEWHERE = ("class_weights", "auto_class_weights", "priors", "class_prior")
"""Other parameters that set class weights or priors: those of CatBoost, discriminant analysis and naive Bayes."""
_WEIGHTS = ("class_weight", "scale_pos_weight", "is_unbalance", *_ELSEWHERE[:2])


def weights_by_code(model: Any, names: tuple[str, ...]) -> Any:
    """Return the model with class weights by name converted to weights by code.

    Args:
        model: An unfitted learner.
        names: The class name of each target code.

    Raises:
        EvaluationError: A weight names no class.
    """
    for parameter, value in _set(model, ("class_weight",)):
        if not isinstance(value, Mapping):
            continue
        if unknown := [name for name in value if name not in names]:
            raise EvaluationError(
                "unknown_class",
                expected=f"class_weight by the names of classes: {', '.join(map(repr, names))}",
                found=", ".join(map(repr, unknown)),
                remedy="correct the learner's parameters",
            )
        model.set_params(**{parameter: {names.index(name): weight for name, weight in value.items()}})
    return model


def balances_itself(model: Any) -> bool:
    """Whether a learner is an imbalanced-learn ensemble, which balances the rows of each of its members."""
    steps = getattr(model, "steps", None)
    return type(steps[-1][1] if steps else model).__module__.startswith("imblearn.")


def double_counting(model: Any, steps: tuple[Step, ...]) -> str:
    """Return a warning if a learner's own weights add to a strategy that balances classes, otherwise an empty text.

    Args:
        model: The learner, before the strategy sets any of its parameters.
        steps: The strategy.
    """
    names = [step.name for step in steps]
    evening = [name for name in names if name == "class_weight" or (name in STRATEGIES and STRATEGIES[name].has_target)]
    if not evening:
        return ""
    weighted = [name.split("__")[-1] for name, _ in _set(model, _WEIGHTS)]
    if balances_itself(model):
        weighted.append("its own resampling")
    if "class_weight" in evening:  # the strategy overrides the learner's own value
        weighted = [name for name in weighted if name != "class_weight"]
    if not weighted:
        return ""
    return f"classes are balanced twice: by {', '.join(dict.fromkeys(weighted))} of the learner on top of {evening[0]}"


def share_trained_at(model: Any, rows: TrainMatrix) -> float | None:
    """Return the share of the class of interest that a two-class learner was trained at, including its own weights.

    None if this is unknown or not a single number: with resampling of its own, with parameters other than
    `class_weight`, `scale_pos_weight` and `is_unbalance`, and with balanced weights on top of row weights, which
    learners count differently.

    Args:
        model: The fitted learner.
        rows: The rows that it was fitted on.
    """
    if balances_itself(model) or any(_set(model, _ELSEWHERE)):
        return None
    shares = np.bincount(rows.targets, weights=rows.weights, minlength=2).astype(np.float64)
    balancing = shares.sum() / (2 * shares)
    for parameter, value in _set(model, _WEIGHTS):
        evens_out = value in _BALANCED if isinstance(value, str) else parameter.endswith("is_unbalance")
        if evens_out and rows.weights is not None:
            return None
        shares = shares * (balancing if evens_out else _factors(value))
    return float(shares[1] / shares.sum())


def _factors(value: Any) -> Floats:
    """Return the weights of 0 and 1: those of a mapping, or the given number for 1."""
    if isinstance(value, Mapping):
        return np.array([value.get(0, 1), value.get(1, 1)], dtype=np.float64)
    return np.array([1.0, value])


def _set(model: Any, parameters: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    """Yield the full names and values of a learner's non-neutral parameters, including those within a pipeline."""
    for name, value in model.get_params().items():
        if name.split("__")[-1] in parameters and not _neutral(value):
            yield name, value


def _neutral(value: object) -> bool:
    return value is None or value is False or (value is not True and value == 1)
