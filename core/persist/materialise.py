"""From plans to Parquet files: wide rows are read in order and written once, several files at a time.

Each worker writes one train file, window by window, and the validation and test rows of the stretch of source that the
windows pass. Which rows stand in which file depends on the plan alone, so the files are the same bytes however many
workers write them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from counterpoise.core.columns import ColumnRoles
from counterpoise.core.persist.certificate import UNTOUCHED, PartContent, read_part
from counterpoise.core.persist.gather import RowPool, SlabReader
from counterpoise.core.persist.order import ORIGINS, TrainOrder, Window
from counterpoise.core.persist.part_files import PartFile, PartWriter, check_digest
from counterpoise.core.persist.synthesis import Synthesis
from counterpoise.core.progress import Progress, silent
from counterpoise.core.records import PARTITIONS, Snapshot
from counterpoise.core.row_hash import fingerprint, row_hashes
from counterpoise.core.snapshot import SnapshotReader

__all__ = ["KEY_FIELDS", "Materials", "WrittenParts", "key_schema", "write_partitions"]

Ints = npt.NDArray[np.int64]

KEY_FIELDS = (
    pa.field("source_row", pa.int64()),
    pa.field("origin", pa.string()),
    pa.field("parent_a", pa.int64()),
    pa.field("parent_b", pa.int64()),
    pa.field("lambda", pa.float64()),
)
"""What stands in `keys/` for every row, before the source's own key columns."""

WEIGHT_FIELD = pa.field("weight", pa.int32())
"""What stands behind them in `keys/train/` where train rows are weighted."""

_PARENT_FIELDS = KEY_FIELDS[2:]

WORKERS = 2


@dataclass(frozen=True)
class RowWeights:
    """How much train rows count.

    Attributes:
        rows: Their source rows, ascending.
        weights: One int32 a row.
    """

    rows: Ints
    weights: npt.NDArray[np.int32]

    def of(self, rows: Ints) -> pa.Array:
        """Return the weights of the given source rows."""
        return pa.array(self.weights[np.searchsorted(self.rows, rows)])


