"""Measure the quality of a version's synthetic rows on the published files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from counterpoise.config import ColumnsConfig
from counterpoise.records import Snapshot, SplitPlan
from counterpoise.resample import (
    NumericStatistics,
    category_codes,
    is_interpolated,
    numeric_matrix,
    train_statistics,
)
from counterpoise.results import ClassQuality, Projection, SyntheticQuality, ToldApart
from counterpoise.runtime import child_generator
from counterpoise.split import TrainRows, rank_of, read_order
from counterpoise.synthetic._alone import synthetic_rows_alone
from counterpoise.synthetic._column_shift import FeatureValues, column_drifts
from counterpoise.synthetic._grids import grids_in_words
from counterpoise.synthetic._neighbours import Neighbourhood, RealRows, as_points, nearness_and_distances
from counterpoise.synthetic._projection import ProjectedRows, project_rows
from counterpoise.synthetic._told_apart import ClassRows, tell_apart
from counterpoise.synthetic._train_files import PublishedTrain
from counterpoise.table import ColumnRoles, Hashes, SnapshotReader, SourceTable, read_labels
from counterpoise.typing import Ints, Mask, Matrix
from counterpoise.versions import Version

_MOST_CLASSES = 30
_MOST_COLUMNS = 200
_FEWEST_LOOKED_AT = 1_000
_PROJECTED = 4


def synthetic_quality(
    version: Version, *, snapshot: Snapshot, split: SplitPlan, columns: ColumnsConfig, seed: int
) -> SyntheticQuality | None:
    """Compare the synthetic rows of a version with the real rows of its train partition.

    Copies are counted among all rows. Nearness, distances and drift are measured on a sample, stratified by class: at
    most 5,000 synthetic rows against 50,000 real rows, fewer for very wide tables. The result depends on the rows but
    not on their order, neither in the part files nor in the source.

    Args:
        version: The published version of the snapshot.
        snapshot: The source: numbers are scaled by the statistics of its train rows.
        split: The split, which identifies the train rows.
        columns: The roles of its columns.
        seed: The run's seed, for the sample.

    Returns:
        The comparison; None if no row is synthetic.

    Raises:
        IntegrityError: A file of the version cannot be read back.
        ResamplingError: A feature has infinite values or a nested type, for which distances are undefined.
    """
    train = PublishedTrain(version, columns.target, rank_of(read_order(split)))
    if not train.synthetic.any():
        return None
    source = SourceTable(snapshot, columns)
    space = _Space(source.reader, split, source.roles)
    grids = tuple(grids_in_words(version, space.reader.schema))
    if not train.real.any():
        alone = synthetic_rows_alone(train, source, TrainRows.from_plan(split, source.labels), space.interpolated)
        return alone.model_copy(update={"grids": grids})
    sample = _draw(train, space, seed)
    names = [train.labels.classes[code] for code in sample.classes]
    classes = tuple(_class_quality(sample, code) for code in sample.classes[:_MOST_CLASSES])
    return SyntheticQuality(
        synthetic_rows=int(train.synthetic.sum()),
        synthetic_looked_at=int((~sample.real).sum()),
        real_rows=int(train.real.sum()),
        real_looked_at=int(sample.real.sum()),
        even_share=sample.even_share,
        classes=classes,
        notes=tuple(_notes(names, len(space.roles.features))),
        told_apart=tuple(_told_apart(sample, code, seed) for code in sample.classes[:_MOST_CLASSES]),
        grids=grids,
        projection=_projection(sample, seed),
    )


def _notes(names: list[str], columns: int) -> Iterator[str]:
    if len(names) > _MOST_CLASSES:
        yield f"only the {_MOST_CLASSES} classes with the most synthetic rows are shown, out of {len(names)}"
    if columns > _MOST_COLUMNS:
        yield f"of the {columns:,} columns, the {_MOST_COLUMNS} that drift most are shown for each class"


@dataclass(frozen=True)
class _Space:
    """The features by kind, and the scaling of the numeric ones."""

    reader: SnapshotReader
    split: SplitPlan
    roles: ColumnRoles

    @cached_property
    def interpolated(self) -> tuple[str, ...]:
        schema = self.reader.schema
        return tuple(name for name in self.roles.features if is_interpolated(schema.field(name), self.roles))

    @cached_property
    def voted(self) -> tuple[str, ...]:
        return tuple(name for name in self.roles.features if name not in set(self.interpolated))

    def statistics(self) -> NumericStatistics | None:
        """Return the statistics that resampling scales by: those of the source's train rows."""
        if not self.interpolated:
            return None
        train = TrainRows.from_plan(self.split, read_labels(self.reader, self.roles.target))
        return train_statistics(self.reader, train, self.interpolated)


