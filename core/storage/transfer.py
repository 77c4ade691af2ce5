"""Many files between an object store and this machine: several at a time, every byte checked."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from pathlib import Path
from typing import TypeVar

from counterpoise.core.errors import IntegrityError
from counterpoise.core.records import FileDigest
from counterpoise.core.storage.store import Store, StoredFile

__all__ = ["download", "each", "fetch_checked", "upload_checked"]

_FILES_AT_A_TIME = 4

T = TypeVar("T")
R = TypeVar("R")


def each(work: Callable[[T], R], items: Sequence[T]) -> list[R]:
    """Return what a function gives for each item, in order, a few at a time; what was granted holds in all threads."""
    if len(items) < 2:
        return [work(item) for item in items]
    with ThreadPoolExecutor(min(_FILES_AT_A_TIME, len(items))) as pool:
        jobs = [pool.submit(copy_context().run, work, item) for item in items]
        try:
            return [job.result() for job in jobs]
        finally:
            for job in jobs:
                job.cancel()


def upload_checked(store: Store, base: Path, files: Sequence[FileDigest]) -> None:
    """Upload files and read them back: when this returns, the store has given every byte again as it was digested.

    Args:
        store: Where to.
        base: The folder that the files' paths are relative to; they have the same names in the store.
        files: Their paths, sizes and digests.

    Raises:
        IntegrityError: The store gives other bytes than it was given.
        StorageError: The store refuses.
    """
    each(lambda file: store.put(file.path, base / file.path), files)
    stored = _by_name(store, files)
    wrong = [line for line in each(lambda file: _difference(store, file, stored), files) if line]
    if wrong:
        raise _other_bytes(store, wrong)


def _by_name(store: Store, files: Iterable[FileDigest]) -> dict[str, StoredFile]:
    folders = {"/".join(file.path.split("/")[:2]) for file in files}
    return {file.name: file for folder in sorted(folders) for file in store.files(folder)}


def _difference(store: Store, file: FileDigest, stored: dict[str, StoredFile]) -> str:
    found = stored.get(file.path)
    if found is None or found.bytes != file.bytes:
        return f"{file.path}: {'missing' if found is None else f'{found.bytes} bytes instead of {file.bytes}'}"
    return "" if store.sha256(found) == file.sha256 else f"{file.path}: other content"


def fetch_checked(store: Store, base: Path, files: Sequence[FileDigest]) -> None:
    """Download files that are not there yet, each seen under its name only when it has the digest that it must have.

    Args:
        store: Where from.
        base: The folder that the files' paths are relative to.
        files: Their paths, sizes and digests, as the manifest has them.

    Raises:
        IntegrityError: A file is missing, or is not what was published.
    """

    def fetch(file: FileDigest) -> str:
        target = base / file.path
        if target.is_file() and target.stat().st_size == file.bytes:
            return ""
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = target.with_name(f".{target.name}.{uuid.uuid4().hex}")
        try:
            digest = store.get(StoredFile(file.path, file.bytes, 0.0), draft)
            if digest != file.sha256:
                return f"{file.path}: SHA-256 {digest[:16]}… instead of {file.sha256[:16]}…"
            os.replace(draft, target)  # noqa: PTH105  # the name says that it replaces
        except FileNotFoundError:
            return f"{file.path}: missing"
        finally:
            draft.unlink(missing_ok=True)
        return ""

    wrong = [line for line in each(fetch, files) if line]
    if wrong:
        raise _other_bytes(store, wrong)


def download(store: Store, folder: str, base: Path) -> None:
    """Download all files under a folder, as they are, to the same names under a local one."""

    def fetch(file: StoredFile) -> None:
        target = base / file.name
        target.parent.mkdir(parents=True, exist_ok=True)
        store.get(file, target)

    each(fetch, store.files(folder))


def _other_bytes(store: Store, wrong: Sequence[str]) -> IntegrityError:
    return IntegrityError(
        "changed_files",
        expected=f"the files in {store.address} as they were published",
        found="; ".join(wrong[:5]),
        remedy="restore them from a backup, or publish the dataset again",
        values={"files": list(wrong)},
    )
