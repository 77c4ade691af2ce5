"""Profile a source, two columns in parallel and one row group at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from counterpoise.config import ColumnsConfig, SplitConfig
from counterpoise.drift._distribution import bin_codes, describe_values, design_effect, effect_of_a_file
from counterpoise.drift._records import ColumnUnits, Distribution, FeatureProfile, SourceProfile, UnitEffect
from counterpoise.drift._row_sample import key_rows, sample_rows, stored_sample
from counterpoise.drift._units import count_units, find_units, unit_effect
from counterpoise.records import ClassCounts, Snapshot
from counterpoise.runtime import child_generator, thread_pool
from counterpoise.table import Labels, SnapshotReader, SourceTable, to_series
from counterpoise.typing import Ints, Mask

_SAMPLE = 100_000
_DESCRIBED_CLASS = 100
_WORKERS = 2
_PARTS = 20_000
"""The maximum number of files to list; with more, one additional file is negligible growth."""


@dataclass(frozen=True)
class _ProfiledRows:
    """Sampled snapshot rows in ascending order, the rows that they represent, and the source file and unit of each."""

    rows: Ints
    members: Mask | None = None
    files: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    units: Ints | None = None

    def within(self, first: int, number: int) -> Ints:
        """Return the rows in a stretch of the snapshot, relative to its first row."""
        low, high = np.searchsorted(self.rows, [first, first + number])
        return self.rows[low:high] - first


@dataclass(frozen=True)
class _Described:
    """The distribution of a column's values in a sample, if they can be compared, and the effect of units on it."""

    distribution: Distribution | None
    units: UnitEffect = field(default_factory=UnitEffect)


def profile_source(snapshot: Snapshot, columns: ColumnsConfig, split: SplitConfig) -> SourceProfile:
    """Return the profile of a snapshot: schema, classes, and each feature overall and within the minority class.

    Missing values are counted over all rows; distributions use at most 100,000 evenly spread rows.

    Args:
        snapshot: The source.
        columns: The roles of its columns.
        split: Says which rows belong together and so are not independent.

    Raises:
        ColumnNotFoundError: A configured column is not in the snapshot.
    """
    source = SourceTable(snapshot, columns)
    labels = source.labels
    minority = described_minority(labels.counts())
    members = labels.codes == labels.classes.index(minority) if minority else None
    units, codes = find_units(snapshot, columns, split.duplicates) or (None, None)
    samples = [
        replace(one, files=_files_of(snapshot, one.rows), units=None if codes is None else codes[one.rows])
        for one in _samples(labels, members)
    ]
    with thread_pool(_WORKERS) as pool:
        described = list(pool.map(partial(_profile_column, snapshot, samples), source.roles.features))
    features, effects = [one for one, _ in described], [own for _, own in described]
    if units is not None and codes is not None:
        units = units.model_copy(
            update={
                "minority": units.minority if members is None else count_units(codes[members]),
                "classes": unit_effect(labels.codes[samples[0].rows], codes[samples[0].rows]),
                "columns": {one.name: own for one, own in zip(features, effects, strict=True) if own != ColumnUnits()},
            }
        )
    return SourceProfile(
        rows=snapshot.rows,
        columns=snapshot.columns,
        unused=columns.drop,
        target=source.roles.target,
        classes=labels.counts(),
        classes_effect=design_effect(labels.codes[samples[0].rows]),
        classes_of_a_file=effect_of_a_file(labels.codes[samples[0].rows], samples[0].files),
        minority=minority,
        features=tuple(features),
        parts=snapshot.parts if len(snapshot.parts) <= _PARTS else (),
        row_sample=stored_sample(sample_rows(snapshot, columns)),
        key_sample=stored_sample(key_rows(snapshot, columns)),
        units=units,
    )


def described_minority(counts: ClassCounts) -> str:
    """Return the smallest class with at least 100 rows, unless it is the only one; then an empty string.

    >>> described_minority({"a": 5_000, "b": 300, "c": 7})
    'b'
    """
    large = {name: rows for name, rows in counts.items() if rows >= _DESCRIBED_CLASS}
    smallest = min(large, key=lambda name: (large[name], name), default="")
    return smallest if len(large) > 1 else ""


def _samples(labels: Labels, members: Mask | None) -> list[_ProfiledRows]:
    """Return a sample of all rows and, if there is one, of the minority class."""
    overall = _ProfiledRows(_spread(np.arange(len(labels.codes))))
    return [overall] if members is None else [overall, _ProfiledRows(_spread(np.flatnonzero(members)), members)]


def _files_of(snapshot: Snapshot, rows: Ints) -> Ints:
    """Return the source file of each row as a number from 0 on; all the same if the files are unknown."""
    ends = np.cumsum([part.rows for part in snapshot.parts], dtype=np.int64)
    known = len(ends) and ends[-1] == snapshot.rows
    return np.searchsorted(ends, rows, side="right") if known else np.zeros(len(rows), np.int64)


