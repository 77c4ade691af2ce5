"""How imbalanced the classes are, and what to propose about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from counterpoise.core.config import ResamplingConfig, SplitConfig
from counterpoise.core.propose.profile import ColumnProfile
from counterpoise.core.records import PARTITIONS, ClassCounts
from counterpoise.core.split.allocation import partition_targets

__all__ = ["Proposal", "describe_classes", "imbalance_degree", "propose_resampling", "rare_classes_comment"]

_MAX_CATEGORIES = 100
_FEWEST_NEIGHBORS = 3
_SHOWN = 6


@dataclass(frozen=True)
class Proposal:
    """A part of the configuration and, by field, why it is so."""

    resampling: ResamplingConfig
    comments: dict[str, str]


def imbalance_degree(counts: ClassCounts) -> str:
    """Return balanced, mild, moderate or extreme, by the share of the smallest class.

    With more than two classes the share is set against an even one, so that a third each is balanced.

    >>> imbalance_degree({"no": 700, "yes": 300}), imbalance_degree({"a": 50, "b": 50, "c": 50})
    ('mild', 'balanced')
    >>> imbalance_degree({"no": 950, "yes": 50}), imbalance_degree({"no": 9990, "yes": 10})
    ('moderate', 'extreme')
    """
    share = min(counts.values()) / sum(counts.values()) * len(counts) / 2
    if share > 0.4:
        return "balanced"
    if share >= 0.2:
        return "mild"
    return "moderate" if share >= 0.01 else "extreme"


def describe_classes(counts: ClassCounts) -> str:
    """Return the classes with their rows, the largest first, and the degree of imbalance."""
    total = sum(counts.values())
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    named = [f"{name} {rows:,} ({rows / total:.3g})" for name, rows in ordered]
    middle = [f"{len(named) - _SHOWN} more"] if len(named) > _SHOWN + 1 else []
    shown = [*named[: _SHOWN - 1], *middle, named[-1]] if middle else named
    return f"{len(counts)} classes: {', '.join(shown)}. Imbalance: {imbalance_degree(counts)}."


def rare_classes_comment(counts: ClassCounts) -> str:
    """Return what to decide about classes that cannot stand in every partition; empty where there are none."""
    rare = {name: rows for name, rows in counts.items() if rows < len(PARTITIONS)}
    if not rare:
        return ""
    named = ", ".join(f"{name!r} ({rows} {'row' if rows == 1 else 'rows'})" for name, rows in rare.items())
    return (
        f"Too rare to stand in train, validation and test: {named}. The run stops until you decide: "
        "train_only keeps them in train, reject sets them apart; or merge classes in the source."
    )


def propose_resampling(counts: ClassCounts, features: Sequence[ColumnProfile], split: SplitConfig) -> Proposal:
    """Return a strategy that the classes and features allow."""
    if imbalance_degree(counts) == "balanced":
        return _without_neighbors("none", "The classes are balanced: nothing is repeated or made.")
    if trouble := _trouble_for_smote(features):
        return _without_neighbors("random_over", f"SMOTE does not suit these features: {trouble}.")
    shares = (1 - split.validation_size - split.test_size, split.validation_size, split.test_size)
    in_train = int(partition_targets(min(counts.values()), shares)[0])
    if in_train <= _FEWEST_NEIGHBORS:
        return _without_neighbors(
            "random_over", f"The smallest class keeps about {in_train} in train: too few neighbours for SMOTE."
        )
    neighbors = min(5, in_train - 1)
    comments = {"resampling.strategy": "Or none, random_over, random_under. The report says whether it helped."}
    if neighbors < 5:
        comments["resampling.k_neighbors"] = f"Less than 5: the smallest class keeps about {in_train} rows in train."
    return Proposal(ResamplingConfig(strategy="smote", k_neighbors=neighbors), comments)


def _without_neighbors(strategy: str, comment: str) -> Proposal:
    return Proposal(ResamplingConfig.model_validate({"strategy": strategy}), {"resampling.strategy": comment})


def _trouble_for_smote(features: Sequence[ColumnProfile]) -> str:
    numbers = [profile for profile in features if profile.is_number]
    if not numbers:
        return "none is a number, and there is nothing to interpolate"
    if 2 * len(numbers) < len(features):
        return f"only {len(numbers)} of {len(features)} are numbers"
    wide = [profile.name for profile in features if profile.is_text and profile.distinct > _MAX_CATEGORIES]
    if wide:
        return f"{wide[0]!r} has more than {_MAX_CATEGORIES} categories"
    known = [profile.is_number or profile.is_text or profile.is_time or profile.values for profile in features]
    if not all(known):
        return f"{features[known.index(next(one for one in known if not one))].name!r} has no plain values"
    return ""
