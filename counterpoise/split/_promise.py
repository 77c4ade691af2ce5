"""The guarantees of a split, checked against the keys of published rows for the leakage certificate."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise

import numpy as np
import pyarrow as pa

from counterpoise.config import ColumnsConfig, SplitConfig
from counterpoise.records import PARTITIONS
from counterpoise.split._keys import KeyRule
from counterpoise.split._known_positives import GroupTimes, Knowledge
from counterpoise.split._moments import Moments, read_moments
from counterpoise.split._near import OFFSETS, Steps, near_hashes
from counterpoise.split._time_scale import TimeScale
from counterpoise.split._windows import Distances, Span
from counterpoise.table import Hashes, Labels, distinct_hashes, encode_labels, plain_values, row_hashes

_NO_HASHES = np.zeros(0, np.uint64)
NO_DISTANCES = Distances(0, 0)


@dataclass(frozen=True)
class SplitEvidence:
    """Evidence about the split from some rows of one partition.

    Attributes:
        misplaced: The number of rows whose key belongs to another partition, or that lack the time that decides.
        groups: The distinct hashes of their groups, without missing groups.
        span: Their first and last time; None if no row has one.
        distances: How far partitions must be from each other, in steps of the time column.
        outside: The number of rows outside their partition's window.
        known: What is known about their groups, if known positives leave validation and test.
        near: The distinct hashes of their features on each grid, if near-duplicates are kept together.
    """

    misplaced: int = 0
    groups: Hashes = field(default_factory=lambda: _NO_HASHES)
    span: tuple[float, float] | None = None
    distances: Distances = NO_DISTANCES
    outside: int = 0
    known: GroupTimes | None = None
    near: tuple[Hashes, ...] = ()


@dataclass(frozen=True)
class SplitPromise:
    """The guarantees of a split that the rows' keys can prove.

    Attributes:
        columns: The roles of the columns.
        config: Method, sizes, windows, gap and delay.
        seed: The run's seed.
        windows: The window of each partition as text, if windows decide.
        positive_class: The class whose known groups left validation and test.
        steps: The grids of near-duplicates by column.
    """

    columns: ColumnsConfig
    config: SplitConfig
    seed: int
    windows: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    positive_class: str = ""
    steps: Steps = field(default_factory=dict)

    @property
    def key_columns(self) -> tuple[str, ...]:
        """The columns that serve as evidence."""
        return tuple(filter(None, (*self.columns.ids, self.columns.group, self.columns.time)))

    @property
    def compares_content(self) -> bool:
        """Whether checking the split requires the rows' features."""
        return self.config.duplicates != "ignore" or self.config.method == "stable"

    @property
    def needs_labels(self) -> bool:
        """Whether checking the split requires the rows' labels."""
        return not self.config.groups_apart

    def evidence(
        self,
        partition: str,
        keys: pa.Table,
        contents: Callable[[], Hashes],
        labels: pa.ChunkedArray | None = None,
        features: Callable[[], pa.Table] | None = None,
    ) -> SplitEvidence:
        """Return the evidence from some original rows.

        Args:
            partition: The partition that contains them.
            keys: Their key columns under the names of the source.
            contents: Returns hashes of their features.
            labels: Their labels, if `needs_labels`.
            features: Returns their features; needed if near-duplicates are kept together.
        """
        if self.config.method == "time":
            return replace(self._evidence_in_time(partition, keys, labels), near=self._near(features))
        return SplitEvidence(
            misplaced=self._misplaced(partition, keys, contents), groups=self._groups(keys), near=self._near(features)
        )

    def checks(self, found: Mapping[str, Sequence[SplitEvidence]]) -> dict[str, bool]:
        """Return each guarantee and whether it holds.

        Args:
            found: The evidence from each partition.
        """
        checks = {}
        if self.columns.group and self.config.groups_apart:
            checks["partitions_disjoint_by_group"] = _disjoint(
                [[part.groups for part in parts] for parts in found.values()]
            )
        if self._keeps_near:
            checks["partitions_disjoint_by_near_content"] = all(
                _disjoint([[part.near[grid] for part in parts] for parts in found.values()])
                for grid in range(len(OFFSETS))
            )
        in_place = not any(part.misplaced for parts in found.values() for part in parts)
        if self.config.method == "stable":
            checks["partitions_by_key"] = in_place
        if self.config.method == "time":
            outside = any(part.outside for parts in found.values() for part in parts)
            checks["partitions_in_time_order"] = in_place and not outside and _in_order(found)
        if not self.config.groups_apart:
            checks["known_positives_left_out"] = _none_known(found)
        return checks

    @property
    def _keeps_near(self) -> bool:
        return self.config.duplicates == "near"

    def _near(self, features: Callable[[], pa.Table] | None) -> tuple[Hashes, ...]:
        if not self._keeps_near or features is None:
            return ()
        table = features()
        return tuple(_distinct([near_hashes(self.steps, offset)(table)]) for offset in OFFSETS)

    @cached_property
    def _rule(self) -> KeyRule:
        return KeyRule.of(self.columns, self.config, self.seed)

    def _misplaced(self, partition: str, keys: pa.Table, contents: Callable[[], Hashes]) -> int:
        if self.config.method != "stable":
            return 0
        expected = self._rule.partitions(self._rule.key_hashes(keys) if self._rule.columns else None, contents)
        return int((expected != PARTITIONS.index(partition)).sum())

    def _groups(self, keys: pa.Table) -> Hashes:
        if not self.columns.group:
            return _NO_HASHES
        known = plain_values(keys[self.columns.group]).drop_null()
        return _distinct([row_hashes(pa.table({self.columns.group: known}))])

    def _evidence_in_time(self, partition: str, keys: pa.Table, labels: pa.ChunkedArray | None) -> SplitEvidence:
        moments = read_moments(keys[self.columns.time], self.columns)
        timed = ~moments.missing
        known = moments.values[timed]
        return SplitEvidence(
            misplaced=int(moments.missing.sum()),
            groups=self._groups(keys),
            span=(known.min().item(), known.max().item()) if len(known) else None,
            distances=Distances.of(self.config, moments.scale),
            outside=int((~self._window(partition, moments.scale).holds(known)).sum()),
            known=None if labels is None or self.config.groups_apart else self._known(partition, keys, moments, labels),
        )

    def _window(self, partition: str, scale: TimeScale) -> Span:
        return Span.from_texts(self.windows.get(partition, ("", "")), scale)

    def _known(self, partition: str, keys: pa.Table, moments: Moments, labels: pa.ChunkedArray) -> GroupTimes:
        """Return the times of the rows' groups; each missing group is its own, and links nothing."""
        rows = np.asarray(plain_values(keys[self.columns.group]).is_valid()) & ~moments.missing
        encoded = encode_labels(labels)
        positive = np.isin(encoded.codes, [encoded.classes.index(self.positive_class)] if self._occurs(encoded) else [])
        delay = moments.scale.length(self.config.label_delay, field="split.delay")
        return GroupTimes.of(
            row_hashes(keys.select([self.columns.group]))[rows],
            moments.values[rows],
            positive[rows],
            knowledge=Knowledge.of(moments, start=self._window("train", moments.scale).start, delay=delay),
            trained=partition == "train",
        )

    def _occurs(self, labels: Labels) -> bool:
        return self.positive_class in labels.classes


