"""What a store of files can do, whatever keeps them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

__all__ = ["Store", "StoredFile"]


@dataclass(frozen=True)
class StoredFile:
    """A file of a store.

    Attributes:
        name: Its name relative to the store's address, with slashes.
        bytes: Its size.
        modified: When it was written, in seconds since 1970.
        tag: What the store says changes whenever the content does; empty for local files.
    """

    name: str
    bytes: int
    modified: float
    tag: str = ""


class Store(Protocol):
    """Files under one address, named relative to it. A file is seen whole or not at all.

    Methods raise `FileNotFoundError` for a file that is not there, other `OSError`s where the file system refuses, and
    `StorageError` where an object store does.
    """

    address: str

    def read(self, name: str) -> bytes:
        """Return the content of a small file."""

    def prepare(self) -> None:
        """Make sure that the store does all that publishing needs; raise what stands in its way."""

    def create(self, name: str, content: bytes) -> bool:
        """Write a file under a name that nobody has taken; return whether our content, to the byte, lies there now.

        Where somebody else has taken it, nothing changes. An answer that was lost counts as what happened.
        """

    def replace(self, name: str, content: bytes) -> None:
        """Write a small file, whatever was there."""

    def put(self, name: str, path: Path) -> None:
        """Write a file with the content of a local one, whatever was there."""

    def get(self, file: StoredFile, path: Path) -> str:
        """Write a file's content to a local one and return its SHA-256."""

    def sha256(self, file: StoredFile) -> str:
        """Read a file's content and return its SHA-256."""

    def look(self, name: str) -> StoredFile | None:
        """Return what is known of a file without reading it; None where there is none of that name."""

    def exists(self, name: str) -> bool:
        """Return whether there is a file of that name."""

    def entries(self, folder: str) -> list[StoredFile]:
        """Return the files directly in a folder, sorted by name; none where there is no folder."""

    def names(self, folder: str) -> list[str]:
        """Return the last names of the files directly in a folder, sorted; none where there is no folder."""

    def folders(self, folder: str) -> list[str]:
        """Return the last names of the folders directly in a folder, sorted."""

    def files(self, folder: str) -> list[StoredFile]:
        """Return all files under a folder, sorted by name."""

    def modified(self, folder: str) -> float:
        """Return when anything in a folder was last written, in seconds since 1970."""

    def delete(self, folder: str) -> None:
        """Remove all files under a folder, in the order of their names; nothing where there is none."""