@dataclass(frozen=True)
class _Sample:
    """The sampled rows, and the content hashes of all rows.

    Attributes:
        train: The complete train partition.
        hashes: One hash per train row, over its features.
        contents: The hash of each sampled row.
        real: Whether each sampled row is real.
        codes: The class of each sampled row.
        keys: Source row and parents of each sampled row.
        values: Their features as numbers.
        points: Their features as points of the neighbour space.
        kinds: The types of the numeric features, by name.
        voted: The levels of the other features, by name.
    """

    train: PublishedTrain
    hashes: Hashes
    contents: Hashes
    real: npt.NDArray[np.bool_]
    codes: npt.NDArray[np.int32]
    keys: pa.Table
    values: FeatureValues
    points: Matrix
    kinds: dict[str, pa.DataType]
    voted: dict[str, pa.Array]

    @cached_property
    def even_share(self) -> float:
        """The share of real rows that is available for every class."""
        there = np.bincount(self.codes[self.real])
        return float(min(there[there > 0] / np.bincount(self.train.labels.codes[self.train.real])[there > 0]))

    @cached_property
    def even(self) -> npt.NDArray[np.bool_]:
        """Sampled real rows that are among the first of their class, the same share of every class."""
        chosen = np.zeros(len(self.codes), dtype=np.bool_)
        for code in np.unique(self.codes[self.real]):
            own = np.flatnonzero(self.real & (self.codes == code))
            rows = int((self.train.real & (self.train.labels.codes == code)).sum())
            chosen[own[: max(1, round(self.even_share * rows))]] = True
        return chosen

    @cached_property
    def classes(self) -> list[int]:
        """The codes of the classes with synthetic rows, most synthetic rows first."""
        counts = np.bincount(self.train.labels.codes[self.train.synthetic])
        return [int(code) for code in np.argsort(-counts, kind="stable") if counts[code]]


def _draw(train: PublishedTrain, space: _Space, seed: int) -> _Sample:
    limits = SampleSizes.of(len(space.roles.features))
    real = choose_rows(train, train.real, most=limits.real, seed=seed, name="real")
    synthetic = choose_rows(train, train.synthetic, most=limits.synthetic, seed=seed, name="synthetic")
    chosen = np.concatenate([real, synthetic])
    scan = train.scan(space.roles.features, chosen)
    codes, levels = category_codes(scan.rows.select(list(space.voted)))
    values = FeatureValues(numeric_matrix(scan.rows.select(list(space.interpolated))), codes)
    return _Sample(
        train=train,
        hashes=scan.hashes,
        contents=scan.hashes[chosen],
        real=np.arange(len(chosen)) < len(real),
        codes=train.labels.codes[chosen],
        keys=train.key_columns(("source_row", "parent_a", "parent_b"), chosen),
        values=values,
        points=as_points(values.numbers, codes, space.statistics()),
        kinds={name: space.reader.schema.field(name).type for name in space.interpolated},
        voted=dict(zip(space.voted, levels, strict=True)),
    )


def _class_quality(sample: _Sample, code: int) -> ClassQuality:
    train, own = sample.train, sample.codes == code
    real, synthetic = np.flatnonzero(own & sample.real), np.flatnonzero(own & ~sample.real)
    looked_at = real[: max(len(synthetic), _FEWEST_LOOKED_AT)]
    nearness, distances = nearness_and_distances(_neighbourhood(sample, code, real, synthetic, len(looked_at)))
    drift = column_drifts(
        sample.values.take(looked_at),
        sample.values.take(synthetic),
        interpolated=tuple(sample.kinds),
        voted=sample.voted,
    )
    return ClassQuality(
        name=train.labels.classes[code],
        synthetic_rows=int((train.synthetic & (train.labels.codes == code)).sum()),
        real_rows=int((train.real & (train.labels.codes == code)).sum()),
        synthetic_looked_at=len(synthetic),
        real_looked_at=len(looked_at),
        nearer_to_another_class=nearness,
        distances=distances,
        **_copies(sample, code),
        columns=len(drift),
        drift=tuple(drift[:_MOST_COLUMNS]),
    )


