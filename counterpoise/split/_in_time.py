"""Method `time`: the oldest rows go to train and the newest to test, by shares or by windows of the calendar."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import inf

import numpy as np

from counterpoise.config import SplitConfig
from counterpoise.records import PARTITIONS
from counterpoise.split._cuts import cut_in_time
from counterpoise.split._files import REJECTED, Partition
from counterpoise.split._in_windows import notes_on_windows, place_by_windows, rows_outside, windows_of
from counterpoise.split._known_positives import Knowledge, class_of_interest, known_positives
from counterpoise.split._leakage_removal import rows_to_exclude
from counterpoise.split._moments import Moments
from counterpoise.split._rare import exclude_absent_classes
from counterpoise.split._rows import Exclusion, Placement, SplitRows, without
from counterpoise.split._windows import Windows


@dataclass(frozen=True)
class TimeRoles:
    """The columns that matter, and the class that known positives belong to.

    Attributes:
        target: The label column.
        time: The time column.
        group: The group column; empty if there is none.
        positive_class: The class of interest; empty for the rarer one of two.
    """

    target: str
    time: str
    group: str = ""
    positive_class: str = ""


def place_in_time(rows: SplitRows, moments: Moments, *, config: SplitConfig, roles: TimeRoles) -> Placement:
    """Place rows by their time, and exclude rows that would link partitions.

    Args:
        rows: The rows.
        moments: Their times.
        config: Sizes or windows, gap, delay and policies.
        roles: The columns that matter.

    Raises:
        SplitError: There are too few distinct times, a window is impossible or empty, the gap leaves no rows for a
            partition, or a class is missing from a partition and `config.rare_classes` is `stop`.
    """
    windows = windows_of(moments, config) if config.test else {}
    placed = place_by_windows(moments, windows) if windows else _place_by_shares(moments, config)
    exclusions = (*_untimed(moments, roles.time), *_left_out(moments, placed, windows, config, roles.time))
    positive_class = "" if config.groups_apart else class_of_interest(rows, roles.positive_class)
    if positive_class:
        start = windows["train"].start if windows else -inf
        delay = moments.scale.length(config.label_delay, field="split.delay")
        exclusions += known_positives(
            rows, moments, placed, knowledge=Knowledge.of(moments, start=start, delay=delay), group=roles.group,
            positive_class=positive_class,
        )  # fmt: skip
        placed = without(placed, exclusions)
    exclusions += tuple(_tied(rows, placed, roles.group if config.groups_apart else ""))
    placed = without(placed, exclusions)
    exclusions += exclude_absent_classes(
        placed,
        rows,
        policy=config.rare_classes,
        target=roles.target,
        why="it has no rows in that period, or they were excluded",
        remedy=_remedy(exclusions, config),
    )
    placed = without(placed, exclusions)
    spans = _spans(placed, moments)
    periods = "; ".join(f"{name} {first} to {last}" for name, (first, last) in spans.items())
    notes = notes_on_windows(windows, config, moments) if windows else ()
    return Placement(
        placed,
        exclusions,
        (f"cut in time: {periods}", *notes),
        spans,
        {name: span.texts(moments.scale) for name, span in windows.items()},
        positive_class,
    )


def _place_by_shares(moments: Moments, config: SplitConfig) -> Partition:
    timed = np.flatnonzero(~moments.missing)
    gap = moments.scale.length(config.gap, field="split.gap")
    placed = np.full(len(moments.values), REJECTED, dtype=np.int8)
    placed[timed] = cut_in_time(moments.values[timed], config=config, gap=gap).partition(moments.values[timed])
    return placed


def _untimed(moments: Moments, time: str) -> Iterator[Exclusion]:
    """Yield the rows without a time."""
    missing = np.flatnonzero(moments.missing)
    if len(missing):
        yield Exclusion("no_time", time, missing, f"{len(missing):,} rows have no time and are excluded")


def _left_out(
    moments: Moments, placed: Partition, windows: Windows, config: SplitConfig, time: str
) -> Iterator[Exclusion]:
    """Yield the rows that their time leaves in no partition."""
    if windows:
        yield from rows_outside(moments, placed, windows, config=config, time=time)
        return
    within = np.flatnonzero((placed == REJECTED) & ~moments.missing)
    if len(within):
        note = f"{len(within):,} rows fall in the gap of {config.gap} before validation or test and are excluded"
        yield Exclusion("gap", time, within, note)


def _tied(rows: SplitRows, placed: Partition, group: str) -> Iterator[Exclusion]:
    """Yield the rows whose group or features also occur in a newer partition; an empty group column links no rows."""
    ties = {"group_elsewhere": rows.group if group else None, "equal_elsewhere": rows.content}
    columns = {"group_elsewhere": group, "equal_elsewhere": ""}
    notes = {
        "group_elsewhere": "belong to groups that also occur in a newer partition: they are excluded",
        "equal_elsewhere": "have the same features as rows of a newer partition: they are excluded (split.duplicates)",
    }
    known = {reason: codes for reason, codes in ties.items() if codes is not None}
    for reason, places in rows_to_exclude(placed, known).items():
        if len(places):
            note = f"{len(places):,} rows of train or validation {notes[reason]}"
            yield Exclusion(reason, columns[reason], places, note)


def _remedy(exclusions: tuple[Exclusion, ...], config: SplitConfig) -> str:
    remedy = "choose other windows or a shorter delay" if config.test else "choose other sizes or a smaller gap"
    if any(one.reason == "group_elsewhere" for one in exclusions):
        remedy += ", let groups span partitions (split.known_positives: drop)"
    return f"{remedy}, or merge classes"


def _spans(placed: Partition, moments: Moments) -> dict[str, tuple[str, str]]:
    """Return the first and the last time of each partition as text."""
    found = {}
    for number, name in enumerate(PARTITIONS):
        own = moments.values[placed == number]
        found[name] = moments.text(own.min().item()), moments.text(own.max().item())
    return found
