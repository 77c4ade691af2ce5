"""One unit of write work: the part files with one number, of all partitions, written and read back independently.

A piece writes into its own folder, and the caller moves the files into place. So running a piece twice does no harm;
this happens when a worker is lost or only appears to be.
"""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa

from counterpoise.errors import EngineError
from counterpoise.persist._certificate import UNTOUCHED, CertificateScope, PartContent, read_part
from counterpoise.persist._files.key_files import PARENT_FIELDS, WEIGHT_FIELD, key_schema
from counterpoise.persist._files.part_files import PartFile, PartWriter, check_digest
from counterpoise.persist._rows.gather import SlabReader
from counterpoise.persist._rows.materials import Materials
from counterpoise.persist._rows.order import ORIGINS, Window
from counterpoise.persist._rows.stored_materials import StoredMaterials
from counterpoise.records import PARTITIONS
from counterpoise.runtime import thread_pool
from counterpoise.table import SnapshotReader, fingerprint, row_hashes
from counterpoise.typing import Ints


@dataclass(frozen=True)
class PartPiece:
    """The part files with one number.

    Attributes:
        materials: The data to write, in memory or stored in files.
        folder: The parent of the piece's own folder.
        number: The number of the files.
        windows: The windows of the train file.
        starts: The source row at which each window's stretch begins, and the end of the last stretch.
        scope: What the certificate needs.
    """

    materials: Materials | StoredMaterials
    folder: Path
    number: int
    windows: range
    starts: tuple[int, ...]
    scope: CertificateScope

    @property
    def title(self) -> str:
        """A short title for progress and logs."""
        return f"part {self.number}"


@dataclass(frozen=True)
class WrittenPart:
    """The files written by a piece.

    Attributes:
        folder: The piece's own folder, with the layout of a version's data folder.
        files: The files in it.
        fingerprints: Fingerprints of the source rows that went to validation and test.
        contents: The content that was read back, by partition: 8 to 24 bytes per row.
    """

    folder: Path
    files: tuple[PartFile, ...]
    fingerprints: dict[str, int]
    contents: dict[str, PartContent]


def write_part(piece: PartPiece) -> WrittenPart:
    """Write a piece's files durably into a folder of its own, and read them back.

    Raises:
        EngineError: The source or the folder differs from that of the caller's machine, or the caller has ended
            meanwhile.
        IntegrityError: A file does not read back.
    """
    materials = piece.materials if isinstance(piece.materials, Materials) else piece.materials.load()
    own = piece.folder / f"{piece.number:05d}-{uuid.uuid4().hex}"
    own.mkdir()
    try:
        for name in PARTITIONS:
            (own / name).mkdir()
            (own / "keys" / name).mkdir(parents=True)
        with thread_pool(1) as disk:
            return _PartJob(materials, piece, own).run(disk)
    except BaseException:
        shutil.rmtree(own, ignore_errors=True)
        raise


@dataclass(frozen=True)
class _Slab:
    """Consecutive source rows, in order.

    Attributes:
        table: The rows.
        rows: Their source row numbers, ascending.
    """

    table: pa.Table
    rows: Ints

    @classmethod
    def concat(cls, slabs: Sequence[_Slab]) -> _Slab:
        """Concatenate consecutive slabs."""
        if len(slabs) == 1:
            return slabs[0]
        return cls(pa.concat_tables([slab.table for slab in slabs]), np.concatenate([slab.rows for slab in slabs]))

    def places(self, rows: Ints) -> Ints:
        """Return the positions of the given rows in the table; all of them must be present."""
        whole = len(self.rows) and self.rows[-1] - self.rows[0] + 1 == len(self.rows)
        return rows - self.rows[0] if whole else np.searchsorted(self.rows, rows)

    def only(self, rows: Ints) -> _Slab:
        """Return a slab with those of the given rows that it contains."""
        kept = np.unique(rows[(rows >= self.rows[0]) & (rows <= self.rows[-1])]) if len(self.rows) else self.rows
        return _Slab(self.table.take(pa.array(self.places(kept))), kept)


