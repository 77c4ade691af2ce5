"""A store that is a folder of this machine: what is written is durable before it is seen.

It is written under `.work/`, apart from what readers see, and comes to its place whole.
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

__all__ = ["WORK", "LocalStore", "create_if_absent", "sync_folder", "written_whole"]

WORK = ".work"
"""The folder of working files in a store's folder."""


class LocalStore:
    """Files under a folder.

    Args:
        path: The folder, which need not exist yet.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.address = str(self.path)

    def read(self, name: str) -> bytes:
        """Return the content of a small file; of a pipe or a device nothing is read, for it might never end."""
        path = self.path / name
        if not stat.S_ISREG(path.stat().st_mode):
            raise FileExistsError(errno.EEXIST, "something that is no file", str(path))
        return path.read_bytes()

    def prepare(self) -> None:
        """Make sure that the store does all that publishing needs: of a folder, the first file written tells."""

    def create(self, name: str, content: bytes) -> bool:
        """Write a file under a name that nobody has taken; return whether our content, to the byte, lies there now.

        A file system of other machines may link the file and say that its name is taken: so it is looked at.

        Raises:
            StorageUnavailableError: The name is said to be taken, and nothing lies there.
        """
        path = self.path / name
        with self._draft(name) as draft:
            return create_once(
                lambda: create_if_absent(path, content, draft=draft), lambda: self.read(name), content, name=str(path)
            )

    def replace(self, name: str, content: bytes) -> None:
        """Write a small file, whatever was there."""
        with self._draft(name) as draft:
            draft.write_bytes(content)
            _replace(draft, self.path / name)

    def put(self, name: str, path: Path) -> None:
        """Write a file with the content of a local one, whatever was there."""
        with self._draft(name) as draft:
            shutil.copyfile(path, draft)
            _replace(draft, self.path / name)

    def get(self, file: StoredFile, path: Path) -> str:
        """Write a file's content to a local one and return its SHA-256."""
        shutil.copyfile(self.path / file.name, path)
        return file_sha256(path)

    def sha256(self, file: StoredFile) -> str:
        """Read a file's content and return its SHA-256."""
        return file_sha256(self.path / file.name)

    def look(self, name: str) -> StoredFile | None:
        """Return what is known of a file without reading it; None where there is none of that name."""
        path = self.path / name
        return self._stored(path) if path.is_file() else None

    def exists(self, name: str) -> bool:
        """Return whether there is a file of that name."""
        return (self.path / name).is_file()

    def entries(self, folder: str) -> list[StoredFile]:
        """Return the files directly in a folder, sorted by name; none where there is no folder."""
        return sorted(
            (self._stored(path) for path in self._within(folder) if path.is_file()), key=lambda file: file.name
        )

    def names(self, folder: str) -> list[str]:
        """Return the last names of what lies directly in a folder and is none itself, sorted."""
        return sorted(path.name for path in self._within(folder) if not path.is_dir())

    def folders(self, folder: str) -> list[str]:
        """Return the last names of the folders directly in a folder, sorted."""
        return sorted(path.name for path in self._within(folder) if path.is_dir())

    def files(self, folder: str) -> list[StoredFile]:
        """Return all files under a folder, sorted by name."""
        found = []
        for place, _, names in os.walk(self.path / folder, onerror=_unless_gone):
            for path in (Path(place, name) for name in names):
                with suppress(FileNotFoundError):  # it went while we looked
                    found += [self._stored(path)] if path.is_file() else []
        return sorted(found, key=lambda file: file.name)

    @contextmanager
    def _draft(self, name: str) -> Iterator[Path]:
        """Give the path of a file to write, on the same file system as its place, whose folder is made."""
        with own_area(self.path / WORK) as area:
            (self.path / name).parent.mkdir(parents=True, exist_ok=True)
            yield area / Path(name).name

    def _stored(self, path: Path) -> StoredFile:
        stat = path.stat()
        return StoredFile(path.relative_to(self.path).as_posix(), stat.st_size, stat.st_mtime)

    def modified(self, folder: str) -> float:
        """Return when anything in a folder was last written, in seconds since 1970."""
        return last_touched(self.path / folder)

    def delete(self, folder: str) -> None:
        """Remove all files under a folder, out of sight at once; nothing where there is none."""
        path = self.path / folder
        if path.exists():
            with own_area(self.path / WORK) as area:
                path.rename(area / path.name)

    def _within(self, folder: str) -> list[Path]:
        path = self.path / folder
        return list(path.iterdir()) if path.is_dir() else []


def _unless_gone(error: OSError) -> None:
    """Let a folder that went while we looked count as empty; what cannot be listed for another reason is an error."""
    if not isinstance(error, FileNotFoundError | NotADirectoryError):
        raise error


def create_if_absent(path: Path, content: bytes, *, draft: Path | None = None) -> bool:
    """Write a file whole under a name that nobody has taken; return False where somebody has.

    Args:
        path: The file.
        content: Its content.
        draft: Where it is written before it is seen, on the same file system; by default beside its place.
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
    """Put a written file in its place, durable before it is seen."""
    with open(draft, "rb") as file:
        os.fsync(file.fileno())
    os.replace(draft, path)  # noqa: PTH105  # the name says that it replaces
    sync_folder(path.parent)


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Give a draft beside a user's file, with the same ending; it takes the file's place when all of it is written.

    Raises:
        OSError: It cannot be written; the error names the file, not the draft, and nothing of it is left.
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
