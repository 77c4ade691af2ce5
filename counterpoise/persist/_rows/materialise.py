"""From plans to Parquet files: wide rows are read in order and written once, several files at a time.

Each piece of work writes one train file, window by window, and the validation and test rows of the stretch of source
that the windows pass. Which rows stand in which file depends on the plan alone, so the files are the same bytes whoever
writes them, and however many do.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np

from counterpoise.persist._certificate import UNTOUCHED, Asked, PartContent
from counterpoise.persist._files.part_files import PartFile
from counterpoise.persist._files.part_piece import PartPiece, WrittenPart, write_part
from counterpoise.persist._rows.materials import Materials
from counterpoise.persist._rows.stored_materials import StoredMaterials, store_pool, store_windows
from counterpoise.records import PARTITIONS
from counterpoise.runtime import LOCAL, Engine, Progress, silent

__all__ = ["WrittenParts", "write_partitions"]


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


def write_partitions(
    materials: Materials,
    folder: Path,
    *,
    asked: Asked | None = None,
    engine: Engine = LOCAL,
    progress: Progress = silent,
) -> WrittenParts:
    """Write train, validation, test and their keys under the folder.

    Args:
        materials: What to write.
        folder: The version's data folder.
        asked: What the certificate asks, to be answered when reading back.
        engine: What writes the files, where there are several; one that works apart must see the folder and the source
            under the same paths.
        progress: Told the train windows done.
    """
    for name in PARTITIONS:
        (folder / name).mkdir(parents=True)
        (folder / "keys" / name).mkdir(parents=True)
    stretches, done = _stretches(materials), dict[int, WrittenPart]()
    chosen = engine if len(stretches) > 1 else LOCAL  # a single piece is not worth the way
    with _work_folder(folder) as place:
        pieces = _pieces(materials, stretches, place, asked=asked or Asked(), apart=chosen.apart)
        for number, part in chosen.map(write_part, pieces):
            done[number] = _put_in_place(part, folder)
            progress(sum(len(pieces[each].windows) for each in done), materials.order.windows)
    return _together([done[number] for number in sorted(done)])


@contextmanager
def _work_folder(folder: Path) -> Iterator[Path]:
    """Give pieces a place beside a version's data, on the same file system; it goes however they end."""
    place = folder.absolute().with_name(f".{folder.name}.pieces")
    place.mkdir()
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _pieces(
    materials: Materials, stretches: Sequence[range], place: Path, *, asked: Asked, apart: bool
) -> list[PartPiece]:
    """Return the pieces of work, what they are made of in memory or, for those who work apart, in files."""
    starts = materials.order.source_starts().tolist()
    if apart:
        store_pool(materials.pool, place)
    pieces = []
    for number, windows in enumerate(stretches):
        own = starts[windows.start : windows.stop + 1]
        made_of: Materials | StoredMaterials = materials
        if apart:
            made_of = store_windows(materials.part(windows, range(own[0], own[-1])), place / f"windows-{number:05d}")
        pieces.append(PartPiece(made_of, place, number, windows, tuple(own), asked))
    return pieces


def _stretches(materials: Materials) -> list[range]:
    """Return the windows of each file: an even number of files of nearly one size, so that two workers end together."""
    windows = materials.order.windows
    pairs = -(-windows // (2 * materials.windows_per_file))
    cuts = np.linspace(0, windows, min(windows, 2 * pairs) + 1).astype(int).tolist()
    return [range(start, stop) for start, stop in pairwise(cuts)]


def _put_in_place(part: WrittenPart, folder: Path) -> WrittenPart:
    """Move the files of a piece to where they belong."""
    files = []
    for file in part.files:
        files.append(replace(file, path=folder / file.path.relative_to(part.folder)))
        file.path.rename(files[-1].path)
    return replace(part, folder=folder, files=tuple(files))


def _together(done: Sequence[WrittenPart]) -> WrittenParts:
    return WrittenParts(
        files=tuple(file for part in done for file in part.files),
        fingerprints={name: sum(part.fingerprints[name] for part in done) % 2**64 for name in UNTOUCHED},
        contents={name: tuple(part.contents[name] for part in done) for name in PARTITIONS},
    )
