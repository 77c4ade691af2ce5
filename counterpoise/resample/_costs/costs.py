"""The memory and time of each strategy, as sums of a few terms.

The terms follow the data that the code holds: the decoded columns of a row group, the points, the sampler's copies of
them, and, while the result is written, the rows of repeated and interpolated classes and the windows. Their factors
were measured (`benchmarks/preflight.py`) and are on the high side. Each strategy declares the costs of its sampler.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from counterpoise.config import ResamplingConfig
from counterpoise.resample._costs.train_facts import TrainFacts
from counterpoise.resample._neighbours.search import SEARCH_MEMORY
from counterpoise.resample._neighbours.statistics import sampled_rows
from counterpoise.resample._targets import wanted_rows
from counterpoise.runtime import format_size
from counterpoise.strategies import (
    DISTANCE,
    STRATEGIES,
    TREE_COLUMNS,
    SmoteKind,
    Strategy,
    Unchanged,
    Workload,
    search_seconds,
)
from counterpoise.table import BATCH_ROWS, batch_rows

MIB = 2**20

_START = 40 * MIB
_COLUMN = 0.4 * MIB
_POOLED_COLUMN = 0.3 * MIB
_SAMPLER_START = 60 * MIB
_WRITE_START = 175 * MIB
_DECODED = 4.4
_READING = 3.6
_FOLLOWING = 1.9
_STATISTICS = 4.7
_CODES_COPIED = 4
_POOL_BYTES = 512 * MIB
_STRETCH_WINDOWS = 4
_WORKERS = 2
_KEY_BYTES = 48
_SPARSE_START = 90 * MIB
_SPARSE_PAIR = 17
_SPARSE_PAIRS = SEARCH_MEMORY * MIB // 8

_SPARSE_DISTANCE = 4e-9
_GRAPH_STEP = 6e-7  # decision 8: 100,000 × 30 in 26 s, 200,000 × 30 in 67 s
_VALUE_WRITTEN = 2e-7
_ROW_SELECTED = 2e-7


@dataclass(frozen=True)
class Term:
    """A part of the memory, and its purpose."""

    label: str
    bytes: float


@dataclass(frozen=True)
class Costs:
    """The costs of one strategy on one table.

    Attributes:
        facts: The train rows.
        config: The strategy and its options.
    """

    facts: TrainFacts
    config: ResamplingConfig

    @cached_property
    def wanted(self) -> dict[str, int]:
        """Wanted rows by class."""
        return wanted_rows(self.facts.classes, self.config)

    @cached_property
    def growing(self) -> dict[str, int]:
        """Rows to make or repeat, of growing classes."""
        now = self.facts.classes
        return {name: number - now[name] for name, number in self.wanted.items() if number > now[name]}

    @property
    def strategy(self) -> Strategy:
        """The configured strategy."""
        return STRATEGIES[self.config.strategy]

    @property
    def added(self) -> int:
        """Rows in addition to the train rows."""
        return 0 if self.strategy.weighs else sum(self.growing.values())

    @property
    def smote_kind(self) -> SmoteKind:
        """The kind of SMOTE that suits the features."""
        return "smoten" if not self.facts.numeric else "smotenc" if self.facts.voted else "smote"

    @cached_property
    def looks_at(self) -> str:
        """The data that the strategy reads: labels, class rows or train rows."""
        sees = self.strategy.sees
        return "train rows" if sees == "class rows" and self.smote_kind == "smoten" else sees

    @property
    def votes_alone(self) -> bool:
        """Whether SMOTEN makes the rows, which uses category codes and needs no one-hot columns."""
        return self.smote_kind == "smoten" and self.strategy.votes_alone and self.strategy.family == "over"

    @property
    def counts_levels(self) -> bool:
        """Whether the number of categories matters, because each has its own column."""
        return self.looks_at == "train rows" and not self.votes_alone

    def planning(self) -> tuple[list[Term], list[Term]]:
        """Return the memory held throughout planning, and the phases, of which one at a time is added to it."""
        facts = self.facts
        held = [
            Term("libraries at work", _START),
            Term(f"labels and rows, {facts.source_rows:,}", 32 * facts.source_rows + 40 * facts.rows),
        ]
        if self.looks_at == "labels":
            after = sum(max(number, 0) for number in self.wanted.values())
            return held, [] if isinstance(self.strategy, Unchanged) else [Term(f"{after:,} chosen rows", 24 * after)]
        model = self.strategy.costs.model_bytes + self.strategy.costs.model_row_bytes * facts.rows
        held.append(Term("the sampler at work", _SAMPLER_START + model))
        if self.looks_at == "class rows":
            return held, [*self._statistics(), *self._class_rows()]
        return [*held, *self._space()], [*self._space_phases(), *self._sampler(), self._recipe()]

    def writing(self) -> tuple[list[Term], list[Term]]:
        """Return the memory held while the result is written, and its phases."""
        facts, row = self.facts, self.facts.row_bytes
        after = self._rows_after()
        most = batch_rows(row)
        windows = max(1.0, after / most)
        workers = 1 if after <= most else _WORKERS
        stretch, window = min(facts.source_rows / windows, _STRETCH_WINDOWS * most), min(after, most)
        followers = self._followers() if windows > 1 else 0
        batch = min(facts.group_rows, BATCH_ROWS) * facts.row_bytes
        held = [
            Term("libraries at work", _WRITE_START),
            Term(f"order of {after:,} rows", 30 * facts.source_rows + 40 * after),
            Term(
                f"rows read by {workers} × {1 + followers} readers, {format_size(batch)} each",
                workers * (_READING + _FOLLOWING * followers) * batch,
            ),
            Term(f"{workers} × {window:,} rows to write", workers * 2 * (stretch * row + window * (row + _KEY_BYTES))),
        ]
        pool = self._pool()
        columns = facts.numeric + facts.voted
        held.append(Term(f"buffers of {columns:,} columns", (_COLUMN + (_POOLED_COLUMN if pool else 0)) * columns))
        if pool:
            held.append(Term(f"{pool:,} rows of growing classes", 2.2 * pool * row))
        if self.added and self.looks_at != "labels":
            held.append(Term(f"recipe of {self.added:,} rows", self.added * (32 + facts.voted_bytes) * 1.5))
        return held, []

    def seconds(self) -> float:
        """Return the approximate time of planning and writing."""
        facts = self.facts
        written = (facts.source_rows - facts.rows + self._rows_after()) * (facts.numeric + facts.voted + 2)
        selected = _ROW_SELECTED * (facts.source_rows + 2 * facts.rows)
        return 1 + _VALUE_WRITTEN * written + selected + self._searching()

    def _rows_after(self) -> int:
        return self.added + sum(min(number, self.facts.classes[name]) for name, number in self.wanted.items())

    def _followers(self) -> int:
        """Return how many classes are read along with the source because they are not held in memory."""
        return len(self.facts.classes) - (len(self.growing) if self._pool() else 0)

    def _pool(self) -> int:
        """Return the rows of growing classes that writing holds; repeated ones only while they fit."""
        rows = sum(self.facts.classes[name] for name in self.growing)
        if not self.added:
            return 0
        repeats = self.looks_at == "labels"
        return 0 if repeats and rows * self.facts.row_bytes > 2 * _POOL_BYTES else rows

    def _decoding(self, width: float) -> float:
        return _DECODED * self.facts.group_rows * width

    def _statistics(self) -> Iterator[Term]:
        facts = self.facts
        rows = min(facts.rows, sampled_rows(facts.numeric))
        sample = 8 * rows * facts.numeric
        if facts.numeric:
            reading = self._decoding(facts.numeric_bytes) + sample
            label = f"medians and deviations of {rows:,} × {facts.numeric} numbers"
            yield Term(label, max(reading, _STATISTICS * sample))

    def _class_rows(self) -> Iterator[Term]:
        facts = self.facts
        largest = max((facts.classes[name] for name in self.growing), default=0)
        width = facts.numeric_bytes + facts.voted_bytes
        yield Term(f"{largest:,} rows of a class, read", self._decoding(width) + 2 * largest * width)
        held = largest * (40 * facts.numeric + 60 * facts.voted + 16 * self.config.k_neighbors)
        label = f"points {largest:,} × {facts.numeric} float64 five times"
        if facts.voted:
            held += _SPARSE_START + _SPARSE_PAIR * min(largest**2, _SPARSE_PAIRS)
            label += f", {facts.voted} categories and their distances"
        yield Term(label, held + self._recipe().bytes)

    def _recipe(self) -> Term:
        facts = self.facts
        width = 56 + 8 * self.config.k_neighbors + 32 * facts.voted + facts.voted_bytes
        return Term(f"recipe of {self.added:,} rows", self.added * width)

    def _space(self) -> Iterator[Term]:
        facts = self.facts
        if not self.votes_alone:
            yield Term(f"points {facts.rows:,} × {facts.columns:,} float64", self._points())
        if facts.voted:
            yield Term(f"category codes {facts.rows:,} × {facts.voted}", 8 * facts.rows * facts.voted)

    def _points(self) -> float:
        return 0.0 if self.votes_alone else 8.0 * self.facts.rows * self.facts.columns

    def _space_phases(self) -> Iterator[Term]:
        facts = self.facts
        numbers = 8 * facts.rows * facts.numeric
        if facts.voted:
            read = self._decoding(facts.voted_bytes) + facts.rows * (2 * facts.voted_bytes + 16 * facts.voted)
            yield Term(f"{facts.voted} categories read", read - min(read, self._points()))
        if numbers:
            yield Term(f"{facts.numeric} numbers read", self._decoding(facts.numeric_bytes))
            yield Term(f"numbers {facts.rows:,} × {facts.numeric} scaled, three times", 3.2 * numbers)
        yield from self._statistics()

    def _sampler(self) -> Iterator[Term]:
        facts, strategy = self.facts, self.strategy
        largest = max((facts.classes[one] for one in self.growing), default=0)
        if self.smote_kind == "smoten" and strategy.votes_alone:
            label, needed = f"distances {largest:,} × {largest:,} float64 three times", 24.0 * largest**2
            if self.votes_alone:
                copies = _CODES_COPIED * 8.0 * facts.rows * facts.voted
                yield Term(f"{label}, category codes {_CODES_COPIED} times", needed + copies)
                return
            yield Term(label, needed)
        points = self._points()
        if strategy.family == "combine":
            points *= 1 + self.added / max(1, facts.rows)
        copies = strategy.costs.copies + (1 if facts.columns <= TREE_COLUMNS else 0)
        yield Term(f"copies of the points, {copies:.1f} times", copies * points + self._neighbour_lists())

    def _neighbour_lists(self) -> float:
        """Return the bytes of the neighbours that are found."""
        rows, least = self.facts.rows, min(self.facts.classes.values())
        options = self.config.sampler_options()
        return 16.0 * rows * self.strategy.listed(options, k_neighbors=self.config.k_neighbors, least=least)

    def _searching(self) -> float:
        """Return the seconds of neighbour searches and models."""
        facts = self.facts
        if self.looks_at == "labels":
            return 0.0
        classes = [facts.classes[one] for one in self.growing]
        own = sum(self._search_within(number) for number in classes)
        if self.looks_at == "class rows":
            return own
        if self.votes_alone:
            return sum(4 * DISTANCE * number**2 * facts.voted * 10 for number in classes)
        load = Workload(
            rows=facts.rows, columns=facts.columns, least=min(facts.classes.values()), growing=sum(classes),
            wanted=sum(self.wanted.values()), added=self.added,
        )  # fmt: skip
        return own + self.strategy.costs.seconds(load)

    def _search_within(self, rows: int) -> float:
        """Return the seconds of a search within a class, by SMOTE or the variants that start like it."""
        facts, strategy = self.facts, self.strategy
        columns = facts.numeric + facts.voted
        if strategy.approximates and self.config.neighbor_search == "approximate" and self.smote_kind != "smoten":
            return _GRAPH_STEP * rows * math.log2(rows + 1) * max(facts.columns, columns)
        if facts.voted and strategy.approximates:
            return _SPARSE_DISTANCE * rows**2 * columns
        return search_seconds(rows, rows, facts.columns if self.looks_at == "train rows" else columns)
