"""Materials stored in files, for pieces of work that run in another process, perhaps on another machine.

Each piece has its own files and reads them whole: the items of its windows, the recipe of their synthetic rows, and the
partition codes of its source stretch. All pieces share the pool. Files are read and not memory-mapped: a mapped file
that another machine removes would crash the process.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from counterpoise.errors import EngineError
from counterpoise.persist._rows.gather import RowPool
from counterpoise.persist._rows.materials import Materials, RowWeights
from counterpoise.persist._rows.order import TrainOrder
from counterpoise.persist._rows.synthesis import Synthesis
from counterpoise.records import Snapshot
from counterpoise.table import absolute_paths, read_arrow, write_arrow

_NOTHING = np.zeros(0, np.int64)
_CLOCKS_DIFFER_NS = 2_000_000_000


@dataclass(frozen=True)
class StoredMaterials:
    """Materials of some windows, with their arrays and tables stored in a folder.

    Attributes:
        folder: The folder of these windows; the pool is in its parent.
        rest: The materials without the stored arrays and tables.
    """

    folder: Path
    rest: Materials

    def load(self) -> Materials:
        """Load the stored files.

        Raises:
            EngineError: The folder or the source differs from that of the machine that wrote the files.
        """
        _check_same_storage(self.folder, self.rest.snapshot)
        synthesis = self.rest.synthesis
        if synthesis is not None:
            recipe = read_arrow(self.folder / "recipe.arrow")
            synthesis = replace(synthesis, recipe=recipe, numbers=np.load(self.folder / "numbers.npy"))
        weights = self.rest.weights
        if weights is not None:
            weights = RowWeights(np.load(self.folder / "weighted.npy"), np.load(self.folder / "weights.npy"))
        sequence, items = np.load(self.folder / "sequence.npy"), np.load(self.folder / "items.npy")
        return replace(
            self.rest,
            partition=np.load(self.folder / "partition.npy"),
            order=_with_windows(self.rest.order, sequence, items),
            pool=_read_pool(self.folder.parent),
            synthesis=synthesis,
            weights=weights,
        )


def store_pool(pool: RowPool, folder: Path) -> None:
    """Write the pool, which all pieces share."""
    np.save(folder / "pool.npy", pool.rows)
    write_arrow(folder / "pool.arrow", pool.table)


def store_windows(materials: Materials, folder: Path) -> StoredMaterials:
    """Write the materials of some windows without the pool.

    Args:
        materials: The materials of only these windows.
        folder: A new folder for them, beside the pool.
    """
    folder.mkdir()
    order, synthesis, weights = materials.order, materials.synthesis, materials.weights
    np.save(folder / "partition.npy", materials.partition)
    np.save(folder / "sequence.npy", order.sequence)
    np.save(folder / "items.npy", np.concatenate([_NOTHING, *(stream.items for stream in order.streams)]))
    if weights is not None:
        np.save(folder / "weighted.npy", weights.rows)
        np.save(folder / "weights.npy", weights.weights)
    if synthesis is not None:
        write_arrow(folder / "recipe.arrow", synthesis.recipe)
        np.save(folder / "numbers.npy", _NOTHING if synthesis.numbers is None else synthesis.numbers)
    return StoredMaterials(folder, _without_data(materials))


def _without_data(materials: Materials) -> Materials:
    """Return the materials without arrays and tables, and with absolute paths: workers may have another directory."""
    order, nothing = materials.order, pa.table({})
    synthesis, weights = materials.synthesis, materials.weights
    return replace(
        materials,
        snapshot=absolute_paths(materials.snapshot),
        partition=np.zeros(0, np.int8),
        order=_with_windows(order, np.zeros(0, np.int32), _NOTHING),
        pool=RowPool(_NOTHING, nothing),
        synthesis=None if synthesis is None else Synthesis(nothing, synthesis.roles, synthesis.seed),
        weights=None if weights is None else RowWeights(_NOTHING, weights.weights[:0]),
    )


def _with_windows(order: TrainOrder, sequence: npt.NDArray[np.int32], items: npt.NDArray[np.int64]) -> TrainOrder:
    """Return an order of the same classes with other windows.

    Args:
        order: The order that defines the classes and which of them are pooled.
        sequence: The class codes of the windows.
        items: The items of all classes, one class after the other.
    """
    ends = np.cumsum(np.bincount(sequence, minlength=len(order.streams)))
    parts = np.split(items, ends[:-1])
    streams = zip(order.streams, parts, strict=True)
    return replace(order, sequence=sequence, streams=tuple(replace(stream, items=part) for stream, part in streams))


@lru_cache(maxsize=1)
def _read_pool(folder: Path) -> RowPool:
    """Return the pool, which a process reads once for all its pieces."""
    return RowPool(np.load(folder / "pool.npy"), read_arrow(folder / "pool.arrow"))


def _check_same_storage(folder: Path, snapshot: Snapshot) -> None:
    """Check, from metadata alone, that this machine sees the same folder and source files as the sender."""
    for file in snapshot.files:
        path = Path(file.path)
        found = path.stat() if path.is_file() else None
        moved = 0 if found is None or file.stamp is None else abs(found.st_mtime_ns - file.stamp.modified)
        if found is None or found.st_size != file.bytes or moved > _CLOCKS_DIFFER_NS:
            raise _not_shared(path, "no such file" if found is None else "another file")
    if not folder.is_dir():
        raise _not_shared(folder, "no such folder")


def _not_shared(path: Path, found: str) -> EngineError:
    return EngineError(
        "storage_not_shared",
        expected=f"{path.name} to be the same on every machine of the cluster",
        found=f"{found} under that path on one of them",
        remedy="put source and output.root on storage that all machines mount under the same path",
        values={"path": str(path)},
    )
