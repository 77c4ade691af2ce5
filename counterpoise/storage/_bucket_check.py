"""What a store must be able to do before anything is uploaded, tried with a small object of its own."""

from __future__ import annotations

import uuid
from contextlib import suppress
from typing import Protocol

from counterpoise.errors import StorageError, StorageUnavailableError
from counterpoise.storage._attempts import create_once, persevere

__all__ = ["check_bucket"]

_FIRST, _SECOND = b"1", b"2"


class _Bucket(Protocol):
    """What is tried of a store."""

    def names(self, folder: str) -> list[str]: ...
    def read(self, name: str) -> bytes: ...
    def create_unchecked(self, name: str, content: bytes) -> bool: ...
    def delete(self, folder: str) -> None: ...


def check_bucket(store: _Bucket, bucket: str) -> None:
    """Make sure that we may list, write, read and remove, and that the store refuses to create what is there.

    A server that ignores the condition would let one version take another's place without a word. It is only said to
    ignore it when the second content was seen to have replaced the first. What is tried lies where unfinished data
    does, so that it goes a week later where it cannot be removed now.

    Args:
        store: The store.
        bucket: The address of its bucket, for the error.

    Raises:
        StorageError: The store cannot do it, or we may not.
        StorageUnavailableError: It could not be found out.
    """
    folder = f"data/{uuid.uuid4().hex}"
    store.names(folder)
    try:
        _check_conditions(store, f"{folder}/probe", bucket)
    except BaseException:
        with suppress(StorageError):
            store.delete(folder)
        raise
    with suppress(StorageUnavailableError):
        store.delete(folder)


def _check_conditions(store: _Bucket, probe: str, bucket: str) -> None:
    try:
        create_once(lambda: store.create_unchecked(probe, _FIRST), lambda: store.read(probe), _FIRST, name=probe)
        persevere(lambda: store.create_unchecked(probe, _SECOND))
    except StorageError as error:
        if error.reason != "storage_unsupported":
            raise
        raise _no_conditions(bucket, "a store that does not know the condition") from error
    if store.read(probe) == _SECOND:
        raise _no_conditions(
            bucket, "a store that ignores the condition, so that runs could overwrite each other's versions"
        )


def _no_conditions(bucket: str, found: str) -> StorageError:
    return StorageError(
        "no_conditional_put",
        expected=f"{bucket} to refuse the creation of an object that is there (If-None-Match: *)",
        found=found,
        remedy="use a store that knows it, as S3, Google Cloud Storage, Azure and current MinIO do",
        values={"bucket": bucket},
    )
