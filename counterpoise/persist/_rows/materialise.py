"""Turn plans into Parquet files: rows are read in order and written once, several files in parallel.

Each piece of work writes one train file, window by window, and the validation and test rows of the source stretch that
these windows cover. The plan alone decides which rows go to which file, so the bytes do not depend on the number of
workers or on who writes them.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np

from counterpoise.persist._certificate import UNTOUCHED, CertificateScope, PartContent
from counterpoise.persist._files.part_files import PartFile
from counterpoise.persist._files.part_piece import PartPiece, WrittenPart, write_part
from counterpoise.persist._rows.materials import Materials
from counterpoise.persist._rows.stored_materials import StoredMaterials, store_pool, store_windows
from counterpoise.records import PARTITIONS
from counterpoise.runtime import LOCAL, Engine, Progress, silent


@dataclass(frozen=True)
class WrittenParts:
    """The files of all partitions.

    Attributes:
        files: The files.
        fingerprints: Fingerprints of the source rows that went to validation and test.
        contents: The content that was read back from each partition's files.
    """

    files: tuple[PartFile, ...]
    fingerprints: dict[str, int]
    contents: dict[str, tuple[PartContent, ...]]


def write_partitions(
    materials: Materials,
    folder: Path,
    *,
    scope: CertificateScope | None = None,
    engine: Engine = LOCAL,
    progress: Progress = silent,
) -> WrittenParts:
    """Write train, validation, test and their keys into a folder.

    Args:
        materials: The data to write.
        folder: The version's data folder.
        scope: What to read back for the certificate.
        engine: The engine that writes the files if there are several; remote workers must see the folder and the
            source under the same paths.
        progress: Called with the number of train windows done.
    """
    for name in PARTITIONS:
        (folder / name).mkdir(parents=True)
        (folder / "keys" / name).mkdir(parents=True)
    stretches, done = _stretches(materials), dict[int, WrittenPart]()
    chosen = engine if len(stretches) > 1 else LOCAL  # dispatching a single piece does not pay
    with _work_folder(folder) as place:
        pieces = _pieces(materials, stretches, place, scope=scope or CertificateScope(), distributed=chosen.distributed)
        for number, part in chosen.map(write_part, pieces):
            done[number] = _put_in_place(part, folder)
            progress(sum(len(pieces[each].windows) for each in done), materials.order.windows)
    return _combine([done[number] for number in sorted(done)])


@contextmanager
def _work_folder(folder: Path) -> Iterator[Path]:
    """Provide a folder for pieces beside a version's data, on the same file system, and always remove it."""
    place = folder.absolute().with_name(f".{folder.name}.pieces")
    place.mkdir()
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _pieces(
    materials: Materials, stretches: Sequence[range], place: Path, *, scope: CertificateScope, distributed: bool
) -> list[PartPiece]:
    """Return the pieces of work, with their materials in memory or, for engines with other processes, in files."""
    starts = materials.order.source_starts().tolist()
    if distributed:
        store_pool(materials.pool, place)
    pieces = []
    for number, windows in enumerate(stretches):
        own = starts[windows.start : windows.stop + 1]
        made_of: Materials | StoredMaterials = materials
        if distributed:
            made_of = store_windows(materials.part(windows, range(own[0], own[-1])), place / f"windows-{number:05d}")
        pieces.append(PartPiece(made_of, place, number, windows, tuple(own), scope))
    return pieces


def _stretches(materials: Materials) -> list[range]:
    """Return the windows of each file: an even number of files of similar size, so that two workers finish together."""
    windows = materials.order.windows
    pairs = -(-windows // (2 * materials.windows_per_file))
    cuts = np.linspace(0, windows, min(windows, 2 * pairs) + 1).astype(int).tolist()
    return [range(start, stop) for start, stop in pairwise(cuts)]


def _put_in_place(part: WrittenPart, folder: Path) -> WrittenPart:
    """Move a piece's files to their final place."""
    files = []
    for file in part.files:
        files.append(replace(file, path=folder / file.path.relative_to(part.folder)))
        file.path.rename(files[-1].path)
    return replace(part, folder=folder, files=tuple(files))


def _combine(done: Sequence[WrittenPart]) -> WrittenParts:
    return WrittenParts(
        files=tuple(file for part in done for file in part.files),
        fingerprints={name: sum(part.fingerprints[name] for part in done) % 2**64 for name in UNTOUCHED},
        contents={name: tuple(part.contents[name] for part in done) for name in PARTITIONS},
    )
