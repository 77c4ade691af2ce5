"""Check with a small probe object that a store supports everything that publishing needs."""

from __future__ import annotations

import uuid
from contextlib import suppress
from typing import Protocol

from counterpoise.errors import StorageError, StorageUnavailableError
from counterpoise.storage._attempts import create_once, retry

_FIRST, _SECOND = b"1", b"2"


class _Bucket(Protocol):
    """The operations of a store that the check uses."""

    def names(self, folder: str) -> list[str]: ...
    def read(self, name: str) -> bytes: ...
    def create_unchecked(self, name: str, content: bytes) -> bool: ...
    def delete(self, folder: str) -> None: ...


def check_bucket(store: _Bucket, bucket: str) -> None:
    """Check that we may list, write, read and remove objects, and that the store refuses to create an existing one.

    A server that ignores the condition would let one version silently overwrite another. The check reports this only
    if it has seen the second content replace the first. The probe is stored with unfinished data, so that it is removed
    a week later if it cannot be removed now.

    Args:
        store: The store.
        bucket: The address of its bucket, for the error.

    Raises:
        StorageError: The store does not support an operation, or we lack permission.
        StorageUnavailableError: The check could not be completed.
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
        retry(lambda: store.create_unchecked(probe, _SECOND))
    except StorageError as error:
        if error.reason != "storage_unsupported":
            raise
        raise _no_conditions(bucket, "a store that does not support the condition") from error
    if store.read(probe) == _SECOND:
        raise _no_conditions(
            bucket, "a store that ignores the condition, so that runs could overwrite each other's versions"
        )


def _no_conditions(bucket: str, found: str) -> StorageError:
    return StorageError(
        "no_conditional_put",
        expected=f"{bucket} to refuse to create an object that exists (If-None-Match: *)",
        found=found,
        remedy="use a store that supports it, such as S3, Google Cloud Storage, Azure or current MinIO",
        values={"bucket": bucket},
    )
