"""Rebuild a version's train partition bit for bit from its source and recipe, and remove its stored rows.

With `output.materialise: recipe`, a version does not keep its train rows. The manifest still holds their digests, which
prove that rebuilt files equal those that were published, evaluated and certified.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa

from counterpoise.errors import IntegrityError
from counterpoise.persist._files.part_files import PartFile
from counterpoise.persist._files.published_files import changed_files, checked_out
from counterpoise.persist._layout import TRAIN_FOLDERS, DatasetFolder
from counterpoise.persist._manifest import Manifest, library_versions
from counterpoise.persist._rows.materialise import write_partitions
from counterpoise.persist._rows.materials import Materials, TrainRecipe, gather_materials
from counterpoise.persist._workspace import switching
from counterpoise.records import PARTITIONS, Snapshot
from counterpoise.runtime import Progress, silent
from counterpoise.split import REJECTED, TrainRows
from counterpoise.storage import WORK, own_area, sync_folder, upload_checked
from counterpoise.table import SourceTable, read_parquet
from counterpoise.typing import Ints


def rebuild_train(
    folder: DatasetFolder, manifest: Manifest, snapshot: Snapshot, *, out: Path, progress: Progress = silent
) -> int:
    """Write a version's `train/` and `keys/train/` under a folder and return the number of rows.

    Args:
        folder: The dataset.
        manifest: The version's manifest.
        snapshot: The version's source, ingested again.
        out: The parent of the two folders, which must not exist yet.
        progress: Called with the number of windows written.

    Raises:
        IntegrityError: The source, the recipe or the rebuilt bytes differ from those of the version.
    """
    _check_source(manifest, snapshot)
    parts_read = ("recipe", "rejected", *(f"keys/{name}" for name in PARTITIONS[1:]))
    in_place = not folder.remote and out.absolute() == (folder.path / manifest.data).absolute()
    with own_area(folder.work if in_place else out / WORK) as area:  # on the same file system as the result
        draft = area / "data"
        with checked_out(folder, [f"{manifest.data}/{part}" for part in parts_read]) as base:
            _check_files(base, manifest, parts_read)
            with _reporting_mismatch(manifest):
                materials = _materials(manifest, snapshot, base / manifest.data)
                written = write_partitions(materials, draft, progress=progress)
        parts = [part for part in written.files if part.path.relative_to(draft).parent.as_posix() in TRAIN_FOLDERS]
        _check_bytes(manifest, parts, draft)
        for name in TRAIN_FOLDERS:
            sync_folder(draft / name)
        with switching(folder, manifest.data):
            _put_in_place(draft, out)
    return sum(part.rows for part in parts if part.path.parent.parent == draft)


def _put_in_place(draft: Path, out: Path) -> None:
    """Rename the rebuilt folders into place, unless another process was faster: it checked the same digests.

    The keys come first, because rows without keys would look complete. Keys without rows count as leftovers.
    """
    if (out / "train").exists():
        return
    for name in reversed(TRAIN_FOLDERS):
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        if (out / name).exists():
            (out / name).rename(draft / "leftover")
        (draft / name).rename(out / name)
        sync_folder((out / name).parent)


def remove_train_rows(folder: DatasetFolder, manifest: Manifest) -> bool:
    """Remove the train rows of a version that is stored as a recipe; return whether there were any.

    The rows are removed before their keys. A process killed in between leaves a version without its rows, as requested;
    the next run removes the keys.
    """
    if manifest.settings.output.materialise != "recipe":
        return False
    with switching(folder, manifest.data):
        there = [name for name in TRAIN_FOLDERS if folder.store.files(f"{manifest.data}/{name}")]
        for name in there:
            folder.store.delete(f"{manifest.data}/{name}")
    return bool(there)


def upload_train_rows(folder: DatasetFolder, manifest: Manifest) -> None:
    """Upload rebuilt train rows from this process's copies to the object store.

    The first file of `train/` marks the rows as present, so it is uploaded last.
    """
    own = [file for name in TRAIN_FOLDERS for file in sorted(manifest.part_files(name), key=lambda file: file.path)]
    for files in (own[1:], own[:1]):
        upload_checked(folder.store, folder.local, files)


@contextmanager
def _reporting_mismatch(manifest: Manifest) -> Iterator[None]:
    """Report a recipe or keys that refer to rows the source does not have."""
    try:
        yield
    except (pa.ArrowException, IndexError, KeyError, TypeError, ValueError) as error:
        raise _mismatch(str(error), manifest) from error


def _mismatch(found: str, manifest: Manifest) -> IntegrityError:
    return IntegrityError(
        "unfit_recipe",
        expected=f"a recipe and keys of version {manifest.version} that fit its source",
        found=found,
        remedy="restore the version from a backup, or publish the dataset again",
    )


def _check_source(manifest: Manifest, snapshot: Snapshot) -> None:
    if snapshot.digest != manifest.source.digest:
        raise IntegrityError(
            "other_source",
            expected=f"the source of version {manifest.version}, with digest {manifest.source.digest[:16]}…",
            found=f"a source with digest {snapshot.digest[:16]}…",
            remedy="name the version's original file with --source, read with the same options",
            values={"expected": manifest.source.digest, "found": snapshot.digest},
        )


def _check_files(base: Path, manifest: Manifest, parts: Sequence[str]) -> None:
    changed = [line for part in parts for line in changed_files(base, manifest, only=part)]
    if changed:
        raise IntegrityError(
            "changed_files",
            expected="the recipe and keys as published",
            found="; ".join(changed[:5]),
            remedy="restore them from a backup, or publish the dataset again",
            values={"files": changed},
        )


def _check_bytes(manifest: Manifest, parts: list[PartFile], draft: Path) -> None:
    """Compare the digests of rebuilt files with those of the published files."""
    files = [file for name in TRAIN_FOLDERS for file in manifest.part_files(name)]
    wanted = {file.path.removeprefix(f"{manifest.data}/"): file.sha256 for file in files}
    rebuilt = {part.path.relative_to(draft).as_posix(): part.sha256 for part in parts}
    if rebuilt != wanted:
        then, now = manifest.libraries, library_versions()
        other = [f"{name} {then.get(name)} (here {now[name]})" for name in now if then.get(name) != now[name]]
        raise IntegrityError(
            "other_bytes",
            expected="the bytes that were published",
            found=f"{sum(rebuilt.get(path) != digest for path, digest in wanted.items())} files that differ",
            remedy=f"rebuild with the original library versions: {', '.join(other)}"
            if other
            else "report this as a bug in Counterpoise: source, recipe and libraries are the same",
            values={"libraries": other},
        )


def _materials(manifest: Manifest, snapshot: Snapshot, data: Path) -> Materials:
    """Gather the materials of train only."""
    config = manifest.settings
    source = SourceTable(snapshot, config.columns)
    partition = np.zeros(snapshot.rows, dtype=np.int8)
    partition[_rows_elsewhere(data)] = REJECTED
    labels = source.labels
    rows = np.flatnonzero(partition == PARTITIONS.index("train"))
    train = TrainRows(rows, labels.codes[rows], labels.classes)
    recipe = _recipe(train, data / "recipe")
    made = int(recipe.copies.sum(dtype=np.int64)) + (0 if recipe.synthetic is None else recipe.synthetic.num_rows)
    if recipe.copies.min(initial=0) < 0 or made != manifest.partitions["train"].rows:
        raise _mismatch(f"{made:,} rows, where the manifest says {manifest.partitions['train'].rows:,}", manifest)
    return gather_materials(
        snapshot, recipe, roles=source.roles, partition=partition, seed=config.seed,
        output=config.output,
    )  # fmt: skip


def _rows_elsewhere(data: Path) -> Ints:
    """Return the source rows in validation, test or the rejects."""
    files = [file for name in PARTITIONS[1:] for file in sorted((data / "keys" / name).glob("*.parquet"))]
    tables = [read_parquet(file, columns=["source_row"]) for file in files]
    rejected = data / "rejected" / "rows.parquet"
    if rejected.exists():
        tables.append(read_parquet(rejected).select([0]).rename_columns(["source_row"]))
    return np.concatenate([np.zeros(0, np.int64), *(table["source_row"].to_numpy() for table in tables)])


def _recipe(train: TrainRows, folder: Path) -> TrainRecipe:
    changed = read_parquet(folder / "copies.parquet")
    places = np.searchsorted(train.rows, changed["source_row"].to_numpy())
    counts = {}
    for name in set(changed.schema.names) & {"copies", "weight"}:
        stored = changed[name].to_numpy()
        counts[name] = np.ones(len(train.rows), dtype=stored.dtype)
        counts[name][places] = stored
    made = folder / "synthetic.parquet"
    synthetic: pa.Table | None = read_parquet(made) if made.exists() else None
    return TrainRecipe(train, counts["copies"], synthetic, counts.get("weight"))
