"""The working areas of runs: create, discard, keep as evidence, reclaim."""

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

_SWITCH = ".switch"
_MARKS: dict[Path, tuple[Path, int]] = {}
"""The marks that this process holds for the working areas of its runs, and where they are stored."""


@names_refusals("prepare")
def workspace(root: str | Path, dataset: str, run_id: str) -> Path:
    """Return the run's working area, created on first use; a retry of the run gets the same one.

    The area is marked as in use until it is discarded or kept, or until this process ends. Leftovers of killed runs of
    the dataset on this machine are removed first, because the new run may need the space.

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
    """Remove a run's working area, and the staging folder if it is then empty."""
    shutil.rmtree(path, ignore_errors=True)
    keep_workspace(path)
    sweep(path.parent)


def keep_workspace(path: Path) -> None:
    """Keep a run's working area for a retry, for a week."""
    place, descriptor = _MARKS.pop(path.absolute(), (path, None))
    if descriptor is not None:
        unmark(place, path.name, descriptor)


def keep_evidence(config: BalanceConfig, folder: Path, error: CounterpoiseError) -> str | None:
    """Keep the reason for a refusal and the rejected rows under the dataset's `rejected/`.

    Args:
        config: The run's configuration.
        folder: The run's working area.
        error: The error that refused the run.

    Returns:
        The address of the folder with `reason.json`, the configuration and the rejected rows; None if the data is not
        at fault or the folder cannot be written.
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
    except (OSError, StorageError):  # this must not hide the reason for the refusal
        return None
    return join_address(dataset.address, "rejected", folder.name)


def reclaim_leftovers(folder: DatasetFolder) -> list[str]:
    """Remove the leftovers of crashed runs; return the names of the removed folders.

    Files marked by a process that has ended are removed at once. Unmarked files are removed after a week by the clock
    of their store: data sent to a bucket, and areas kept for a retry. Data folders stay if it is uncertain which of
    them a version refers to.

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
    """Lock a version's train rows, so that only one process at a time removes or restores them.

    Args:
        folder: The dataset.
        data: The version's data folder, relative to the dataset.
    """
    return only_one(folder.work, Path(data).name + _SWITCH)


def _refuse_linked_folders(folder: DatasetFolder) -> None:
    """Refuse folders that are symbolic links: their content is not ours to remove."""
    for name in FOLDERS:
        folder.refuse_links(name)


def _reclaim_abandoned(folder: DatasetFolder) -> list[str]:
    """Remove everything marked by a process that has ended."""
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
    """Remove the working files under a name, and its data folder unless a version may refer to it."""
    for path in (folder.work / name, folder.staging / name):
        shutil.rmtree(path, ignore_errors=True)
    if name.endswith(_SWITCH):
        _finish_removal(folder, name.removesuffix(_SWITCH))
    if folder.remote or not (folder.data / name).exists():
        return True
    known = referenced_data(folder)  # read after the mark is found abandoned: a publishing run holds it until then
    if known is not None and name not in known:
        folder.store.delete(f"data/{name}")
    return known is not None


def _finish_removal(folder: DatasetFolder, name: str) -> None:
    """Remove leftover keys: a process was killed after it removed the train rows."""
    rows, keys = (f"data/{name}/{part}" for part in TRAIN_FOLDERS)
    if not folder.remote and not (folder.path / rows).exists():
        folder.store.delete(keys)


def _reclaim_old_data(folder: DatasetFolder) -> list[str]:
    """Remove unmarked data folders that no version has referred to for a week."""
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
    """Return the store's current time, which may differ from this machine's clock."""
    place = f".work/clock-{uuid.uuid4().hex}"
    store.replace(f"{place}/now", b"")
    try:
        found = store.look(f"{place}/now")
        return found.modified if found is not None else 0.0
    finally:
        store.delete(place)
