"""Describe the class imbalance and propose a resampling strategy by evidence."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from counterpoise.compare import decide_strategy
from counterpoise.config import BalanceConfig, ResamplingConfig
from counterpoise.errors import CounterpoiseError
from counterpoise.records import PARTITIONS, ClassCounts, Snapshot
from counterpoise.resample import follow, labelled_split
from counterpoise.table import imbalance_degree

_SHOWN = 6


@dataclass(frozen=True)
class Proposal:
    """A part of the configuration, the reason for each field, and why it could not be tried, if so."""

    resampling: ResamplingConfig
    comments: dict[str, str]
    refusal: str = ""


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
    if len(counts) - len(rare) < 2:
        return f"Too rare to be split: {named}. Collect more rows: a run needs two classes of {len(PARTITIONS)} rows."
    return (
        f"Too rare for train, validation and test: {named}. train_only keeps them in train, where nothing measures "
        "them; reject excludes their rows, stop stops the run; or merge classes in the source."
    )


def propose_resampling(config: BalanceConfig, snapshot: Snapshot, *, folder: Path) -> Proposal:
    """Return the strategy that cross-validation within train supports, and the reasons.

    Args:
        config: The proposed configuration, whose roles of columns, split and seed count.
        snapshot: The source.
        folder: A working area.
    """
    usual = config.resampling
    if "strategy" in usual.model_fields_set:
        return Proposal(usual, {})
    try:
        split = labelled_split(config, snapshot, folder=folder / "split")
        choice = decide_strategy(config, snapshot, split, folder=folder / "auto")
    except CounterpoiseError as error:
        refusal = f"{error.expected}; found {error.found}"
        reason = f"Not tried: needs {refusal}."
        return Proposal(usual.model_copy(update={"strategy": "none"}), {"resampling.strategy": reason}, refusal)
    comments = {"resampling.strategy": choice.reason}
    if choice.strategy != "none":
        comments["resampling.strategy"] += " The report says whether it helped."
    counts = [rows for rows in split.counts["train"].values() if rows]
    if choice.ratio != usual.ratio:
        times = max(counts) // min(counts)
        comments["resampling.ratio"] = f"The largest class has {times:,} times the rows of the smallest one."
    if choice.k_neighbors != usual.k_neighbors:
        few = f"the smallest class keeps about {min(counts)} rows in train"
        comments["resampling.k_neighbors"] = f"Less than {usual.k_neighbors}: {few}."
    return Proposal(follow(choice, usual), comments)
