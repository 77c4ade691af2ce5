"""Recompute what a split by time says about itself: its windows, and which groups were known as positive."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from counterpoise.config import BalanceConfig
from counterpoise.persist import ManifestSplit
from counterpoise.records import PARTITIONS
from counterpoise.split import (
    EXCLUSION_REASONS,
    LEARNING,
    Knowledge,
    LabelledRows,
    Moments,
    Span,
    group_codes,
    read_moments,
    resolve_windows,
)
from counterpoise.table import Labels, encode_labels

Found = Iterator[tuple[str, Any, Any]]

_AFTER_KNOWLEDGE = ("equal_elsewhere", "rare_class")
"""Reasons that the split looks for after known positives; the others come before."""


@dataclass(frozen=True)
class SplitRows:
    """The usable rows of the source: those published, and those that the split excluded.

    Attributes:
        config: The configuration.
        published: Key columns and label of the original rows, by partition.
        excluded: The same columns of the excluded rows.
        reasons: The reason of each excluded row.
    """

    config: BalanceConfig
    published: Mapping[str, pa.Table]
    excluded: pa.Table
    reasons: npt.NDArray[np.str_]

    @classmethod
    def of(cls, config: BalanceConfig, published: Mapping[str, pa.Table], rejected: pa.Table | None) -> SplitRows:
        """Gather the rows.

        Args:
            config: The configuration.
            published: Key columns and label of the original rows, by partition.
            rejected: The stored rejects: row number and reason come first.
        """
        names = next(iter(published.values())).schema.names
        if rejected is None:
            return cls(config, published, next(iter(published.values())).slice(0, 0), np.array([], np.str_))
        own = rejected.filter(pc.is_in(rejected.column(1), pa.array(EXCLUSION_REASONS)))
        reasons = own.column(1).to_numpy(zero_copy_only=False).astype(np.str_)
        return cls(config, published, own.select(names), reasons)

    @cached_property
    def where(self) -> npt.NDArray[np.str_]:
        """The partition of each row, or the reason why it has none."""
        parts = [np.full(table.num_rows, name) for name, table in self.published.items()]
        return np.concatenate([*parts, self.reasons])

    @cached_property
    def moments(self) -> Moments:
        """The times of all rows."""
        columns = self.config.columns
        return read_moments(self._column(columns.time), columns)

    @cached_property
    def labels(self) -> Labels:
        """The labels of all rows."""
        return encode_labels(self._column(self.config.columns.target))

    @property
    def groups(self) -> npt.NDArray[np.int64]:
        """One code per row, equal for rows of one group."""
        return group_codes(self._column(self.config.columns.group))

    def _column(self, name: str) -> pa.ChunkedArray:
        parts = [*self.published.values(), self.excluded]
        kind = parts[0].schema.field(name).type
        kind = kind.value_type if pa.types.is_dictionary(kind) else kind
        return pa.chunked_array([chunk for part in parts for chunk in part[name].cast(kind).chunks], kind)


def time_facts(split: ManifestSplit, rows: SplitRows) -> Found:
    """Yield what the split says about times, as stated and as recomputed."""
    yield "split.spans", split.spans, dict(_spans(rows))
    if rows.config.split.test:
        yield from _window_facts(split, rows)
    if not rows.config.split.groups_apart:
        yield from _known_positive_facts(split, rows)


def _spans(rows: SplitRows) -> Iterator[tuple[str, tuple[str, str]]]:
    """Yield the first and last time of each partition as text."""
    moments = rows.moments
    for name in PARTITIONS:
        known = moments.values[(rows.where == name) & ~moments.missing]
        if len(known):
            yield name, (moments.text(known.min().item()), moments.text(known.max().item()))


def _window_facts(split: ManifestSplit, rows: SplitRows) -> Found:
    """Yield the windows as stated and as they follow from the configuration and the last row."""
    moments = rows.moments
    known = moments.values[~moments.missing]
    found = resolve_windows(rows.config.split, moments.scale, known.max().item())
    for name, span in found.items():
        parts = PARTITIONS[:2] if name == LEARNING else (name,)
        stated = split.windows.get(parts[0], ("", ""))[0], split.windows.get(parts[-1], ("", ""))[1]
        yield f"the window of {name}", stated, span.texts(moments.scale)


def _known_positive_facts(split: ManifestSplit, rows: SplitRows) -> Found:
    """Yield the class of interest, and whether exactly the rows of known groups left validation and test."""
    labels, wanted = rows.labels, rows.config.evaluation.positive_class
    if not wanted:
        counts = [*labels.counts().values()]
        wanted = labels.classes[int(counts[1] <= counts[0])]
    yield "split.positive_class", split.positive_class, wanted
    if split.positive_class not in labels.classes:
        return
    moments, where = rows.moments, rows.where
    timed = ~moments.missing
    validated = where == "validation"
    before = moments.values < moments.values[validated].min()
    trained = (where == "train") | (np.isin(where, _AFTER_KNOWLEDGE) & before)
    scale = moments.scale
    knowledge = Knowledge.of(
        moments,
        start=Span.from_texts(split.windows.get("train", ("", "")), scale).start,
        delay=scale.length(rows.config.split.label_delay, field="split.delay"),
    )
    positive = labels.codes == labels.classes.index(split.positive_class)
    groups = group_codes(rows.groups[timed].astype(np.uint64))
    known = knowledge.known(LabelledRows(moments.values[timed], groups, positive[timed], trained[timed]))
    left = where[timed] == "known_positive"
    stays = np.isin(where[timed], PARTITIONS[1:])
    yield "that no known positive is in validation or test", True, not known[stays].any()
    yield "that only known positives were left out as such", True, bool(known[left].all())
    yield "the rows left out as known positives", split.apart.get("known_positive", 0), int(left.sum())
