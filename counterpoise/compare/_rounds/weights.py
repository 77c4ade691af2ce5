"""Class weights in a learner's own parameters: the prevalence it is trained at, and whether resampling doubles them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from counterpoise.compare._rounds.plans import TrainMatrix
from counterpoise.config import Step
from counterpoise.errors import EvaluationError
from counterpoise.strategies import STRATEGIES
from counterpoise.typing import Floats

__all__ = ["balances_itself", "by_asked_codes", "double_counting", "share_trained_at"]

_BALANCED = ("balanced", "balanced_subsample")
_ELSEWHERE = ("class_weights", "auto_class_weights", "priors", "class_prior")
"""Parameters that weight classes, or set their shares, in ways of their own: CatBoost's, and those of discriminant
analysis and naive Bayes."""
_WEIGHTS = ("class_weight", "scale_pos_weight", "is_unbalance", *_ELSEWHERE[:2])


def by_asked_codes(model: Any, names: tuple[str, ...]) -> Any:
    """Return the model with the class weights that were given by name turned into those by code.

    Args:
        model: An unfitted learner.
        names: What each code that it is asked for is called.

    Raises:
        EvaluationError: There is no class of such a name.
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
    """Whether a learner is one of imbalanced-learn's, each of whose members sees rows balanced for it alone."""
    steps = getattr(model, "steps", None)
    return type(steps[-1][1] if steps else model).__module__.startswith("imblearn.")


def double_counting(model: Any, steps: tuple[Step, ...]) -> str:
    """Return a warning where a learner's own weights come on top of a strategy that evens classes out, else nothing.

    Args:
        model: The learner, before the strategy sets anything of it.
        steps: The strategy.
    """
    names = [step.name for step in steps]
    evening = [name for name in names if name == "class_weight" or (name in STRATEGIES and STRATEGIES[name].has_target)]
    if not evening:
        return ""
    weighted = [name.split("__")[-1] for name, _ in _set(model, _WEIGHTS)]
    if balances_itself(model):
        weighted.append("its own resampling")
    if "class_weight" in evening:  # which replaces what the learner says of it
        weighted = [name for name in weighted if name != "class_weight"]
    if not weighted:
        return ""
    return (
        f"classes are evened out twice: by {', '.join(dict.fromkeys(weighted))} of the learner on top of {evening[0]}"
    )


def share_trained_at(model: Any, rows: TrainMatrix) -> float | None:
    """Return the share of the class of interest as a learner of two classes was trained, its own weights included.

    None where that is not one number, or not known: resampling of its own, weights by other parameters than
    `class_weight`, `scale_pos_weight` and `is_unbalance`, and balanced weights on top of row weights, which learners
    count differently.

    Args:
        model: The fitted learner.
        rows: What it was fitted on.
    """
    if balances_itself(model) or any(_set(model, _ELSEWHERE)):
        return None
    shares = np.bincount(rows.asked, weights=rows.weights, minlength=2).astype(np.float64)
    balancing = shares.sum() / (2 * shares)
    for parameter, value in _set(model, _WEIGHTS):
        evens_out = value in _BALANCED if isinstance(value, str) else parameter.endswith("is_unbalance")
        if evens_out and rows.weights is not None:
            return None
        shares = shares * (balancing if evens_out else _factors(value))
    return float(shares[1] / shares.sum())


def _factors(value: Any) -> Floats:
    """Return the weights of 0 and 1: of a mapping its own, of a number one for 1 alone."""
    if isinstance(value, Mapping):
        return np.array([value.get(0, 1), value.get(1, 1)], dtype=np.float64)
    return np.array([1.0, value])


def _set(model: Any, parameters: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    """Yield the full names and values of a learner's parameters, also within a pipeline, that are not neutral."""
    for name, value in model.get_params().items():
        if name.split("__")[-1] in parameters and not _neutral(value):
            yield name, value


def _neutral(value: object) -> bool:
    return value is None or value is False or (value is not True and value == 1)