def _spread(rows: Ints) -> Ints:
    """Return one random row from each of many equal stretches, so that alternating rows cannot escape the sample."""
    if len(rows) <= _SAMPLE:
        return rows
    edges = np.linspace(0, len(rows), _SAMPLE + 1).astype(np.int64)
    offsets = child_generator(0, "profile").random(_SAMPLE) * np.diff(edges)
    return rows[edges[:-1] + offsets.astype(np.int64)]


def _profile_column(
    snapshot: Snapshot, samples: Sequence[_ProfiledRows], name: str
) -> tuple[FeatureProfile, ColumnUnits]:
    """Describe one column in each sample, reading it only once."""
    chunks: list[list[pa.ChunkedArray]] = [[] for _ in samples]
    flags: list[list[Mask]] = [[np.zeros(0, np.bool_)] for _ in samples]
    missing, rows = np.zeros(len(samples), np.int64), np.zeros(len(samples), np.int64)
    for first, table in SnapshotReader(snapshot).iter_groups([name]):
        column = table.column(0)
        absent = _absent(column)
        for index, sample in enumerate(samples):
            sampled = sample.within(first, len(column))
            chunks[index].append(column.take(pa.array(sampled)))
            flags[index].append(absent[sampled])
            members = None if sample.members is None else sample.members[first : first + len(column)]
            missing[index] += int(absent.sum() if members is None else absent[members].sum())
            rows[index] += len(column) if members is None else int(members.sum())
    described = [_describe(parts, sample) for parts, sample in zip(chunks, samples, strict=True)]
    absences = [np.concatenate(parts) for parts in flags]
    profile = _feature(name, tuple(zip(rows.tolist(), missing.tolist(), strict=True)), absences, described, samples)
    return profile, _column_units(absences, described, samples)


def _feature(
    name: str, counts: Sequence[tuple[int, int]], absences: Sequence[Mask], described: Sequence[_Described],
    samples: Sequence[_ProfiledRows],
) -> FeatureProfile:  # fmt: skip
    """Return the profile of a column from its rows and missing values, and what was found in each sample."""
    effects = [design_effect(one) for one in absences]
    of_a_file = [effect_of_a_file(one, sample.files) for one, sample in zip(absences, samples, strict=True)]
    overall = FeatureProfile(
        name=name, rows=counts[0][0], missing=counts[0][1], missing_effect=effects[0],
        missing_of_a_file=of_a_file[0], distribution=described[0].distribution,
    )  # fmt: skip
    if len(samples) == 1:
        return overall
    return overall.model_copy(
        update={
            "minority_rows": counts[1][0],
            "minority_missing": counts[1][1],
            "minority_missing_effect": effects[1],
            "minority_missing_of_a_file": of_a_file[1],
            "minority": described[1].distribution,
        }
    )


def _column_units(
    absences: Sequence[Mask], described: Sequence[_Described], samples: Sequence[_ProfiledRows]
) -> ColumnUnits:
    """Return the effects of units on a column; without effect if rows are independent.

    Where the minority is constant, or none of its values is missing, as in a small one by chance, units are as alike as
    in all rows.
    """
    if samples[0].units is None:
        return ColumnUnits()
    found = ColumnUnits(values=described[0].units, missing=unit_effect(absences[0], samples[0].units))
    if len(samples) == 1 or samples[1].units is None:
        return found
    minority, values = described[1].units, described[1].distribution
    if values is not None and values.constant:
        minority = minority.model_copy(update={"effect": found.values.for_size(minority.size)})
    missing = unit_effect(absences[1], samples[1].units, constant=found.missing)
    return found.model_copy(update={"minority": minority, "minority_missing": missing})


def _absent(column: pa.ChunkedArray) -> Mask:
    """Return which values are null or NaN."""
    nan_too = pa.types.is_floating(column.type)
    return np.asarray(pc.is_null(column, nan_is_null=nan_too).to_numpy(), dtype=np.bool_)


def _describe(parts: Sequence[pa.ChunkedArray], sample: _ProfiledRows) -> _Described:
    chunks = [chunk for part in parts for chunk in part.chunks]
    if not chunks:
        return _Described(None)
    values = to_series(pa.chunked_array(chunks))
    found = describe_values(values)
    if found is None:
        return _Described(None)
    present = values.notna().to_numpy()
    bins = bin_codes(values[present], found)
    units = UnitEffect() if sample.units is None else unit_effect(bins, sample.units[present])
    if not found.counter:
        found = found.model_copy(update={"of_a_file": effect_of_a_file(bins, sample.files[present])})
    return _Described(found, units)