def _in_order(found: Mapping[str, Sequence[SplitEvidence]]) -> bool:
    """Return whether each partition ends at least the distance before the next one starts."""
    spans = dict(_spans(found))
    distances = next((part.distances for parts in found.values() for part in parts), NO_DISTANCES)
    apart = [
        (spans[older][1], distances.between(older), spans[newer][0])
        for older, newer in pairwise([name for name in PARTITIONS if name in spans])
    ]
    if "train" in spans and "test" in spans:
        apart.append((spans["train"][1], distances.after_train, spans["test"][0]))
    return all((last + length <= first) if length else (last < first) for last, length, first in apart)


def _none_known(found: Mapping[str, Sequence[SplitEvidence]]) -> bool:
    """Return whether no row of validation or test belongs to a group that was known as positive by then."""
    return GroupTimes.together([part.known for parts in found.values() for part in parts]).none_known()


def _spans(found: Mapping[str, Sequence[SplitEvidence]]) -> Iterator[tuple[str, tuple[float, float]]]:
    for name in PARTITIONS:
        spans = [part.span for part in found[name] if part.span is not None]
        if spans:
            yield name, (min(first for first, _ in spans), max(last for _, last in spans))


def _disjoint(parts: Sequence[Sequence[Hashes]]) -> bool:
    """Return whether no hash occurs in two partitions."""
    distinct = [_distinct(hashes) for hashes in parts]
    return len(_distinct(distinct)) == sum(map(len, distinct))


def _distinct(hashes: Sequence[Hashes]) -> Hashes:
    return distinct_hashes(np.concatenate([_NO_HASHES, *hashes]))
