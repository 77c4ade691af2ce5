"""Working areas of runs: made, thrown away, kept as evidence, reclaimed."""

from __future__ import annotations

import json
import shutil
import uuid
from contextlib import AbstractContextManager, suppress
from pathlib import Path

from counterpoise.config import BalanceConfig
from counterpoise.errors import CounterpoiseError, StorageError
from counterpoise.persist._commit import referenced_data
from counterpoise.persist._layout import FOLDERS, TRAIN_FOLDERS, DatasetFolder
from counterpoise.records import seal
from counterpoise.runtime import names_refusals
from counterpoise.storage import (
    KEEP_SECONDS,
    Store,
    abandoned,
    join_address,
    lock_of,
    locks_in,
    make_folder,
    mark,
    only_one,
    reclaim_copies,
    remove_old,
    sweep,
    unmark,
)

__all__ = [
    "discard_workspace",
    "keep_evidence",
    "keep_workspace",
    "reclaim_leftovers",
    "switching",
    "workspace",
]

_SWITCH = ".switch"
_MARKS: dict[Path, tuple[Path, int]] = {}
"""The marks of working areas of runs that this process holds, and where they lie."""


@names_refusals("prepare")
def workspace(root: str | Path, dataset: str, run_id: str) -> Path:
    """Return the run's working area, made on first use; a retry of the run finds the same one.

    It is marked as in use until it is discarded or kept, or until this process ends. What killed runs of the dataset
    have left on this machine goes first: the new run may need the room.

    Raises:
        IntegrityError: A folder of the dataset is a symbolic link.
    """
    folder = DatasetFolder(root, dataset)
    _refuse_linked_folders(folder)
    with suppress(OSError):
        _reclaim_abandoned(folder)
    path = folder.staging / run_id
    if path.absolute() not in _MARKS:
        _MARKS[path.absolute()] = (folder.work.absolute(), mark(folder.work, run_id))
    make_folder(path)
    return path


def discard_workspace(path: Path) -> None:
    """Remove a run's working area, and the staging folder where it was the last."""
    shutil.rmtree(path, ignore_errors=True)
    keep_workspace(path)
    sweep(path.parent)


def keep_workspace(path: Path) -> None:
    """Leave a run's working area to a retry of the run, for a week."""
    place, descriptor = _MARKS.pop(path.absolute(), (path, None))
    if descriptor is not None:
        unmark(place, path.name, descriptor)


def keep_evidence(config: BalanceConfig, folder: Path, error: CounterpoiseError) -> str | None:
    """Keep why a run was refused, and the rows it rejected, under `rejected/` of the dataset.

    Args:
        config: The run's configuration.
        folder: The run's working area.
        error: Why the run was refused.

    Returns:
        The address of the folder with `reason.json`, the configuration and the rejected rows; None for a fault that is
        not the data's, or where it cannot be written.
    """
    if error.exit_code != 2 or isinstance(error, StorageError):
        return None
    dataset = DatasetFolder.of(config)
    reason = json.loads(
        json.dumps({"reason": error.as_dict(), "config": config.published()}, default=str), parse_constant=str
    )
    text = json.dumps(seal(reason), indent=1, ensure_ascii=False) + "\n"
    try:
        dataset.store.replace(f"rejected/{folder.name}/reason.json", text.encode())
        for file in sorted({*folder.rglob("*reject*.parquet"), *folder.rglob("invalid_rows.parquet")}):
            dataset.store.put(f"rejected/{folder.name}/{file.name}", file)
    except (OSError, StorageError):  # why the run was refused is what its reader must see
        return None
    return join_address(dataset.address, "rejected", folder.name)


def reclaim_leftovers(folder: DatasetFolder) -> list[str]:
    """Remove what crashed runs have left behind; return the names of the folders removed.

    What bears the mark of a process that is gone goes at once. What bears none goes after a week by the clock of the
    store that it lies in: data that was sent to a bucket, and what a failed run has kept for its retry. Data stay where
    they are if it cannot be known which of them a version refers to.

    Args:
        folder: The dataset.

    Raises:
        IntegrityError: A folder of the dataset is a symbolic link.
    """
    _refuse_linked_folders(folder)
    removed = _reclaim_abandoned(folder)
    for path in (folder.staging, folder.work):
        removed += remove_old(path, folder.work)
    removed += _reclaim_old_data(folder)
    if folder.remote:
        reclaim_copies()
    return removed


def switching(folder: DatasetFolder, data: str) -> AbstractContextManager[None]:
    """Let one process after the other put train rows of a version away or back.

    Args:
        folder: The dataset.
        data: The version's data folder, relative to the dataset.
    """
    return only_one(folder.work, Path(data).name + _SWITCH)


def _refuse_linked_folders(folder: DatasetFolder) -> None:
    """Refuse folders that are symbolic links: what is old, or nobody's, there is not ours to remove."""
    for name in FOLDERS:
        folder.refuse_links(name)


def _reclaim_abandoned(folder: DatasetFolder) -> list[str]:
    """Remove what bears the mark of a process that is gone."""
    removed = []
    for lock in locks_in(folder.work):
        with abandoned(lock) as gone:
            if gone and _remove(folder, lock.stem):
                removed.append(lock.stem)
                lock.unlink(missing_ok=True)
    sweep(folder.work)
    sweep(folder.staging)
    return removed


def _remove(folder: DatasetFolder, name: str) -> bool:
    """Remove working files of a name, and the data folder of that name unless a version may refer to it."""
    for path in (folder.work / name, folder.staging / name):
        shutil.rmtree(path, ignore_errors=True)
    if name.endswith(_SWITCH):
        _finish_putting_away(folder, name.removesuffix(_SWITCH))
    if folder.remote or not (folder.data / name).exists():
        return True
    known = referenced_data(folder)  # read after the mark was found abandoned: who publishes holds it until then
    if known is not None and name not in known:
        folder.store.delete(f"data/{name}")
    return known is not None


def _finish_putting_away(folder: DatasetFolder, name: str) -> None:
    """Remove the keys of train rows that are away: a process was killed between the two."""
    rows, keys = (f"data/{name}/{part}" for part in TRAIN_FOLDERS)
    if not folder.remote and not (folder.path / rows).exists():
        folder.store.delete(keys)


def _reclaim_old_data(folder: DatasetFolder) -> list[str]:
    """Remove data folders without a mark to which no version has referred for a week."""
    there = {name for name in folder.store.folders("data") if not lock_of(folder.work, name).exists()}
    known = referenced_data(folder)
    if known is None or not there - known:
        return []
    now = _clock(folder.store)
    old = [name for name in sorted(there - known) if now - folder.store.modified(f"data/{name}") > KEEP_SECONDS]
    for name in old:
        folder.store.delete(f"data/{name}")
    return old


def _clock(store: Store) -> float:
    """Return what time it is for the store, which has a clock of its own."""
    place = f".work/clock-{uuid.uuid4().hex}"
    store.replace(f"{place}/now", b"")
    try:
        found = store.look(f"{place}/now")
        return found.modified if found is not None else 0.0
    finally:
        store.delete(place)
