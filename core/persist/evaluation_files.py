"""Where a version's evaluation lies: `metrics.json`, and beside it, or where it says, the report and the correction.

On this machine a whole folder is moved into place. An object store moves nothing: there each attempt writes its files
under a name of its own, and `metrics.json`, created if absent, says which attempt counts.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from counterpoise.core.errors import StorageError, StorageUnavailableError
from counterpoise.core.persist.layout import DatasetFolder, evaluation_name
from counterpoise.core.persist.part_files import finished_part
from counterpoise.core.storage.areas import own_area
from counterpoise.core.storage.local import sync_folder

__all__ = ["StoredEvaluation", "as_json", "find_stored_evaluation", "store_evaluation"]

_ATTEMPT = "attempt"


@dataclass(frozen=True)
class StoredEvaluation:
    """A version's evaluation as it was published.

    Attributes:
        metrics: The metrics record.
        folder: The folder of its other files, relative to the dataset.
    """

    metrics: dict[str, Any]
    folder: str


def find_stored_evaluation(dataset: DatasetFolder, version: int) -> StoredEvaluation | None:
    """Return a version's evaluation, or None."""
    folder = evaluation_name(version)
    try:
        metrics = json.loads(dataset.store.read(f"{folder}/metrics.json"))
    except FileNotFoundError:
        return None
    return StoredEvaluation(metrics, f"{folder}/{metrics[_ATTEMPT]}" if _ATTEMPT in metrics else folder)


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
    if dataset.remote:
        _create(dataset, version, metrics, files)
    else:
        with own_area(dataset.work) as area:
            _move_into_place(area, dataset.evaluation(version), {"metrics.json": as_json(metrics), **files})


def as_json(value: Any) -> str:
    """Return a value as readable JSON."""
    return json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _create(dataset: DatasetFolder, version: int, metrics: Mapping[str, Any], files: Mapping[str, str]) -> None:
    """Write the files of an attempt, then the record that makes it the one that counts, unless another one does."""
    attempt, folder, created = uuid.uuid4().hex, evaluation_name(version), False
    try:
        for name, text in files.items():
            dataset.store.replace(f"{folder}/{attempt}/{name}", text.encode())
        record = as_json({**metrics, _ATTEMPT: attempt})
        created = dataset.store.create(f"{folder}/metrics.json", record.encode())
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