def _told_apart(sample: _Sample, code: int, seed: int) -> ToldApart:
    own = np.flatnonzero(sample.codes == code)
    source, *parents = (pc.fill_null(sample.keys[name], -1).to_numpy()[own] for name in sample.keys.schema.names)
    synthetic = ~sample.real[own]
    first = np.where(synthetic, parents[0], source)
    values = sample.values.take(own)
    rows = ClassRows(
        values=values,
        synthetic=synthetic,
        rows=np.column_stack([first, np.where(synthetic, parents[1], -1)]),
        contents=sample.contents[own],
        kinds=sample.kinds,
        levels=sample.voted,
    )
    return tell_apart(rows, name=sample.train.labels.classes[code], seed=seed)


def _projection(sample: _Sample, seed: int) -> Projection | None:
    classes = [
        ProjectedRows(
            name=sample.train.labels.classes[code],
            others=np.flatnonzero(sample.even & (sample.codes != code)),
            own=np.flatnonzero(sample.real & (sample.codes == code)),
            synthetic=np.flatnonzero(~sample.real & (sample.codes == code)),
        )
        for code in sample.classes[:_PROJECTED]
    ]
    return project_rows(sample.points, np.flatnonzero(sample.even), classes, seed=seed)


def _neighbourhood(sample: _Sample, code: int, real: Ints, synthetic: Ints, looked_at: int) -> Neighbourhood:
    parents = [pc.fill_null(sample.keys[name], -2).to_numpy()[synthetic] for name in ("parent_a", "parent_b")]
    return Neighbourhood(
        synthetic=sample.points[synthetic],
        parents=np.stack(parents, axis=1),
        own=_real_rows(sample, real),
        looked_at=looked_at,
        others=_real_rows(sample, np.flatnonzero(sample.even & (sample.codes != code))),
        complete=sample.even_share == 1,
    )


def _real_rows(sample: _Sample, positions: Ints) -> RealRows:
    rows = sample.keys["source_row"].take(pa.array(positions)).to_numpy()
    return RealRows(sample.points[positions], rows, even=int(sample.even[positions].sum()))


def _copies(sample: _Sample, code: int) -> dict[str, int]:
    """Count equal rows in the complete train partition, not in the sample."""
    train, own = sample.train, sample.train.labels.codes == code
    made, real = sample.hashes[train.synthetic & own], sample.hashes[train.real & own]
    return {
        "copies_of_own_class": int(np.isin(made, real).sum()),
        "copies_of_another_class": int(np.isin(made, sample.hashes[train.real & ~own]).sum()),
        "repetitions": len(made) - len(np.unique(made)),
        "real_repetitions": len(real) - len(np.unique(real)),
    }


_CELLS = 8_000_000
_MOST_REAL = 50_000
_FEWEST_REAL = 1_000
_SYNTHETIC_SHARE = 10


@dataclass(frozen=True)
class SampleSizes:
    """How many synthetic rows to sample, and how many real rows to search for their neighbours."""

    synthetic: int
    real: int

    @classmethod
    def of(cls, columns: int) -> SampleSizes:
        """Return the sample sizes for a number of features: 5,000 and 50,000 rows, fewer for very wide tables.

        >>> SampleSizes.of(30), SampleSizes.of(2_000)
        (SampleSizes(synthetic=5000, real=50000), SampleSizes(synthetic=400, real=4000))
        """
        real = min(_MOST_REAL, max(_FEWEST_REAL, _CELLS // max(columns, 1)))
        return cls(real // _SYNTHETIC_SHARE, real)


def shared_out(counts: Ints, most: int) -> Ints:
    """Divide a maximum number of rows among classes.

    Half of it is divided evenly, so that small classes are complete; the rest is divided in proportion.

    >>> shared_out(np.array([300, 99_700]), 10_000).tolist()
    [300, 9700]
    """
    if counts.sum() <= most:
        return counts
    even: Ints = np.minimum(counts, most // (2 * len(counts)))
    rest = counts - even
    sizes: Ints = even + rest * (most - even.sum()) // rest.sum()
    return sizes


def choose_rows(train: PublishedTrain, among: Mask, *, most: int, seed: int, name: str) -> Ints:
    """Return positions of rows, class by class, each class in random order.

    Args:
        train: The rows.
        among: The rows to choose from.
        most: The maximum number of rows.
        seed: The run's seed.
        name: The name of the random stream.
    """
    codes = train.labels.codes
    classes, counts = np.unique(codes[among], return_counts=True)
    chosen = [np.zeros(0, np.int64)]
    for code, number in zip(classes, shared_out(counts, most), strict=True):
        own = np.flatnonzero(among & (codes == code))
        ordered = own[np.argsort(train.identity[own], kind="stable")]
        rng = child_generator(seed, "synthetic quality", name, train.labels.classes[code])
        chosen.append(ordered[rng.permutation(len(ordered))[:number]])
    return np.concatenate(chosen)
