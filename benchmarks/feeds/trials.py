"""Every breakage and twenty untouched subsets of a table, each delivered and judged."""

from __future__ import annotations

import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .breakages import BREAKAGES, Breakage
from .delivery import Dataset, Reaction, deliver, publish
from .tables import read_feed, written

__all__ = ["BreakageResult", "SubsetResult", "TableResult", "said_of", "try_breakage", "try_table"]

_KEPT = 0.9


@dataclass(frozen=True)
class BreakageResult:
    """What a breakage met with.

    Attributes:
        title: The breakage.
        status: `stopped`, `warned`, `missed` or `impossible`.
        named: Whether what was said names the cause.
        said: The reason it is impossible, or what was said, shortened.
    """

    title: str
    status: str
    named: bool
    said: str


@dataclass(frozen=True)
class SubsetResult:
    """What random subsets of the good feed met with: how many stopped or warned, and what each alarm was about."""

    stopped: int
    warned: int
    alarms: dict[str, int]


class Breakages:
    """What counts the breakages of a result."""

    breakages: list[BreakageResult]

    @property
    def possible(self) -> int:
        """How many breakages the table can have."""
        return sum(one.status != "impossible" for one in self.breakages)

    @property
    def named(self) -> int:
        """How many were caught with their cause named."""
        return sum(one.named for one in self.breakages)


@dataclass(frozen=True)
class TableResult(Breakages):
    """A table's results."""

    table: str
    rows: int
    usual: list[str]
    breakages: list[BreakageResult]
    subsets: SubsetResult
    seconds: float


def try_table(name: str, *, data: Path, subsets: int, seed: int) -> TableResult:
    """Publish a table's good feed, then deliver it broken in every way, and subsets of it."""
    start = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="broken-feeds-") as folder:
        dataset = publish(read_feed(name, data, seed=seed), name=name, folder=Path(folder))
        return TableResult(
            table=name,
            rows=len(dataset.feed.rows),
            usual=sorted(" on ".join([kind, ", ".join(columns)]) for kind, columns in dataset.usual),
            breakages=list(_try_breakages(dataset, name)),
            subsets=_try_subsets(dataset, subsets),
            seconds=round(time.perf_counter() - start, 1),
        )


def _try_breakages(dataset: Dataset, table: str) -> Iterator[BreakageResult]:
    for number, breakage in enumerate(BREAKAGES, start=1):
        result = try_breakage(breakage, dataset)
        print(f"{table} {number}: {result.title}: {result.status}{', named' * result.named}", file=sys.stderr)
        yield result


def try_breakage(breakage: Breakage, dataset: Dataset) -> BreakageResult:
    """Deliver the feed broken in one way."""
    if obstacle := breakage.obstacle(dataset.feed):
        return BreakageResult(breakage.title, "impossible", named=False, said=obstacle)
    reaction = deliver(dataset, breakage.delivery(dataset.feed))
    named = breakage.cause_in(dataset.feed).is_named_by(reaction.alarms, dataset.names)
    status = "missed" if reaction.status == "passed" else reaction.status
    return BreakageResult(breakage.title, status, named, said_of(reaction))


def _try_subsets(dataset: Dataset, number: int) -> SubsetResult:
    reactions = list(_reactions(dataset, number))
    told = Counter(" on ".join([kind, columns]) for one in reactions for kind, columns in _subjects(one))
    return SubsetResult(
        stopped=sum(one.status == "stopped" for one in reactions),
        warned=sum(one.status == "warned" for one in reactions),
        alarms=dict(told.most_common()),
    )


def _reactions(dataset: Dataset, number: int) -> Iterator[Reaction]:
    for each in range(number):
        subset = dataset.feed.rows.sample(frac=_KEPT, random_state=dataset.feed.seed + each).sort_index()
        yield deliver(dataset, written(subset))


def _subjects(reaction: Reaction) -> set[tuple[str, str]]:
    return {(alarm.kind, ", ".join(alarm.columns)) for alarm in reaction.alarms}


def said_of(reaction: Reaction) -> str:
    """Return the error, or else the warnings, as text."""
    if reaction.message:
        return reaction.message
    return "; ".join(f"{one.kind} on {', '.join(one.columns) or 'the table'}: {one.text}" for one in reaction.alarms)
