"""What each strategy needs of memory and time, as sums of a few terms.

The terms follow what the code holds: the columns of a row group while they are decoded, the points, the copies that the
sampler makes of them, and, when the result is written, the rows of repeated and interpolated classes and the windows.
Their factors were measured (`benchmarks/preflight.py`) and lean to the high side. Seconds are coarse: a search for
neighbours is taken for as many distances as it may need, at what one cost on two cores.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from counterpoise.config import STRATEGIES, ResamplingConfig
from counterpoise.resample._costs.train_facts import TrainFacts
from counterpoise.resample._neighbours.search import SEARCH_MEMORY
from counterpoise.resample._neighbours.statistics import sampled_rows
from counterpoise.resample._targets import wanted_rows
from counterpoise.runtime import format_size
from counterpoise.table import BATCH_ROWS, batch_rows

__all__ = ["Costs", "Term"]

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
_TREE_COLUMNS = 15
_KEY_BYTES = 48
_SPARSE_START = 90 * MIB
_SPARSE_PAIR = 17
_SPARSE_PAIRS = SEARCH_MEMORY * MIB // 8

_COPIES: Mapping[str, float] = {
    "adasyn": 0.3,
    "borderline_smote": 2.3,
    "svm_smote": 3.3,
    "kmeans_smote": 3.3,
    "near_miss": 2.0,
    "tomek_links": 1.3,
    "condensed_nearest_neighbour": 2.3,
    "edited_nearest_neighbours": 2.3,
    "repeated_edited_nearest_neighbours": 3.3,
    "all_knn": 3.3,
    "one_sided_selection": 3.3,
    "neighbourhood_cleaning_rule": 3.3,
    "instance_hardness_threshold": 3.3,
    "cluster_centroids": 3.3,
    "smote_enn": 2.5,
    "smote_tomek": 2.5,
}
"""How often a sampler copies the points, at its peak."""

_MODELS: Mapping[str, tuple[int, int]] = {
    "kmeans_smote": (110 * MIB, 100),
    "svm_smote": (200 * MIB, 100),
    "instance_hardness_threshold": (40 * MIB, 1500),
    "cluster_centroids": (40 * MIB, 100),
}
"""What the model inside a sampler takes: bytes at all, and bytes a row."""

_DISTANCE = 1.5e-10
_TREE_DISTANCE = 6e-10
_SPARSE_DISTANCE = 4e-9
_GRAPH_STEP = 6e-7  # decision 8: 100,000 × 30 in 26 s, 200,000 × 30 in 67 s
_VALUE_WRITTEN = 2e-7
_ROW_SELECTED = 2e-7
_ROW_PREDICTED = 2e-3
_NODE = 4e-7


@dataclass(frozen=True)
class Term:
    """A part of what is needed, and what it is for."""

    label: str
    bytes: float


@dataclass(frozen=True)
class Costs:
    """What one strategy needs for one table.

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
        """Rows to be made or repeated, of classes that should grow."""
        now = self.facts.classes
        return {name: number - now[name] for name, number in self.wanted.items() if number > now[name]}

    @property
    def added(self) -> int:
        """Rows that come on top of the train rows."""
        return 0 if self.config.strategy == "weights" else sum(self.growing.values())

    @property
    def smote_kind(self) -> str:
        """Which SMOTE suits the features."""
        return "smoten" if not self.facts.numeric else "smotenc" if self.facts.voted else "smote"

    @cached_property
    def looks_at(self) -> str:
        """What the strategy reads: labels, class rows or train rows."""
        sees = STRATEGIES[self.config.strategy].sees
        return "train rows" if sees == "class rows" and self.smote_kind == "smoten" else sees

    @property
    def votes_alone(self) -> bool:
        """Whether rows are made by SMOTEN, which goes by category codes and needs no column a category."""
        return self.smote_kind == "smoten" and self.config.strategy in ("smote", "smoten")

    @property
    def counts_levels(self) -> bool:
        """Whether the number of categories matters: where each has a column of its own."""
        return self.looks_at == "train rows" and not self.votes_alone

    def planning(self) -> tuple[list[Term], list[Term]]:
        """Return what the plan holds throughout, and the phases of which one at a time comes on top."""
        facts = self.facts
        held = [
            Term("libraries at work", _START),
            Term(f"labels and rows, {facts.source_rows:,}", 32 * facts.source_rows + 40 * facts.rows),
        ]
        if self.looks_at == "labels":
            after = sum(max(number, 0) for number in self.wanted.values())
            return held, [] if self.config.strategy == "none" else [Term(f"{after:,} chosen rows", 24 * after)]
        own, a_row = _MODELS.get(self.config.strategy, (0, 0))
        held.append(Term("the sampler at work", _SAMPLER_START + own + a_row * facts.rows))
        if self.looks_at == "class rows":
            return held, [*self._statistics(), *self._class_rows()]
        return [*held, *self._space()], [*self._space_phases(), *self._sampler(), self._recipe()]

    def writing(self) -> tuple[list[Term], list[Term]]:
        """Return what is held while the result is written, and its phases."""
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
        """Return about how long planning and writing take."""
        facts = self.facts
        written = (facts.source_rows - facts.rows + self._rows_after()) * (facts.numeric + facts.voted + 2)
        selected = _ROW_SELECTED * (facts.source_rows + 2 * facts.rows)
        return 1 + _VALUE_WRITTEN * written + selected + self._searching()

    def _rows_after(self) -> int:
        return self.added + sum(min(number, self.facts.classes[name]) for name, number in self.wanted.items())

    def _followers(self) -> int:
        """Return how many classes are read along with the source: those that are not held."""
        return len(self.facts.classes) - (len(self.growing) if self._pool() else 0)

    def _pool(self) -> int:
        """Return the rows of growing classes, which writing holds; of repeated ones only while they fit."""
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
        facts, name = self.facts, self.config.strategy
        largest = max((facts.classes[one] for one in self.growing), default=0)
        if self.smote_kind == "smoten" and name in ("smote", "smoten", "smote_enn", "smote_tomek"):
            label, needed = f"distances {largest:,} × {largest:,} float64 three times", 24.0 * largest**2
            if self.votes_alone:
                copies = _CODES_COPIED * 8.0 * facts.rows * facts.voted
                yield Term(f"{label}, category codes {_CODES_COPIED} times", needed + copies)
                return
            yield Term(label, needed)
        points = self._points()
        if STRATEGIES[name].family == "combine":
            points *= 1 + self.added / max(1, facts.rows)
        tree = 1 if facts.columns <= _TREE_COLUMNS else 0
        copies = _COPIES.get(name, 2.3) + tree
        yield Term(f"copies of the points, {copies:.1f} times", copies * points + self._neighbour_lists())

    def _neighbour_lists(self) -> float:
        """Return the bytes of neighbours found: mostly few a row, but all of the smallest class for NearMiss."""
        rows, least = self.facts.rows, min(self.facts.classes.values())
        options: Mapping[str, Any] = self.config.sampler_options()
        if self.config.strategy == "near_miss" and options.get("version") == 2:
            return 32.0 * rows * least
        near = int(options.get("n_neighbors", self.config.k_neighbors)) + int(options.get("m_neighbors", 10))
        return 16.0 * rows * near

    def _searching(self) -> float:
        """Return the seconds of neighbour searches and models."""
        facts, name = self.facts, self.config.strategy
        rows, columns = facts.rows, facts.columns
        if self.looks_at == "labels":
            return 0.0
        classes = [facts.classes[one] for one in self.growing]
        own = sum(self._search_within(number) for number in classes)
        if self.looks_at == "class rows":
            return own
        if self.votes_alone:
            return sum(4 * _DISTANCE * number**2 * facts.voted * 10 for number in classes)
        everything = _search(rows, rows, columns)
        if STRATEGIES[name].family == "combine":
            return own + _search(rows + self.added, rows + self.added, columns)
        if STRATEGIES[name].family == "over":
            return own + self._oversampling(sum(classes), everything)
        return self._undersampling(everything)

    def _search_within(self, rows: int) -> float:
        """Return the seconds of a search within a class, by SMOTE or the variants that begin like it."""
        facts, strategy = self.facts, STRATEGIES[self.config.strategy]
        columns = facts.numeric + facts.voted
        if strategy.approximates and self.config.neighbor_search == "approximate" and self.smote_kind != "smoten":
            return _GRAPH_STEP * rows * math.log2(rows + 1) * max(facts.columns, columns)
        if facts.voted and strategy.approximates:
            return _SPARSE_DISTANCE * rows**2 * columns
        return _search(rows, rows, facts.columns if self.looks_at == "train rows" else columns)

    def _oversampling(self, growing: int, everything: float) -> float:
        """Return the seconds of a variant of SMOTE beyond its search within the classes."""
        facts, name = self.facts, self.config.strategy
        if name == "svm_smote":
            return 20 * _DISTANCE * facts.rows**2 * facts.columns + everything
        if name == "kmeans_smote":
            return _NODE * facts.rows * facts.columns
        return everything * growing / facts.rows * (2 if name == "borderline_smote" else 1)

    def _undersampling(self, everything: float) -> float:
        facts, name = self.facts, self.config.strategy
        rows, columns, least = facts.rows, facts.columns, min(facts.classes.values())
        shrunk = sum(self.wanted.values())
        times = {"repeated_edited_nearest_neighbours": 6, "all_knn": 3, "one_sided_selection": 2}
        special: Mapping[str, float] = {
            "condensed_nearest_neighbour": _ROW_PREDICTED * rows + 0.1 * everything * rows**0.5,
            "near_miss": _search(rows, least, columns),
            "cluster_centroids": 20 * _DISTANCE * rows * shrunk * columns,
            "instance_hardness_threshold": 100 * _NODE * rows * math.log2(rows + 2) * columns**0.5,
        }
        return special.get(name, everything * times.get(name, 1.2))


def _search(queries: float, candidates: float, columns: int) -> float:
    """Return the seconds of a search for neighbours: by a tree up to 15 columns, by all distances above."""
    if columns > _TREE_COLUMNS:
        return _DISTANCE * queries * candidates * columns
    return _TREE_DISTANCE * queries * min(candidates, 500 * 2.0**columns) * columns
