"""Where a version's evaluation lies: `metrics.json`, and beside it, or where it says, the report and the correction.

On this machine a whole folder is moved into place. An object store moves nothing: there each attempt writes its files
under a name of its own, and `metrics.json`, created if absent, says which attempt counts. `metrics.json` carries its
own digest, those of the other files, and that of the manifest whose version was evaluated.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from counterpoise.errors import IntegrityError, StorageError, StorageUnavailableError
from counterpoise.persist._commit import manifest_sha256
from counterpoise.persist._files.part_files import finished_part
from counterpoise.persist._files.stored_files import is_there, read_plain_file, read_stored
from counterpoise.persist._layout import DatasetFolder, evaluation_name
from counterpoise.records import seal
from counterpoise.storage import join_address, own_area, sync_folder

if TYPE_CHECKING:
    from counterpoise.results import PublishedMetrics

__all__ = [
    "METRICS_FILE",
    "StoredEvaluation",
    "as_json",
    "copy_evaluation",
    "find_stored_evaluation",
    "has_evaluation",
    "metrics_sha256",
    "read_evaluation_file",
    "store_evaluation",
]

METRICS_FILE = "metrics.json"


@dataclass(frozen=True)
class StoredEvaluation:
    """A version's evaluation as it was published.

    Attributes:
        record: The metrics record, with the digests of the other files.
        folder: The folder of these, relative to the dataset.
    """

    record: PublishedMetrics
    folder: str

    @property
    def metrics(self) -> dict[str, Any]:
        """The metrics record as plain JSON."""
        return self.record.model_dump(mode="json", by_alias=True, exclude_unset=True)


def find_stored_evaluation(dataset: DatasetFolder, version: int) -> StoredEvaluation | None:
    """Return a version's evaluation, or None.

    Raises:
        IntegrityError: Its metrics are not as they were written.
    """
    from counterpoise.results import PublishedMetrics

    folder = evaluation_name(version)
    try:
        found = read_stored(dataset, PublishedMetrics, f"{folder}/{METRICS_FILE}", remedy=_remedy(dataset, version))
    except FileNotFoundError:
        return None
    return StoredEvaluation(found, f"{folder}/{found.attempt}" if found.attempt else folder)


def has_evaluation(dataset: DatasetFolder, version: int) -> bool:
    """Return whether a version was evaluated, be the metrics readable or not."""
    return is_there(dataset, f"{evaluation_name(version)}/{METRICS_FILE}")


def metrics_sha256(dataset: DatasetFolder, version: int) -> str | None:
    """Return the SHA-256 of the bytes of a version's metrics; None where it was not evaluated.

    Raises:
        IntegrityError: They cannot be read.
    """
    try:
        content = read_plain_file(dataset, f"{evaluation_name(version)}/{METRICS_FILE}")
    except FileNotFoundError:
        return None
    return hashlib.sha256(content).hexdigest()


def read_evaluation_file(dataset: DatasetFolder, found: StoredEvaluation, name: str) -> bytes:
    """Return the bytes of another file of an evaluation, which are those that were published.

    Args:
        dataset: The dataset.
        found: The evaluation.
        name: `report.html` or `correction.json`.

    Raises:
        IntegrityError: The file is gone, or not what was published.
    """
    place, version = f"{found.folder}/{name}", int(found.folder.split("/")[1])
    try:
        content = read_plain_file(dataset, place, remedy=_remedy(dataset, version))
        if (name, hashlib.sha256(content).hexdigest()) in found.record.files.items():
            return content
        problem = "other content than was published"
    except FileNotFoundError:
        problem = "no such file"
    raise IntegrityError(
        "changed_evaluation",
        expected=f"{name} of the evaluation of version {version} as it was published",
        found=problem,
        remedy=_remedy(dataset, version),
        values={"file": join_address(dataset.address, place)},
    )


def copy_evaluation(dataset: DatasetFolder, version: int, folder: Path) -> None:
    """Write a version's evaluation into a local folder, each file checked; nothing where there is none.

    Args:
        dataset: The dataset.
        version: The version.
        folder: The folder, which is made.

    Raises:
        IntegrityError: A file is not what was published.
    """
    found = find_stored_evaluation(dataset, version)
    if found is None:
        return
    folder.mkdir(parents=True, exist_ok=True)
    (folder / METRICS_FILE).write_text(as_json(found.metrics), encoding="utf-8")
    for name in found.record.files:
        (folder / name).write_bytes(read_evaluation_file(dataset, found, name))


def store_evaluation(
    dataset: DatasetFolder, version: int, *, metrics: Mapping[str, Any], files: Mapping[str, str]
) -> None:
    """Publish an evaluation, whole or not at all; the first one stays.

    Args:
        dataset: The dataset.
        version: The version that was evaluated.
        metrics: All numbers.
        files: The other files' texts by name.

    Raises:
        StorageError: The object store refuses.
    """
    record = {
        **metrics,
        "manifest_sha256": manifest_sha256(dataset, version),
        "files": {name: hashlib.sha256(text.encode()).hexdigest() for name, text in files.items()},
    }
    if dataset.remote:
        _create(dataset, version, record, files)
    else:
        with own_area(dataset.work) as area:
            _move_into_place(area, dataset.evaluation(version), {METRICS_FILE: as_json(seal(record)), **files})


def as_json(value: Any) -> str:
    """Return a value as readable JSON."""
    return json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _create(dataset: DatasetFolder, version: int, record: Mapping[str, Any], files: Mapping[str, str]) -> None:
    """Write the files of an attempt, then the record that makes it the one that counts, unless another one does."""
    attempt, folder, created = uuid.uuid4().hex, evaluation_name(version), False
    try:
        for name, text in files.items():
            dataset.store.replace(f"{folder}/{attempt}/{name}", text.encode())
        content = as_json(seal({**record, "attempt": attempt}))
        created = dataset.store.create(f"{folder}/{METRICS_FILE}", content.encode())
    except StorageUnavailableError:  # a record that was sent may still arrive: what it names stays
        created = True
        raise
    finally:
        if not created:
            with suppress(StorageError):
                dataset.store.delete(f"{folder}/{attempt}")


def _move_into_place(area: Path, folder: Path, files: Mapping[str, str]) -> None:
    """Rename a whole folder; where another run was first, its folder stays."""
    draft = area / folder.name
    draft.mkdir()
    folder.parent.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (draft / name).write_text(text, encoding="utf-8")
        finished_part(draft / name)
    sync_folder(draft)
    try:
        draft.rename(folder)
    except OSError:
        if not folder.is_dir():
            raise
    sync_folder(folder.parent)


def _remedy(dataset: DatasetFolder, version: int) -> str:
    folder = join_address(dataset.address, evaluation_name(version))
    return f"restore the file from a backup, or remove {folder} and run again, which evaluates the version anew"
