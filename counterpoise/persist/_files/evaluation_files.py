"""Read and write a version's evaluation: `metrics.json`, the report and the correction.

A local store moves a complete folder into place. An object store cannot move files: each attempt writes its files
under a unique name, and `metrics.json`, created only if absent, names the attempt that counts. `metrics.json` contains
its own digest, those of the other files, and that of the manifest of the evaluated version.
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

METRICS_FILE = "metrics.json"


@dataclass(frozen=True)
class StoredEvaluation:
    """A version's published evaluation.

    Attributes:
        record: The metrics record, with the digests of the other files.
        folder: The folder of these files, relative to the dataset.
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
        IntegrityError: The metrics were changed or damaged.
    """
    from counterpoise.results import PublishedMetrics

    folder = evaluation_name(version)
    try:
        found = read_stored(dataset, PublishedMetrics, f"{folder}/{METRICS_FILE}", remedy=_remedy(dataset, version))
    except FileNotFoundError:
        return None
    return StoredEvaluation(found, f"{folder}/{found.attempt}" if found.attempt else folder)


def has_evaluation(dataset: DatasetFolder, version: int) -> bool:
    """Return whether a version was evaluated, even if its metrics are unreadable."""
    return is_there(dataset, f"{evaluation_name(version)}/{METRICS_FILE}")


def metrics_sha256(dataset: DatasetFolder, version: int) -> str | None:
    """Return the SHA-256 of a version's metrics file; None if the version was not evaluated.

    Raises:
        IntegrityError: They cannot be read.
    """
    try:
        content = read_plain_file(dataset, f"{evaluation_name(version)}/{METRICS_FILE}")
    except FileNotFoundError:
        return None
    return hashlib.sha256(content).hexdigest()


def read_evaluation_file(dataset: DatasetFolder, found: StoredEvaluation, name: str) -> bytes:
    """Return the bytes of another file of an evaluation, after checking its digest.

    Args:
        dataset: The dataset.
        found: The evaluation.
        name: `report.html` or `correction.json`.

    Raises:
        IntegrityError: The file is missing or was changed.
    """
    place, version = f"{found.folder}/{name}", int(found.folder.split("/")[1])
    try:
        content = read_plain_file(dataset, place, remedy=_remedy(dataset, version))
        if (name, hashlib.sha256(content).hexdigest()) in found.record.files.items():
            return content
        problem = "content that differs from the published file"
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
    """Copy a version's evaluation into a local folder and check each file; do nothing if there is none.

    Args:
        dataset: The dataset.
        version: The version.
        folder: The folder, which is created.

    Raises:
        IntegrityError: A file was changed.
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
    """Publish an evaluation atomically; an existing one is kept.

    Args:
        dataset: The dataset.
        version: The evaluated version.
        metrics: The metrics record.
        files: The contents of the other files, by name.

    Raises:
        StorageError: The object store rejects the write.
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
    """Serialise a value as indented JSON."""
    return json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _create(dataset: DatasetFolder, version: int, record: Mapping[str, Any], files: Mapping[str, str]) -> None:
    """Write an attempt's files, then create the record that makes it count, unless another attempt already does."""
    attempt, folder, created = uuid.uuid4().hex, evaluation_name(version), False
    try:
        for name, text in files.items():
            dataset.store.replace(f"{folder}/{attempt}/{name}", text.encode())
        content = as_json(seal({**record, "attempt": attempt}))
        created = dataset.store.create(f"{folder}/{METRICS_FILE}", content.encode())
    except StorageUnavailableError:  # the record may still arrive, so keep the files it names
        created = True
        raise
    finally:
        if not created:
            with suppress(StorageError):
                dataset.store.delete(f"{folder}/{attempt}")


def _move_into_place(area: Path, folder: Path, files: Mapping[str, str]) -> None:
    """Rename a complete folder into place; keep the folder of a run that was faster."""
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
    return f"restore the file from a backup, or remove {folder} and run again to evaluate the version anew"
