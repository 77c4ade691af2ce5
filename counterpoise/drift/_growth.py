"""Detect whether a source has grown since a version was published: find its earlier rows and where rows were added."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from counterpoise.config import ColumnsConfig
from counterpoise.drift._records import RowSample, SourceProfile
from counterpoise.drift._row_sample import SampledRows, key_rows, sample_rows, stored_hashes
from counterpoise.records import Snapshot, SourcePart
from counterpoise.table import Hashes
from counterpoise.typing import Ints, Mask

Stretch = tuple[int, int]

_GROWING_SHARE = 0.75
"""The share of the earlier rows that must be found again for a source to count as growing."""
_REWRITTEN_SHARE = 0.1
"""The same for a source whose files have all changed but kept their names."""
_FEWEST_SAMPLED = 10
_PLACES = 8
_SHORT = 40
_COINCIDENCE = 14.0
_LONGEST_COINCIDENCE = 700
"""A run of added rows in a sample counts if it is this long, or if its probability by chance is below exp(-14)."""


@dataclass(frozen=True)
class AddedRows:
    """Rows that were added in one place.

    Attributes:
        name: Their name in messages: their file or their row numbers.
        stretches: Ranges of rows, each as its first row and the first row after it.
        sizes: The number of rows of each added file by name; empty if the rows are not whole files.
        copies: For each added file that is a byte-for-byte copy, the file that it copies.
        repeats: How many of the rows were there before.
    """

    name: str
    stretches: tuple[Stretch, ...]
    sizes: Mapping[str, int]
    copies: Mapping[str, str]
    repeats: Repeats | None = None

    @property
    def rows(self) -> int:
        """The number of added rows."""
        return sum(stop - first for first, stop in self.stretches)


@dataclass(frozen=True)
class Growth:
    """The growth of a source.

    Attributes:
        by: The evidence: unchanged files, unchanged rows, or known identifiers.
        earlier: The number of rows before.
        lost: The number of earlier rows that were removed or changed.
        changes: A description of each earlier file that was changed or removed.
        added: The added rows by place; empty if they are scattered among the others.
        repeats: How many of all added rows were there before, unless the source grew by files.
        earlier_sizes: The number of rows of each unchanged file.
    """

    by: Literal["files", "rows", "identifiers"]
    earlier: int
    lost: int = 0
    changes: tuple[str, ...] = ()
    added: tuple[AddedRows, ...] = ()
    repeats: Repeats | None = None
    earlier_sizes: tuple[int, ...] = ()


@dataclass(frozen=True)
class _Found:
    """The earlier rows found in the sample of a delivery, and the number of rows sought."""

    rows: SampledRows
    earlier: Mask
    share: float
    sought: int


def find_growth(profile: SourceProfile, snapshot: Snapshot, columns: ColumnsConfig, *, by_key: bool) -> Growth | None:
    """Return the growth of a source since it was profiled; None if there is no evidence of growth.

    Args:
        profile: The source before.
        snapshot: The source now.
        columns: The roles of its columns.
        by_key: Whether rows with the same identifiers are the same rows even if their other values have changed.
    """
    rows = sample_rows(snapshot, columns)
    found = _look_for(profile.row_sample, rows)
    growth = _by_files(profile, snapshot, found) or _by_rows("rows", profile, found)
    if growth is None and by_key:
        growth = _by_rows("identifiers", profile, _look_for(profile.key_sample, key_rows(snapshot, columns)))
    return growth and replace(growth, added=tuple(_with_repeats(growth.added, rows)))


def _look_for(sample: RowSample | None, rows: SampledRows | None) -> _Found | None:
    """Return which sampled rows were there before; of repeated rows, the first ones count, up to the earlier number."""
    if sample is None or rows is None:
        return None
    limit = int(sample.limit)
    same, before = rows.below(limit), stored_hashes(sample)
    if same.limit < limit:
        before = before[before < np.uint64(same.limit)]
    left = Counter(before.tolist())
    earlier = np.zeros(len(same.hashes), np.bool_)
    for index in np.flatnonzero(np.isin(same.hashes, before)).tolist():
        value = int(same.hashes[index])
        earlier[index] = left[value] > 0
        left[value] -= 1
    return _Found(same, earlier, float(earlier.sum() / max(1, len(before))), len(before))


def _by_files(profile: SourceProfile, snapshot: Snapshot, found: _Found | None) -> Growth | None:
    """Return the growth of a source of several files, some of which have not changed."""
    parts, before = snapshot.parts, profile.parts
    if not before or max(len(parts), len(before)) < 2:
        return None
    kept = _kept(before, parts)
    same_names = {part.name for part in parts} & {part.name for part in before}
    if not (any(kept) or (same_names and found and found.share >= _REWRITTEN_SHARE)):
        return None
    lost = _lost(before, [part for part, stayed in zip(parts, kept, strict=True) if stayed])
    if found and _all_there(found, sum(part.rows for part in lost), profile.rows):
        lost = []
    return Growth(
        by="files",
        earlier=profile.rows,
        lost=sum(part.rows for part in lost),
        changes=tuple(_change(part, parts) for part in lost),
        added=tuple(_gathered(list(_new_files(parts, kept, before, None if lost else found)))),
        earlier_sizes=tuple(part.rows for part, stayed in zip(parts, kept, strict=True) if stayed),
    )


def _kept(before: Sequence[SourcePart], parts: Sequence[SourcePart]) -> list[bool]:
    """Return which files have the bytes of an earlier file under any name; of copies, the one with the earlier name."""
    names = {(part.sha256, part.name) for part in before}
    left = Counter(part.sha256 for part in before)
    kept = [False] * len(parts)
    for index in sorted(range(len(parts)), key=lambda index: (parts[index].sha256, parts[index].name) not in names):
        kept[index] = left[parts[index].sha256] > 0
        left[parts[index].sha256] -= 1
    return kept


def _lost(before: Iterable[SourcePart], kept: Iterable[SourcePart]) -> list[SourcePart]:
    left = Counter(part.sha256 for part in kept)
    lost = []
    for part in before:
        if left[part.sha256] <= 0:
            lost.append(part)
        left[part.sha256] -= 1
    return lost


def _all_there(found: _Found, lost: int, rows: int) -> bool:
    """Return whether the rows of changed files are still there, because the files were extended or reorganised."""
    sampled = found.sought * lost / max(1, rows)
    return found.share == 1.0 and sampled >= min(_FEWEST_SAMPLED, lost)


def _change(part: SourcePart, parts: Iterable[SourcePart]) -> str:
    now = next((one for one in parts if one.name == part.name), None)
    if now is None:
        return f"{part.name} ({part.rows:,} rows) is missing"
    rows = "" if now.rows == part.rows else f": {part.rows:,} rows before, {now.rows:,} now"
    return f"{part.name} has changed{rows}"


def _new_files(
    parts: Sequence[SourcePart], kept: Sequence[bool], before: Iterable[SourcePart], found: _Found | None
) -> Iterator[AddedRows]:
    """Yield the rows of new files and, if earlier rows were sought, the rows added to earlier files."""
    earlier = {part.name for part in before}
    owners = {part.sha256: part.name for part, stayed in zip(parts, kept, strict=True) if stayed}
    start = 0
    for part, stayed in zip(parts, kept, strict=True):
        stop = start + part.rows
        if not stayed and part.name in earlier and found:
            for stretch in _runs(found, start, stop):
                yield AddedRows(f"the rows added to {part.name}", (stretch,), {}, {})
        elif not stayed:
            copies = {part.name: owners[part.sha256]} if part.sha256 in owners else {}
            yield AddedRows(part.name, ((start, stop),), {part.name: part.rows}, copies)
            owners.setdefault(part.sha256, part.name)
        start = stop


def _gathered(added: list[AddedRows]) -> Iterator[AddedRows]:
    """Yield the additions, merging neighbours if there are too many to check one by one."""
    for some in np.array_split(np.arange(len(added)), min(len(added), _PLACES) or 1):
        group = [added[index] for index in some.tolist()]
        if len(group) == 1:
            yield group[0]
        elif group:
            yield AddedRows(
                f"{group[0].name} to {group[-1].name}",
                tuple(stretch for one in group for stretch in one.stretches),
                {name: rows for one in group for name, rows in one.sizes.items()},
                {name: copied for one in group for name, copied in one.copies.items()},
            )


def _by_rows(by: Literal["rows", "identifiers"], profile: SourceProfile, found: _Found | None) -> Growth | None:
    """Return the growth of a source that still contains its earlier rows."""
    if found is None or found.share < _GROWING_SHARE or found.rows.total <= profile.rows:
        return None
    runs = list(_runs(found, 0, found.rows.total))
    if found.share == 1.0 and len(runs) == 1 and runs[0][1] == found.rows.total:
        runs = [(profile.rows, found.rows.total)]  # all rows were added at the end, so the boundary is exact
    added = [AddedRows(f"rows {first + 1:,} to {stop:,}", ((first, stop),), {}, {}) for first, stop in runs]
    lost = round((1 - found.share) * profile.rows)
    repeats = repeats_among(found.rows.hashes, ~found.earlier, ~found.earlier)
    return Growth(by=by, earlier=profile.rows, lost=lost, added=tuple(added), repeats=repeats)


def _runs(found: _Found, start: int, stop: int) -> Iterator[Stretch]:
    """Yield the longest stretches of a delivery that contain only added rows, in order."""
    inside = (found.rows.positions >= start) & (found.rows.positions < stop)
    positions, added = found.rows.positions[inside], ~found.earlier[inside]
    fewest = 1.0 if found.rows.limit == 2**64 else _no_coincidence(float(added.mean()) if len(added) else 0.0)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], added.astype(np.int8), [0]])))
    runs = []
    for low, high in edges.reshape(-1, 2).tolist():
        first = int(positions[low - 1]) + 1 if low else start
        last = int(positions[high]) if high < len(positions) else stop
        if high - low >= fewest and last - first >= _SHORT:
            runs.append((first, last))
    yield from sorted(sorted(runs, key=lambda run: run[0] - run[1])[:_PLACES])


def _no_coincidence(share: float) -> float:
    """Return how many consecutive added rows rule out chance, given the share of added rows."""
    return min(_LONGEST_COINCIDENCE, _COINCIDENCE / -math.log(share)) if 0 < share < 1 else 1.0


def _with_repeats(added: Sequence[AddedRows], rows: SampledRows) -> Iterator[AddedRows]:
    places = [_within(rows.positions, one.stretches) for one in added]
    anywhere = np.any(places, axis=0) if places else np.zeros(len(rows.positions), np.bool_)
    for one, here in zip(added, places, strict=True):
        yield replace(one, repeats=repeats_among(rows.hashes, here, anywhere))


def _within(positions: Ints, stretches: Iterable[Stretch]) -> Mask:
    flags = np.zeros(len(positions), np.bool_)
    for first, stop in stretches:
        flags |= (positions >= first) & (positions < stop)
    return flags


_ALL_DIFFERENT = 100
"""This many rows without a repetition show that rows of the source do not repeat naturally."""


@dataclass(frozen=True)
class Repeats:
    """The number of new rows among the added rows in a sample.

    Attributes:
        rows: The number of added rows in the sample.
        new: The number of distinct rows among them that were not there before.
        expected: The number expected if they came from the same population as the earlier rows.
    """

    rows: int
    new: int
    expected: float


def repeats_among(hashes: Hashes, here: Mask, added: Mask) -> Repeats | None:
    """Return how many of the selected added rows are new; None if the sample has none of them or no earlier rows.

    Tables with few distinct rows repeat them naturally. The expected number of new rows follows from how many earlier
    rows occur once, twice and three times (Good and Toulmin, Biometrika 43, 1956). If more rows were added than existed
    before, the estimate counts only as many, so it is rather too low.

    Args:
        hashes: The hashes of a sample that contains either all copies of a row or none.
        here: Which of the sampled rows to check.
        added: Which of the sampled rows were added anywhere.
    """
    values, counts = np.unique(hashes[~added], return_counts=True)
    rows, earlier = int(here.sum()), int(counts.sum())
    if not rows or not earlier:
        return None
    different = np.unique(hashes[here])
    new = len(different) - int(np.isin(different, values).sum())
    if counts.max() == 1 and earlier >= _ALL_DIFFERENT:
        return Repeats(rows, new, float(rows))
    times = min(1.0, rows / earlier)
    once, twice, thrice = (int((counts == number).sum()) for number in (1, 2, 3))
    return Repeats(rows, new, max(0.0, once * times - twice * times**2 + thrice * times**3))
