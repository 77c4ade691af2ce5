"""What was found of a source, read back: why a run was refused, and what was expected of a version."""

from __future__ import annotations

import hashlib
from typing import Annotated, Any

from pydantic import Field

from counterpoise.persist._files.stored_files import read_plain_file, read_stored
from counterpoise.persist._layout import DatasetFolder
from counterpoise.records import Name, Record, Sealed, Text, Validation, parse_stored, unreadable
from counterpoise.storage import join_address

__all__ = ["Refusal", "RefusedBecause", "read_refusal", "read_validation"]


class RefusedBecause(Record):
    """An error as `CounterpoiseError.as_dict` gives it."""

    error: Name
    stage: Name
    reason: Annotated[str, Field(pattern=r"^[a-z0-9_]{1,100}$")]
    expected: Text
    found: Text
    remedy: Text
    values: dict[Name, Any]


class Refusal(Sealed):
    """Why a run was refused, and the configuration that it ran with."""

    reason: RefusedBecause
    config: dict[Name, Any]


def read_refusal(folder: DatasetFolder, run: str) -> Refusal:
    """Return why a run was refused.

    Args:
        folder: The dataset.
        run: The run's folder under `rejected/`.

    Raises:
        FileNotFoundError: There is no such run.
        IntegrityError: The file is not what was written.
    """
    return read_stored(folder, Refusal, f"rejected/{run}/reason.json")


def read_validation(folder: DatasetFolder, name: str, *, sha256: str) -> Validation:
    """Return what was expected of a version and found.

    Args:
        folder: The dataset.
        name: The file's name, `data/…/validation.json`, as the manifest has it.
        sha256: Its digest there.

    Raises:
        FileNotFoundError: There is none.
        IntegrityError: The file is not what was published.
    """
    content, place = read_plain_file(folder, name), join_address(folder.address, name)
    if hashlib.sha256(content).hexdigest() != sha256:
        raise unreadable(place, "other content than the manifest says")
    return parse_stored(Validation, content, place=place)
