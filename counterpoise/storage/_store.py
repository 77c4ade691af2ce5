"""The interface of a file store, whatever its backend."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True)
class StoredFile:
    """A file of a store.

    Attributes:
        name: Its name relative to the store's address, with forward slashes.
        bytes: Its size in bytes.
        modified: The time of its last write, in seconds since 1970.
        tag: The store's entity tag, which changes with the content; empty for local files.
    """

    name: str
    bytes: int
    modified: float
    tag: str = ""


class Store(Protocol):
    """Files under one address, named relative to it. A file is visible either as a whole or not at all.

    Methods raise `FileNotFoundError` for a missing file, other `OSError`s if the file system refuses, and
    `StorageError` if an object store refuses.
    """

    address: str

    def read(self, name: str) -> bytes:
        """Return the content of a small file."""

    def prepare(self) -> None:
        """Check that the store supports publishing; raise an error if it does not."""

    def create(self, name: str, content: bytes) -> bool:
        """Create a file if its name is free; return whether it now has exactly our content.

        If the name is taken, nothing changes. If the answer gets lost, the actual state decides.
        """

    def replace(self, name: str, content: bytes) -> None:
        """Write a small file, replacing any earlier one."""

    def put(self, name: str, path: Path) -> None:
        """Write a file with the content of a local one, replacing any earlier file."""

    def get(self, file: StoredFile, path: Path) -> str:
        """Copy a file's content to a local file and return its SHA-256."""

    def sha256(self, file: StoredFile) -> str:
        """Read a file's content and return its SHA-256."""

    def look(self, name: str) -> StoredFile | None:
        """Return a file's metadata without reading the file; None if it does not exist."""

    def exists(self, name: str) -> bool:
        """Return whether there is a file of that name."""

    def entries(self, folder: str) -> list[StoredFile]:
        """Return the files directly in a folder, sorted by name; empty if the folder does not exist."""

    def names(self, folder: str) -> list[str]:
        """Return the base names of the files directly in a folder, sorted; empty if the folder does not exist."""

    def folders(self, folder: str) -> list[str]:
        """Return the base names of the folders directly in a folder, sorted."""

    def files(self, folder: str) -> list[StoredFile]:
        """Return all files under a folder, sorted by name."""

    def modified(self, folder: str) -> float:
        """Return the time of the last write in a folder, in seconds since 1970."""

    def delete(self, folder: str) -> None:
        """Remove all files under a folder in name order; do nothing if it does not exist."""