@dataclass(frozen=True)
class Materials:
    """Everything that decides the published rows.

    Attributes:
        snapshot: The source.
        roles: The roles of its columns.
        partition: The partition code of every source row.
        order: The order of the train partition.
        pool: The rows of repeated and interpolated classes.
        synthesis: What makes the synthetic rows; None without any.
        weights: How much train rows count; None where rows have no weights.
        compression_level: zstd's level.
        windows_per_file: How many windows a train file holds at most.
    """

    snapshot: Snapshot
    roles: ColumnRoles
    partition: npt.NDArray[np.int8]
    order: TrainOrder
    pool: RowPool
    synthesis: Synthesis | None
    weights: RowWeights | None
    compression_level: int
    windows_per_file: int

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns that are read: data and keys."""
        return (*self.roles.data, *self.roles.keys)


@dataclass(frozen=True)
class WrittenParts:
    """The files of all partitions.

    Attributes:
        files: The files.
        fingerprints: Of the source rows that went into validation and test.
        contents: What was read back from each partition's files.
    """

    files: tuple[PartFile, ...]
    fingerprints: dict[str, int]
    contents: dict[str, tuple[PartContent, ...]]


def key_schema(schema: pa.Schema, roles: ColumnRoles, *, weighted: bool = False) -> pa.Schema:
    """Return the schema of the files in `keys/`; a source column called like one of ours gets `source_` in front."""
    own = (*KEY_FIELDS, WEIGHT_FIELD) if weighted else KEY_FIELDS
    taken = {field.name for field in own}
    fields = [schema.field(name) for name in roles.keys]
    renamed = [field.with_name(f"source_{field.name}") if field.name in taken else field for field in fields]
    return pa.schema([*own, *renamed])


def write_partitions(
    materials: Materials, folder: Path, *, compared: Sequence[str] = (), progress: Progress = silent
) -> WrittenParts:
    """Write train, validation, test and their keys under the folder.

    Args:
        materials: What to write.
        folder: The version's data folder.
        compared: The columns by whose content partitions must be disjoint: their hashes are taken when reading back.
        progress: Told the train windows done.
    """
    for name in PARTITIONS:
        (folder / name).mkdir(parents=True)
        (folder / "keys" / name).mkdir(parents=True)
    stretches = _stretches(materials)
    starts = materials.order.source_starts()
    done: list[WrittenParts] = []
    with ThreadPoolExecutor(WORKERS) as disk, ThreadPoolExecutor(WORKERS) as pool:
        jobs = [
            pool.submit(_PartJob(materials, folder, number, starts).run, stretch, compared, disk)
            for number, stretch in enumerate(stretches)
        ]
        for job, stretch in zip(jobs, stretches, strict=True):
            done.append(job.result())
            progress(stretch.stop, materials.order.windows)
    return _together(done)


def _stretches(materials: Materials) -> list[range]:
    """Return the windows of each file: an even number of files of nearly one size, so that two workers end together."""
    windows = materials.order.windows
    pairs = -(-windows // (2 * materials.windows_per_file))
    cuts = np.linspace(0, windows, min(windows, 2 * pairs) + 1).astype(int).tolist()
    return [range(start, stop) for start, stop in pairwise(cuts)]


def _together(done: Sequence[WrittenParts]) -> WrittenParts:
    return WrittenParts(
        files=tuple(file for part in done for file in part.files),
        fingerprints={name: sum(part.fingerprints[name] for part in done) % 2**64 for name in UNTOUCHED},
        contents={name: tuple(content for part in done for content in part.contents[name]) for name in PARTITIONS},
    )


@dataclass(frozen=True)
class _Slab:
    """Rows of a stretch of source, in order.

    Attributes:
        table: The rows.
        rows: Their numbers, ascending.
    """

    table: pa.Table
    rows: Ints

    @classmethod
    def together(cls, slabs: Sequence[_Slab]) -> _Slab:
        """Return the rows of several slabs, which follow each other."""
        if len(slabs) == 1:
            return slabs[0]
        return cls(pa.concat_tables([slab.table for slab in slabs]), np.concatenate([slab.rows for slab in slabs]))

    def places(self, rows: Ints) -> Ints:
        """Return where the given rows, which are among them, stand in the table."""
        whole = len(self.rows) and self.rows[-1] - self.rows[0] + 1 == len(self.rows)
        return rows - self.rows[0] if whole else np.searchsorted(self.rows, rows)

    def only(self, rows: Ints) -> _Slab:
        """Return those of the given rows that are among them."""
        kept = np.unique(rows[(rows >= self.rows[0]) & (rows <= self.rows[-1])]) if len(self.rows) else self.rows
        return _Slab(self.table.take(pa.array(self.places(kept))), kept)


class _PartJob:
    """Writes the part files with one number, of all partitions."""

    def __init__(self, materials: Materials, folder: Path, number: int, starts: Ints) -> None:
        self._materials = materials
        self._folder = folder
        self._file = f"part-{number:05d}.parquet"
        self._starts = starts
        schema = SnapshotReader(materials.snapshot).schema
        self._data_schema = pa.schema([schema.field(name) for name in materials.roles.data])
        self._key_schemas = {
            name: key_schema(schema, materials.roles, weighted=name == "train" and materials.weights is not None)
            for name in PARTITIONS
        }
        self._slabs = SlabReader(materials.snapshot, materials.columns)
        self._others = [SlabReader(materials.snapshot, materials.columns) for _ in materials.order.streams]
        self._fingerprints = dict.fromkeys(UNTOUCHED, 0)

    def run(self, windows: range, compared: Sequence[str], disk: Executor) -> WrittenParts:
        """Write the files, read them back while the disk is busy, and return what they are and hold."""
        with ExitStack() as stack:
            writers = {name: [stack.enter_context(one) for one in self._writers(name, disk)] for name in PARTITIONS}
            for number in windows:
                for name, data, keys in self._window_rows(number):
                    writers[name][0].write(data)
                    writers[name][1].write(keys)
            files = tuple(writer.finish() for pair in writers.values() for writer in pair)
            contents: dict[str, tuple[PartContent, ...]] = {
                name: (self._read_back(name, files, compared),) for name in PARTITIONS
            }
        return WrittenParts(files, self._fingerprints, contents)

    def _read_back(self, name: str, files: Sequence[PartFile], compared: Sequence[str]) -> PartContent:
        """Read what was written of a partition.

        Where the certificate asks nothing of the content of train rows, the bytes of their file are compared with what
        was written by their digest, and only the label is decoded: that says more of the bytes, in half the time.
        """
        columns = None
        if name == "train" and not compared:
            check_digest(next(file for file in files if file.path == self._folder / name / self._file))
            columns = [self._materials.roles.target]
        return read_part(self._folder, name, self._file, compared=compared, columns=columns)

    def _writers(self, name: str, disk: Executor) -> tuple[PartWriter, PartWriter]:
        level, keys = self._materials.compression_level, self._key_schemas[name]
        rows = set(keys.names).difference(field.name for field in (*_PARENT_FIELDS, WEIGHT_FIELD))
        data_path, key_path = self._folder / name / self._file, self._folder / "keys" / name / self._file
        return (
            PartWriter(data_path, self._data_schema, compression_level=level, disk=disk),
            PartWriter(key_path, keys, compression_level=level, disk=disk, distinct=rows),
        )

    def _window_rows(self, number: int) -> Iterator[tuple[str, pa.Table, pa.Table]]:
        """Yield partition, data and keys for the untouched rows of the stretch, then for the train window."""
        window = self._materials.order.window(number)
        cuts = self._cuts(int(self._starts[number]), int(self._starts[number + 1]))
        held = []
        for start, stop in pairwise(cuts):
            slab = _Slab(self._slabs.slab(start, stop), np.arange(start, stop))
            yield from self._untouched_rows(slab)
            held.append(slab if len(cuts) == 2 else slab.only(window.sources[window.real]))
        if len(window.items):
            yield "train", *self._train_rows(window, held)

    def _cuts(self, start: int, stop: int) -> list[int]:
        """Return where a stretch of source is cut, so that a long one is not held whole; at least its two ends."""
        most = 4 * self._materials.order.window_rows
        return [*range(start, max(stop, start + 1), most), stop]

    def _untouched_rows(self, slab: _Slab) -> Iterator[tuple[str, pa.Table, pa.Table]]:
        partition = self._materials.partition[slab.rows]
        for name in UNTOUCHED:
            rows = slab.rows[partition == PARTITIONS.index(name)]
            table = slab.table.take(pa.array(slab.places(rows)))
            data = table.select(self._materials.roles.data)
            self._fingerprints[name] += fingerprint(rows, row_hashes(data))
            yield name, data, self._keys(name, table, rows)

    def _train_rows(self, window: Window, held: Sequence[_Slab]) -> tuple[pa.Table, pa.Table]:
        """Return the data and keys of a train window, in its order."""
        tables, places = self._sources(window, held)
        recipe = None
        if len(window.synthetic) and self._materials.synthesis is not None:
            places[~window.real] = sum(table.num_rows for table in tables) + np.arange(len(window.synthetic))
            rows, recipe = self._materials.synthesis.rows(window.synthetic, self._materials.pool)
            tables.append(rows)
        together = pa.concat_tables(tables).unify_dictionaries().take(pa.array(places))
        return together.select(self._materials.roles.data), self._train_keys(together, window, recipe)

    def _sources(self, window: Window, held: Sequence[_Slab]) -> tuple[list[pa.Table], Ints]:
        """Return tables that together hold the window's source rows, and where each position's row stands in them."""
        slab = _Slab.together(held)
        tables, places, offset = [slab.table], np.empty(len(window.items), dtype=np.int64), slab.table.num_rows
        rows = window.sources
        first, last = (slab.rows[0], slab.rows[-1]) if len(slab.rows) else (0, -1)
        for code, stream in enumerate(self._materials.order.streams):
            own = (window.codes == code) & window.real
            inside = own & (rows >= first) & (rows <= last)
            places[inside] = slab.places(rows[inside])
            outside = own & ~inside
            if outside.any():
                distinct, which = np.unique(rows[outside], return_inverse=True)
                tables.append((self._materials.pool.take if stream.pooled else self._others[code].rows)(distinct))
                places[outside] = offset + which
                offset += len(distinct)
        return tables, places

    def _keys(self, name: str, table: pa.Table, rows: Ints) -> pa.Table:
        """Return the keys of untouched rows."""
        number = len(rows)
        origin = pa.repeat(pa.scalar(ORIGINS[0]), number)
        return self._key_table(name, [pa.array(rows), origin, *_no_parents(number)], table)

    def _train_keys(self, table: pa.Table, window: Window, recipe: pa.Table | None) -> pa.Table:
        """Return the keys of train rows: origin, parents and steps of synthetic ones."""
        origin = pa.DictionaryArray.from_arrays(pa.array(window.origin), pa.array(ORIGINS)).cast(pa.string())
        parents = _no_parents(len(window.items))
        if recipe is not None:
            place = pa.array(np.cumsum(~window.real) - 1, mask=window.real)
            parents = [recipe[field.name].combine_chunks().take(place) for field in _PARENT_FIELDS]
        weights = self._materials.weights
        weight = [] if weights is None else [weights.of(window.sources)]
        return self._key_table("train", [pa.array(window.sources, mask=~window.real), origin, *parents, *weight], table)

    def _key_table(self, name: str, own: Sequence[pa.Array], table: pa.Table) -> pa.Table:
        keys = (table[key] for key in self._materials.roles.keys)
        return pa.table([*own, *keys], schema=self._key_schemas[name])


def _no_parents(number: int) -> list[pa.Array]:
    return [pa.nulls(number, field.type) for field in _PARENT_FIELDS]
