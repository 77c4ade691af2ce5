"""Many files between an object store and this machine: several at a time, every byte checked."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from pathlib import Path
from typing import TypeVar

from counterpoise.errors import IntegrityError
from counterpoise.records import FileDigest
from counterpoise.storage._store import Store, StoredFile

__all__ = ["download", "each", "fetch_checked", "upload_checked"]

_FILES_AT_A_TIME = 4
_UPLOADS, _READS = 3, 2

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

    What comes back otherwise is uploaded again, for it may have been spoilt on its way.

    Args:
        store: Where to.
        base: The folder that the files' paths are relative to; they have the same names in the store.
        files: Their paths, sizes and digests.

    Raises:
        IntegrityError: The store gives other bytes than it was given.
        StorageError: The store refuses.
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
        expected=f"{store.address} to give every byte again that was uploaded, {_UPLOADS} times tried",
        found="; ".join(wrong[:5]),
        remedy="check the store, and what lies before it; nothing was published",
        values={"files": wrong},
    )


def _by_name(store: Store, files: Iterable[FileDigest]) -> dict[str, StoredFile]:
    folders = {"/".join(file.path.split("/")[:2]) for file in files}
    return {file.name: file for folder in sorted(folders) for file in store.files(folder)}


def _difference(store: Store, file: FileDigest, stored: dict[str, StoredFile]) -> str:
    """Return how a stored file differs; one that the listing misses, or has otherwise, is looked at by its name."""
    found = stored.get(file.path)
    if found is None or found.bytes != file.bytes:
        found = store.look(file.path)
    if found is None or found.bytes != file.bytes:
        return f"{file.path}: {'missing' if found is None else f'{found.bytes} bytes instead of {file.bytes}'}"
    try:
        return "" if _read_as(file, lambda: store.sha256(found)) else f"{file.path}: other content"
    except FileNotFoundError:
        return f"{file.path}: gone, or replaced"


def _read_as(file: FileDigest, read: Callable[[], str]) -> bool:
    """Return whether a file reads as it must, tried once more where it does not: it may be spoilt on its way here."""
    return any(read() == file.sha256 for _ in range(_READS))


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
        raise _other_bytes(store, wrong)


def download(store: Store, folder: str, base: Path, *, expected: Iterable[str] = ()) -> None:
    """Download all files under a folder, as they are, to the same names under a local one.

    Args:
        store: Where from.
        folder: The folder.
        base: The local one.
        expected: Names of files that should be among them: those that the listing misses are asked for by name.
    """

    def fetch(file: StoredFile) -> None:
        target = base / file.name
        target.parent.mkdir(parents=True, exist_ok=True)
        store.get(file, target)

    listed = store.files(folder)
    missed = each(store.look, sorted(set(expected) - {file.name for file in listed}))
    each(fetch, [*listed, *(file for file in missed if file is not None)])


def _other_bytes(store: Store, wrong: Sequence[str]) -> IntegrityError:
    return IntegrityError(
        "changed_files",
        expected=f"the files in {store.address} as they were published",
        found="; ".join(wrong[:5]),
        remedy="restore them from a backup, or publish the dataset again",
        values={"files": list(wrong)},
    )
