"""Transfer files to and from an object store, several at a time, and check every byte."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterable, Sequence
from contextvars import copy_context
from pathlib import Path
from typing import TypeVar

from counterpoise.errors import IntegrityError
from counterpoise.records import FileDigest
from counterpoise.runtime import thread_pool
from counterpoise.storage._store import Store, StoredFile

_FILES_AT_A_TIME = 4
_UPLOADS, _READS = 3, 2

T = TypeVar("T")
R = TypeVar("R")


def each(work: Callable[[T], R], items: Sequence[T]) -> list[R]:
    """Apply a function to each item, a few at a time, and return the results in order; threads share all grants."""
    if len(items) < 2:
        return [work(item) for item in items]
    with thread_pool(min(_FILES_AT_A_TIME, len(items))) as pool:
        jobs = [pool.submit(copy_context().run, work, item) for item in items]
        try:
            return [job.result() for job in jobs]
        finally:
            for job in jobs:
                job.cancel()


def upload_checked(store: Store, base: Path, files: Sequence[FileDigest]) -> None:
    """Upload files and read them back; on return, the store has reproduced every byte.

    A file that comes back different is uploaded again, because it may have been corrupted in transit.

    Args:
        store: The destination.
        base: The folder that the files' paths are relative to; they have the same names in the store.
        files: Their paths, sizes and digests.

    Raises:
        IntegrityError: The store returns different bytes from those uploaded.
        StorageError: The store refuses access.
    """
    left, wrong = list(files), list[str]()
    for _ in range(_UPLOADS):
        each(lambda file: store.put(file.path, base / file.path), left)
        stored = _by_name(store, left)
        found = each(lambda file, stored=stored: _difference(store, file, stored), left)  # type: ignore[misc]
        left = [file for file, line in zip(left, found, strict=True) if line]
        wrong = [line for line in found if line]
        if not wrong:
            return
    raise IntegrityError(
        "other_bytes",
        expected=f"{store.address} to return every uploaded byte, in one of {_UPLOADS} attempts",
        found="; ".join(wrong[:5]),
        remedy="check the store and any proxy before it; nothing was published",
        values={"files": wrong},
    )


def _by_name(store: Store, files: Iterable[FileDigest]) -> dict[str, StoredFile]:
    folders = {"/".join(file.path.split("/")[:2]) for file in files}
    return {file.name: file for folder in sorted(folders) for file in store.files(folder)}


def _difference(store: Store, file: FileDigest, stored: dict[str, StoredFile]) -> str:
    """Return how a stored file differs; a file that the listing lacks or shows differently is looked up by name."""
    found = stored.get(file.path)
    if found is None or found.bytes != file.bytes:
        found = store.look(file.path)
    if found is None or found.bytes != file.bytes:
        return f"{file.path}: {'missing' if found is None else f'{found.bytes} bytes instead of {file.bytes}'}"
    try:
        return "" if _read_as(file, lambda: store.sha256(found)) else f"{file.path}: different content"
    except FileNotFoundError:
        return f"{file.path}: removed or replaced"


def _read_as(file: FileDigest, read: Callable[[], str]) -> bool:
    """Return whether a file has its digest, reading it again if not, because it may be corrupted in transit."""
    return any(read() == file.sha256 for _ in range(_READS))


def fetch_checked(store: Store, base: Path, files: Sequence[FileDigest]) -> None:
    """Download missing files; each becomes visible under its name only after its digest has been checked.

    Args:
        store: The source.
        base: The folder that the files' paths are relative to.
        files: Their paths, sizes and digests from the manifest.

    Raises:
        IntegrityError: A file is missing or differs from the published one.
    """

    def fetch(file: FileDigest) -> str:
        target = base / file.path
        if target.is_file() and target.stat().st_size == file.bytes:
            return ""
        target.parent.mkdir(parents=True, exist_ok=True)
        draft, digests = target.with_name(f".{target.name}.{uuid.uuid4().hex}"), list[str]()

        def get() -> str:
            digests.append(store.get(StoredFile(file.path, file.bytes, 0.0), draft))
            return digests[-1]

        try:
            if not _read_as(file, get):
                return f"{file.path}: SHA-256 {digests[-1][:16]}… instead of {file.sha256[:16]}…"
            os.replace(draft, target)  # noqa: PTH105  # the name says that it replaces
        except FileNotFoundError:
            return f"{file.path}: missing"
        finally:
            draft.unlink(missing_ok=True)
        return ""

    wrong = [line for line in each(fetch, files) if line]
    if wrong:
        raise IntegrityError(
            "changed_files",
            expected=f"the files in {store.address} as they were published",
            found="; ".join(wrong[:5]),
            remedy="restore them from a backup, or publish the dataset again",
            values={"files": list(wrong)},
        )


def download(store: Store, folder: str, base: Path, *, expected: Iterable[str] = ()) -> None:
    """Download all files under a folder unchanged to the same names under a local folder.

    Args:
        store: The source.
        folder: The folder.
        base: The local folder.
        expected: Names of files that should be among them; those that the listing lacks are looked up by name.
    """

    def fetch(file: StoredFile) -> None:
        target = base / file.name
        target.parent.mkdir(parents=True, exist_ok=True)
        store.get(file, target)

    listed = store.files(folder)
    missed = each(store.look, sorted(set(expected) - {file.name for file in listed}))
    each(fetch, [*listed, *(file for file in missed if file is not None)])
