"""A store in a local folder; files are durable before they become visible.

Files are written under `.work/`, where readers do not look, and then moved into place as a whole.
"""

from __future__ import annotations

import errno
import os
import shutil
import stat
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from counterpoise.runtime import file_sha256
from counterpoise.storage._areas import own_area
from counterpoise.storage._attempts import create_once
from counterpoise.storage._store import StoredFile
from counterpoise.storage._work import last_touched

WORK = ".work"
"""The folder for working files in a store's folder."""


class LocalStore:
    """Files under a folder.

    Args:
        path: The folder, which need not exist yet.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.address = str(self.path)

    def read(self, name: str) -> bytes:
        """Return the content of a small regular file; reading a pipe or a device might never end."""
        path = self.path / name
        if not stat.S_ISREG(path.stat().st_mode):
            raise FileExistsError(errno.EEXIST, "not a regular file", str(path))
        return path.read_bytes()

    def prepare(self) -> None:
        """Do nothing: writing the first file shows whether a folder supports publishing."""

    def create(self, name: str, content: bytes) -> bool:
        """Create a file if its name is free; return whether it now has exactly our content.

        A network file system may create the link but report that the name is taken, so the content decides.

        Raises:
            StorageUnavailableError: The name is reported as taken, but there is no file.
        """
        path = self.path / name
        with self._draft(name) as draft:
            return create_once(
                lambda: create_if_absent(path, content, draft=draft), lambda: self.read(name), content, name=str(path)
            )

    def replace(self, name: str, content: bytes) -> None:
        """Write a small file, replacing any earlier one."""
        with self._draft(name) as draft:
            draft.write_bytes(content)
            _replace(draft, self.path / name)

    def put(self, name: str, path: Path) -> None:
        """Write a file with the content of a local one, replacing any earlier file."""
        with self._draft(name) as draft:
            shutil.copyfile(path, draft)
            _replace(draft, self.path / name)

    def get(self, file: StoredFile, path: Path) -> str:
        """Copy a file's content to a local file and return its SHA-256."""
        shutil.copyfile(self.path / file.name, path)
        return file_sha256(path)

    def sha256(self, file: StoredFile) -> str:
        """Read a file's content and return its SHA-256."""
        return file_sha256(self.path / file.name)

    def look(self, name: str) -> StoredFile | None:
        """Return a file's metadata without reading the file; None if it does not exist."""
        path = self.path / name
        return self._stored(path) if path.is_file() else None

    def exists(self, name: str) -> bool:
        """Return whether there is a file of that name."""
        return (self.path / name).is_file()

    def entries(self, folder: str) -> list[StoredFile]:
        """Return the files directly in a folder, sorted by name; empty if the folder does not exist."""
        return sorted(
            (self._stored(path) for path in self._within(folder) if path.is_file()), key=lambda file: file.name
        )

    def names(self, folder: str) -> list[str]:
        """Return the base names of everything directly in a folder except folders, sorted."""
        return sorted(path.name for path in self._within(folder) if not path.is_dir())

    def folders(self, folder: str) -> list[str]:
        """Return the base names of the folders directly in a folder, sorted."""
        return sorted(path.name for path in self._within(folder) if path.is_dir())

    def files(self, folder: str) -> list[StoredFile]:
        """Return all files under a folder, sorted by name."""
        found = []
        for place, _, names in os.walk(self.path / folder, onerror=_raise_unless_removed):
            for path in (Path(place, name) for name in names):
                with suppress(FileNotFoundError):  # removed in the meantime
                    found += [self._stored(path)] if path.is_file() else []
        return sorted(found, key=lambda file: file.name)

    @contextmanager
    def _draft(self, name: str) -> Iterator[Path]:
        """Yield a draft path on the same file system as the file's destination, whose folder is created."""
        with own_area(self.path / WORK) as area:
            (self.path / name).parent.mkdir(parents=True, exist_ok=True)
            yield area / Path(name).name

    def _stored(self, path: Path) -> StoredFile:
        stat = path.stat()
        return StoredFile(path.relative_to(self.path).as_posix(), stat.st_size, stat.st_mtime)

    def modified(self, folder: str) -> float:
        """Return the time of the last write in a folder, in seconds since 1970."""
        return last_touched(self.path / folder)

    def delete(self, folder: str) -> None:
        """Remove a folder, hiding all its files at once; do nothing if it does not exist."""
        path = self.path / folder
        if path.exists():
            with own_area(self.path / WORK) as area:
                path.rename(area / path.name)

    def _within(self, folder: str) -> list[Path]:
        path = self.path / folder
        return list(path.iterdir()) if path.is_dir() else []


def _raise_unless_removed(error: OSError) -> None:
    """Treat a folder that was removed in the meantime as empty; raise all other errors."""
    if not isinstance(error, FileNotFoundError | NotADirectoryError):
        raise error


def create_if_absent(path: Path, content: bytes, *, draft: Path | None = None) -> bool:
    """Create a complete file if its name is free; return False if it is taken.

    Args:
        path: The file.
        content: Its content.
        draft: The path to write before the file becomes visible, on the same file system; next to it by default.
    """
    draft = draft or path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        _write_through(draft, content)
        os.link(draft, path)
        sync_folder(path.parent)
    except FileExistsError:
        return False
    finally:
        draft.unlink(missing_ok=True)
    return True


def _write_through(path: Path, content: bytes) -> None:
    with open(path, "xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _replace(draft: Path, path: Path) -> None:
    """Move a draft into place after making it durable."""
    with open(draft, "rb") as file:
        os.fsync(file.fileno())
    os.replace(draft, path)  # noqa: PTH105  # the name says that it replaces
    sync_folder(path.parent)


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Yield a draft next to a user's file, with the same suffix; it replaces the file when it is complete.

    Raises:
        OSError: The file cannot be written; the error names the file, not the draft, and the draft is removed.
    """
    draft = path.with_name(f".{uuid.uuid4().hex}.{path.name}")
    try:
        yield draft
        os.replace(draft, path)  # noqa: PTH105  # the name says that it replaces
    except OSError as error:
        if error.errno is None:
            raise
        raise OSError(error.errno, error.strerror or str(error), str(path)) from error
    finally:
        draft.unlink(missing_ok=True)


def sync_folder(path: Path) -> None:
    """Make the folder's entries durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