class _PartJob:
    """Write the files of a piece."""

    def __init__(self, materials: Materials, piece: PartPiece, folder: Path) -> None:
        self._materials = materials
        self._piece = piece
        self._folder = folder
        self._file = f"part-{piece.number:05d}.parquet"
        schema = SnapshotReader(materials.snapshot).schema
        self._data_schema = pa.schema([schema.field(name) for name in materials.roles.data])
        weight = None if materials.weights is None else pa.from_numpy_dtype(materials.weights.weights.dtype)
        self._key_schemas = {
            name: key_schema(schema, materials.roles, weight=weight if name == "train" else None) for name in PARTITIONS
        }
        self._slabs = SlabReader(materials.snapshot, materials.columns)
        self._others = [SlabReader(materials.snapshot, materials.columns) for _ in materials.order.streams]
        self._fingerprints = dict.fromkeys(UNTOUCHED, 0)

    def run(self, disk: Executor) -> WrittenPart:
        """Write the files, read them back while they are being synced, and return them with their content."""
        with ExitStack() as stack:
            writers = {name: [stack.enter_context(one) for one in self._writers(name, disk)] for name in PARTITIONS}
            for number, stretch in zip(self._piece.windows, pairwise(self._piece.starts), strict=True):
                self._check_caller_alive()
                for name, data, keys in self._window_rows(number, *stretch):
                    writers[name][0].write(data)
                    writers[name][1].write(keys)
            files = tuple(writer.finish() for pair in writers.values() for writer in pair)
            contents = {name: self._read_back(name, files) for name in PARTITIONS}
        return WrittenPart(self._folder, files, self._fingerprints, contents)

    def _check_caller_alive(self) -> None:
        """Stop if the caller has ended: it then removes the piece's folder."""
        if not self._folder.exists():
            raise EngineError(
                "piece_unwanted",
                expected="a run that is still waiting for these files",
                found="a run that has ended",
                remedy="run it again",
            )

    def _read_back(self, name: str, files: Sequence[PartFile]) -> PartContent:
        """Read a partition's files back.

        If the certificate does not need the content of train rows, compare the file's digest and decode only the label:
        this checks more of the bytes in half the time.
        """
        columns, scope = None, self._piece.scope
        if name == "train" and not scope.compared:
            check_digest(next(file for file in files if file.path == self._folder / name / self._file))
            columns = [self._materials.roles.target]
        return read_part(self._folder, name, self._file, scope=scope, columns=columns)

    def _writers(self, name: str, disk: Executor) -> tuple[PartWriter, PartWriter]:
        level, keys = self._materials.compression_level, self._key_schemas[name]
        rows = set(keys.names).difference(field.name for field in (*PARENT_FIELDS, WEIGHT_FIELD))
        data_path, key_path = self._folder / name / self._file, self._folder / "keys" / name / self._file
        return (
            PartWriter(data_path, self._data_schema, compression_level=level, disk=disk),
            PartWriter(key_path, keys, compression_level=level, disk=disk, distinct=rows),
        )

    def _window_rows(self, number: int, first: int, end: int) -> Iterator[tuple[str, pa.Table, pa.Table]]:
        """Yield partition, data and keys: first of the stretch's untouched rows, then of the train window."""
        window = self._materials.order.window(number)
        cuts = self._cuts(first, end)
        held = []
        for start, stop in pairwise(cuts):
            slab = _Slab(self._slabs.slab(start, stop), np.arange(start, stop))
            yield from self._untouched_rows(slab)
            held.append(slab if len(cuts) == 2 else slab.only(window.sources[window.real]))
        if len(window.items):
            yield "train", *self._train_rows(window, held)

    def _cuts(self, start: int, stop: int) -> list[int]:
        """Return where to cut a stretch of source so that a long one is not held whole; at least its two ends."""
        most = 4 * self._materials.order.window_rows
        return [*range(start, max(stop, start + 1), most), stop]

    def _untouched_rows(self, slab: _Slab) -> Iterator[tuple[str, pa.Table, pa.Table]]:
        partition = self._materials.partition[slab.rows - self._materials.first_row]
        for name in UNTOUCHED:
            rows = slab.rows[partition == PARTITIONS.index(name)]
            table = slab.table.take(pa.array(slab.places(rows)))
            data = table.select(self._materials.roles.data)
            self._fingerprints[name] += fingerprint(rows, row_hashes(data))
            yield name, data, self._keys(name, table, rows)

    def _train_rows(self, window: Window, held: Sequence[_Slab]) -> tuple[pa.Table, pa.Table]:
        """Return the data and keys of a train window, in train order."""
        tables, places = self._sources(window, held)
        recipe = None
        if len(window.synthetic) and self._materials.synthesis is not None:
            places[~window.real] = sum(table.num_rows for table in tables) + np.arange(len(window.synthetic))
            rows, recipe = self._materials.synthesis.rows(window.synthetic, self._materials.pool)
            tables.append(rows)
        together = pa.concat_tables(tables).unify_dictionaries().take(pa.array(places))
        return together.select(self._materials.roles.data), self._train_keys(together, window, recipe)

    def _sources(self, window: Window, held: Sequence[_Slab]) -> tuple[list[pa.Table], Ints]:
        """Return tables that together hold the window's source rows, and the place of each position's row in them."""
        slab = _Slab.concat(held)
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
        """Return the keys of train rows, with parents and steps for synthetic rows."""
        origin = pa.DictionaryArray.from_arrays(pa.array(window.origin), pa.array(ORIGINS)).cast(pa.string())
        parents = _no_parents(len(window.items))
        if recipe is not None:
            place = pa.array(np.cumsum(~window.real) - 1, mask=window.real)
            parents = [recipe[field.name].combine_chunks().take(place) for field in PARENT_FIELDS]
        weights = self._materials.weights
        weight = [] if weights is None else [weights.of(window.sources)]
        return self._key_table("train", [pa.array(window.sources, mask=~window.real), origin, *parents, *weight], table)

    def _key_table(self, name: str, own: Sequence[pa.Array], table: pa.Table) -> pa.Table:
        keys = (table[key] for key in self._materials.roles.keys)
        return pa.table([*own, *keys], schema=self._key_schemas[name])


def _no_parents(number: int) -> list[pa.Array]:
    return [pa.nulls(number, field.type) for field in PARENT_FIELDS]
