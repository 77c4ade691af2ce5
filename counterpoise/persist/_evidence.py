"""Read stored evidence: why a run was refused, and the validation outcome of a version."""

from __future__ import annotations

import hashlib
from typing import Annotated, Any

from pydantic import Field

from counterpoise.persist._files.stored_files import read_plain_file, read_stored
from counterpoise.persist._layout import DatasetFolder
from counterpoise.records import Name, Record, Sealed, Text, Validation, parse_stored, unreadable
from counterpoise.storage import join_address


class RefusedBecause(Record):
    """An error in the format of `CounterpoiseError.as_dict`."""

    error: Name
    stage: Name
    reason: Annotated[str, Field(pattern=r"^[a-z0-9_]{1,100}$")]
    expected: Text
    found: Text
    remedy: Text
    values: dict[Name, Any]


class Refusal(Sealed):
    """The reason a run was refused, with its configuration."""

    reason: RefusedBecause
    config: dict[Name, Any]


def read_refusal(folder: DatasetFolder, run: str) -> Refusal:
    """Return the reason a run was refused.

    Args:
        folder: The dataset.
        run: The run's folder under `rejected/`.

    Raises:
        FileNotFoundError: There is no such run.
        IntegrityError: The file was changed or damaged.
    """
    return read_stored(folder, Refusal, f"rejected/{run}/reason.json")


def read_validation(folder: DatasetFolder, name: str, *, sha256: str) -> Validation:
    """Return a version's stored validation outcome.

    Args:
        folder: The dataset.
        name: The file name from the manifest, `data/…/validation.json`.
        sha256: The file's digest from the manifest.

    Raises:
        FileNotFoundError: There is no such file.
        IntegrityError: The file was changed or damaged.
    """
    content, place = read_plain_file(folder, name), join_address(folder.address, name)
    if hashlib.sha256(content).hexdigest() != sha256:
        raise unreadable(place, "content that differs from the manifest's digest")
    return parse_stored(Validation, content, place=place)
