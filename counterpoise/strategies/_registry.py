"""The strategies by name, in the order of lists and forms."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Literal, get_args

from counterpoise.strategies._strategy import Strategy

StrategyName = Literal[
    "auto",
    "none",
    "weights",
    "random_over",
    "smote",
    "smotenc",
    "smoten",
    "adasyn",
    "borderline_smote",
    "svm_smote",
    "kmeans_smote",
    "random_under",
    "near_miss",
    "tomek_links",
    "condensed_nearest_neighbour",
    "edited_nearest_neighbours",
    "repeated_edited_nearest_neighbours",
    "all_knn",
    "one_sided_selection",
    "neighbourhood_cleaning_rule",
    "instance_hardness_threshold",
    "cluster_centroids",
    "smote_enn",
    "smote_tomek",
]
"""Spelled out, so that type checkers, editors and the form of a run know the names."""


def load_strategy(name: str) -> Strategy:
    """Return the strategy that the module of that name defines.

    Raises:
        ImportError: There is no such module.
        TypeError: The module defines no strategy.
        ValueError: The module defines a strategy of another name, most likely because it was copied.
    """
    module = f"counterpoise.strategies._members.{name}"
    strategy = getattr(import_module(module), "STRATEGY", None)
    if not isinstance(strategy, Strategy):
        raise TypeError(f"{module} defines no STRATEGY")
    if strategy.name != name:
        raise ValueError(f"{module} defines the strategy {strategy.name!r}; its name must be the module's")
    return strategy


def _by_name(names: tuple[str, ...]) -> dict[str, Strategy]:
    found = {name: load_strategy(name) for name in names}
    labels = [one.label for one in found.values()]
    if twice := sorted({label for label in labels if labels.count(label) > 1}):
        raise ValueError(f"two strategies have the label {twice[0]!r}")
    return found


STRATEGIES: Mapping[str, Strategy] = _by_name(get_args(StrategyName))
"""Every strategy by its name in the configuration."""


def gives_weights(name: str) -> bool:
    """Whether the strategy of that name gives weights to rows; False for unknown names."""
    return name in STRATEGIES and STRATEGIES[name].weighs
