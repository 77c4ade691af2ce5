"""The guarantees of a split, checked against the keys of published rows for the leakage certificate."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

import numpy as np
import pyarrow as pa

from counterpoise.config import ColumnsConfig, SplitConfig
from counterpoise.records import PARTITIONS
from counterpoise.split._keys import KeyRule
from counterpoise.split._moments import gap_units, read_moments
from counterpoise.table import Hashes, distinct_hashes, row_hashes

_NO_HASHES = np.zeros(0, np.uint64)


@dataclass(frozen=True)
class SplitEvidence:
    """Evidence about the split from some rows of one partition.

    Attributes:
        misplaced: The number of rows whose key belongs to another partition, or that lack the time that decides.
        groups: The distinct hashes of their groups, without missing groups.
        span: Their first and last time; None if no row has one.
        gap: The gap between partitions in the unit of the times.
    """

    misplaced: int = 0
    groups: Hashes = field(default_factory=lambda: _NO_HASHES)
    span: tuple[float, float] | None = None
    gap: float = 0


@dataclass(frozen=True)
class SplitPromise:
    """The guarantees of a split that the rows' keys can prove.

    Attributes:
        columns: The roles of the columns.
        config: Method, sizes and gap.
        seed: The run's seed.
    """

    columns: ColumnsConfig
    config: SplitConfig
    seed: int

    @property
    def key_columns(self) -> tuple[str, ...]:
        """The columns that serve as evidence."""
        return tuple(filter(None, (*self.columns.ids, self.columns.group, self.columns.time)))

    @property
    def compares_content(self) -> bool:
        """Whether checking the split requires the rows' features."""
        return self.config.duplicates == "together" or self.config.method == "stable"

    def evidence(self, partition: str, keys: pa.Table, contents: Callable[[], Hashes]) -> SplitEvidence:
        """Return the evidence from some original rows.

        Args:
            partition: The partition that contains them.
            keys: Their key columns under the names of the source.
            contents: Returns hashes of their features.
        """
        span, untimed = self._span(keys)
        return SplitEvidence(
            misplaced=untimed + self._misplaced(partition, keys, contents),
            groups=self._groups(keys),
            span=span,
            gap=gap_units(self.config.gap, keys.schema.field(self.columns.time).type) if self.config.gap else 0,
        )

    def checks(self, found: Mapping[str, Sequence[SplitEvidence]]) -> dict[str, bool]:
        """Return each guarantee and whether it holds.

        Args:
            found: The evidence from each partition.
        """
        checks = {}
        if self.columns.group:
            groups = [_distinct([part.groups for part in parts]) for parts in found.values()]
            checks["partitions_disjoint_by_group"] = len(_distinct(groups)) == sum(map(len, groups))
        in_place = not any(part.misplaced for parts in found.values() for part in parts)
        if self.config.method == "stable":
            checks["partitions_by_key"] = in_place
        if self.config.method == "time":
            checks["partitions_in_time_order"] = in_place and _in_order(found)
        return checks

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
        known = keys.select([self.columns.group]).drop_null()
        return _distinct([row_hashes(known)])

    def _span(self, keys: pa.Table) -> tuple[tuple[float, float] | None, int]:
        """Return the first and the last time, and the number of rows without one."""
        if self.config.method != "time":
            return None, 0
        moments = read_moments(keys[self.columns.time], self.columns.time)
        known = moments.values[~moments.missing]
        span = (known.min().item(), known.max().item()) if len(known) else None
        return span, int(moments.missing.sum())


def _in_order(found: Mapping[str, Sequence[SplitEvidence]]) -> bool:
    """Return whether each partition ends at least the gap before the next one starts."""
    spans = list(_spans(found))
    gap = max(part.gap for parts in found.values() for part in parts)
    return all((last + gap <= first) if gap else (last < first) for (_, last), (first, _) in pairwise(spans))


def _spans(found: Mapping[str, Sequence[SplitEvidence]]) -> Iterator[tuple[float, float]]:
    for name in PARTITIONS:
        spans = [part.span for part in found[name] if part.span is not None]
        if spans:
            yield min(first for first, _ in spans), max(last for _, last in spans)


def _distinct(hashes: Sequence[Hashes]) -> Hashes:
    return distinct_hashes(np.concatenate([_NO_HASHES, *hashes]))
