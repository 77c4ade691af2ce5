"""Parse strategies and learners in the configuration: names, optionally followed by options as JSON."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from counterpoise.strategies import STRATEGIES, TRAINING

OWN_LEARNERS = tuple(name for name, one in TRAINING.items() if one.learner)
"""Strategies that are learners of their own: ensembles that balance each of their members, and anomaly detection."""

ALL = "all"
"""The name that selects every strategy."""

EVERY_STRATEGY = (
    "none",
    *(name for name in TRAINING if name not in OWN_LEARNERS),
    *(name for name in STRATEGIES if name not in ("auto", "none")),
    *OWN_LEARNERS,
)
"""All strategies by their stable names."""

LEARNERS = ("logistic_regression", "random_forest", "hist_gradient_boosting", "lightgbm")
"""Learners by name; others are given by import path."""

DEFAULT_LEARNERS = LEARNERS[:3]

DEFAULT_STRATEGIES = (
    "none",
    "class_weight",
    "threshold",
    "random_over",
    "random_under",
    "smote",
    "adasyn",
    "borderline_smote",
    "smote_tomek",
    "tomek_links",
    "edited_nearest_neighbours",
    *OWN_LEARNERS,
)
"""The default candidates: each family without its slowest members."""

_NAME = re.compile(r"\s*([a-z_]+)\s*")
_PATH = re.compile(r"\s*([A-Za-z_][\w.]*(?::\w+)?)\s*")


@dataclass(frozen=True)
class Step:
    """One configured strategy or learner: its name or import path, and its options."""

    name: str
    options: dict[str, Any] = field(default_factory=dict)


def parse_strategy(text: str) -> tuple[Step, ...]:
    """Parse a strategy into its steps: one, optionally followed by `random_under`.

    >>> [(step.name, step.options) for step in parse_strategy('smote {"ratio": 0.5} + random_under')]
    [('smote', {'ratio': 0.5}), ('random_under', {})]

    Raises:
        ValueError: The text has another form or an unknown name.
    """
    steps, rest = [], f"+{text}"
    while rest.startswith("+"):
        step, rest = _step(rest[1:], _NAME, text)
        steps.append(step)
    if rest:
        raise ValueError(f"{text!r}: options must be JSON objects, and steps are joined by +")
    _check_steps(steps, text)
    return tuple(steps)


def parse_learner(text: str) -> Step:
    """Parse a learner into its name or import path and its parameters.

    >>> parse_learner('sklearn.tree:DecisionTreeClassifier {"max_depth": 5}')
    Step(name='sklearn.tree:DecisionTreeClassifier', options={'max_depth': 5})

    Raises:
        ValueError: The text has another form, or a name without a dot is unknown.
    """
    step, rest = _step(text, _PATH, text)
    if rest:
        raise ValueError(f"{text!r}: expected a name or import path, then its parameters as a JSON object")
    if "." not in step.name and ":" not in step.name and step.name not in LEARNERS:
        raise ValueError(
            f"{step.name!r} is not a learner; expected one of {', '.join(LEARNERS)}, "
            "or an import path such as package:Class"
        )
    return step


def _step(text: str, name: re.Pattern[str], whole: str) -> tuple[Step, str]:
    """Return the first step of a text, and the remaining text."""
    found = name.match(text)
    if found is None:
        raise ValueError(f"{whole!r}: expected a name")
    rest = text[found.end() :]
    if not rest.startswith("{"):
        return Step(found[1]), rest
    try:
        options, end = json.JSONDecoder().raw_decode(rest)
    except json.JSONDecodeError as error:
        raise ValueError(f"{whole!r}: options are not valid JSON: {error}") from None
    return Step(found[1], options), rest[end:].strip()


def _check_steps(steps: list[Step], text: str) -> None:
    if unknown := [step.name for step in steps if step.name not in EVERY_STRATEGY]:
        known = ", ".join(EVERY_STRATEGY)
        raise ValueError(f"{unknown[0]!r} is not a strategy that can be compared; known: {known}, and {ALL} by itself")
    for step in steps:
        _check_options(step)
    chained = [step.name for step in steps[1:]]
    if chained not in ([], ["random_under"]) or (chained and steps[0].name not in STRATEGIES):
        raise ValueError(f"{text!r}: only random_under may follow, and only a strategy that resamples")
    if chained and ((first := STRATEGIES[steps[0].name]).family == "none" or first.weighs):
        raise ValueError(f"{text!r}: random_under cannot follow {steps[0].name}")


def _check_options(step: Step) -> None:
    """Refuse options of an approach that does not take them; resampling strategies check their own when they run."""
    if step.name in STRATEGIES or not step.options:
        return
    known = TRAINING[step.name].options
    if not known.model_fields:
        raise ValueError(f"{step.name!r} takes no options")
    try:
        known.model_validate(step.options)
    except ValidationError as error:
        found = [f"{details['loc'][0]}: {details['msg']}" for details in error.errors()]
        raise ValueError(f"{step.name!r}: {'; or '.join(found)}") from None
