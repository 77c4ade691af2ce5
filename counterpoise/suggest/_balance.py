"""Describe the class imbalance and propose a resampling strategy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from counterpoise.config import ResamplingConfig, SplitConfig
from counterpoise.records import PARTITIONS, ClassCounts
from counterpoise.resample import TrainFacts, advise, is_interpolated
from counterpoise.split import partition_targets
from counterpoise.suggest._profile import ColumnSummary
from counterpoise.table import ColumnRoles, imbalance_degree

_SHOWN = 6
_NO_CODES = ColumnRoles(features=(), target="", data=(), keys=(), categorical=frozenset())


@dataclass(frozen=True)
class Proposal:
    """A part of the configuration, and the reason for each field."""

    resampling: ResamplingConfig
    comments: dict[str, str]


def describe_classes(counts: ClassCounts) -> str:
    """Describe the classes, largest first, and the degree of imbalance."""
    total = sum(counts.values())
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    named = [f"{name} {rows:,} ({rows / total:.3g})" for name, rows in ordered]
    middle = [f"{len(named) - _SHOWN} more"] if len(named) > _SHOWN + 1 else []
    shown = [*named[: _SHOWN - 1], *middle, named[-1]] if middle else named
    return f"{len(counts)} classes: {', '.join(shown)}. Imbalance: {imbalance_degree(counts)}."


def rare_classes_comment(counts: ClassCounts) -> str:
    """Explain the choices for classes too rare for every partition; empty if there are none."""
    rare = {name: rows for name, rows in counts.items() if rows < len(PARTITIONS)}
    if not rare:
        return ""
    named = ", ".join(f"{name!r} ({rows} {'row' if rows == 1 else 'rows'})" for name, rows in rare.items())
    return (
        f"Too rare for train, validation and test: {named}. The run stops until you decide: "
        "train_only keeps them in train, reject excludes their rows; or merge classes in the source."
    )


def propose_resampling(counts: ClassCounts, features: Sequence[ColumnSummary], split: SplitConfig) -> Proposal:
    """Return the advised strategy for the train partition of this split, and the reasons."""
    facts = _train_facts(counts, features, split)
    usual = ResamplingConfig()
    advice = advise(facts, usual)
    comments = {"resampling.strategy": advice.reason}
    if advice.strategy != "none":
        comments["resampling.strategy"] += " The report says whether it helped."
    least, most = min(facts.classes.values()), max(facts.classes.values())
    if advice.ratio != usual.ratio:
        comments["resampling.ratio"] = f"The largest class has {most // least:,} times the rows of the smallest one."
    if advice.k_neighbors != usual.k_neighbors:
        few = f"the smallest class keeps about {least} rows in train"
        comments["resampling.k_neighbors"] = f"Less than {usual.k_neighbors}: {few}."
    return Proposal(advice.applied(usual), comments)


def _train_facts(counts: ClassCounts, features: Sequence[ColumnSummary], split: SplitConfig) -> TrainFacts:
    """Estimate the facts of the train partition."""
    shares = (1 - split.validation_size - split.test_size, split.validation_size, split.test_size)
    numeric = [one for one in features if is_interpolated(pa.field(one.name, one.type), _NO_CODES)]
    voted = [one for one in features if one not in numeric]
    return TrainFacts(
        classes={name: max(1, int(partition_targets(rows, shares)[0])) for name, rows in counts.items() if rows},
        source_rows=sum(counts.values()),
        numeric=len(numeric),
        levels={one.name: one.distinct + 1 for one in voted},
        nested=tuple(one.name for one in voted if pa.types.is_nested(one.type)),
    )
