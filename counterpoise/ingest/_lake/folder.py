"""The folder of a table with versions, on this machine or in a bucket, and the errors that such tables share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

import pyarrow as pa

from counterpoise.config import SourceConfig
from counterpoise.errors import ConfigError, CounterpoiseError, InputError
from counterpoise.ingest._registry import source_formats
from counterpoise.ingest._source_format import SourceFormat
from counterpoise.storage import is_remote, is_web, store_at


@dataclass(frozen=True)
class TableFolder:
    """The folder of a table. Files of a bucket are fetched when they are needed.

    Attributes:
        address: Its path, or its address in an object store.
        copies: The local folder for copies of files of a bucket.
    """

    address: str
    copies: Path

    @property
    def root(self) -> Path:
        """The local folder that files are read from."""
        return self.copies if is_remote(self.address) else Path(self.address).absolute()

    def names(self, folder: str) -> list[str]:
        """Return the base names of the files directly in a folder of the table."""
        return store_at(self.address).names(folder)

    def path(self, name: str) -> Path:
        """Return the local path of a file of the table, after fetching it from a bucket.

        Raises:
            InputError: The file does not exist, or the name leads out of the table's folder.
        """
        if name.startswith("/") or "://" in name or ".." in name.split("/"):
            raise outside(name)
        path = self.root / name
        if is_remote(self.address) and not path.exists():
            store = store_at(self.address)
            if (found := store.look(name)) is not None:
                path.parent.mkdir(parents=True, exist_ok=True)
                store.get(found, path)
        if not path.is_file():
            raise InputError(
                "files_removed",
                expected=f"all files of the table's version, such as {name[:200]!r}",
                found="no such file: the version was removed (VACUUM, expire_snapshots), or the folder is incomplete",
                remedy="set source.version to a newer version, or restore the files",
                values={"file": name[:500]},
            )
        return path


def table_format(source: SourceConfig) -> SourceFormat | None:
    """Return the format of a table with versions that a source's path names; None for other sources."""
    known = [each for each in source_formats().values() if each.marker]
    if source.format != "auto":
        return next((each for each in known if each.name == source.format), None)
    if not source.path or is_web(source.path) or not (is_remote(source.path) or _is_folder(source.path)):
        return None
    return next((each for each in known if _holds(source.path, each.marker)), None)


def _is_folder(path: str) -> bool:
    """Return whether a path is a folder; what the system refuses is none, and is told when its files are looked for."""
    with suppress(OSError):
        return Path(path).is_dir()
    return False


def _holds(address: str, marker: str) -> bool:
    folder, _, pattern = marker.partition("/")
    if any(letter in address for letter in "*?[") and is_remote(address):
        return False
    return any(fnmatch(name, pattern) for name in store_at(address).names(folder))


def not_pinned(newest: str, what: str) -> ConfigError:
    """Return the error for a source without a version.

    Args:
        newest: The newest version.
        what: The word for it, such as "version" or "snapshot".
    """
    return ConfigError(
        "version_not_pinned",
        expected=f"the {what} to read as source.version, so that verify and rebuild read the same rows again",
        found=f"none; the newest is {newest}",
        remedy=f"set source.version to {newest}",
        values={"pins": {"version": newest}},
    )


def no_such_version(wanted: str, known: list[str], what: str) -> InputError:
    """Return the error for a version that the table does not have, or not any more."""
    shown = ", ".join(known[-10:]) or "none"
    return InputError(
        "no_such_version",
        expected=f"the {what} {wanted}, as source.version says",
        found=f"these, oldest first: {'… ' if len(known) > 10 else ''}{shown}",
        remedy="correct source.version",
        values={"version": wanted, "known": known[-200:]},
    )


@contextmanager
def read_exactly(table: str, remedy: str, *own: type[Exception]) -> Iterator[None]:
    """Name what a library refuses to read; errors of ours and of the system keep their names.

    Args:
        table: The kind of table, such as "a Delta Lake table".
        remedy: The remedy for the user.
        own: The library's own errors.
    """
    try:
        yield
    except CounterpoiseError:
        raise
    except (*own, pa.ArrowException, ValueError, NotImplementedError, OSError) as error:
        if isinstance(error, OSError) and error.errno:
            raise
        raise unsupported(table, " ".join(str(error).split()), remedy) from None


def unsupported(table: str, found: str, remedy: str) -> InputError:
    """Return the error for a table whose rows could not be read exactly."""
    return InputError(
        "unsupported_table", expected=f"{table} that can be read exactly", found=found[:1_000], remedy=remedy
    )


def outside(name: str) -> InputError:
    """Return the error for a file that a table refers to although it is not in the table's folder."""
    return InputError(
        "outside_table",
        expected="a table whose files are in its own folder",
        found=repr(name[:300]),
        remedy="write the version to a table of its own, or to Parquet files",
        values={"file": name[:500]},
    )


def not_installed(package: str, extra: str) -> ConfigError:
    """Return the error for a library that is not installed."""
    return ConfigError(
        "format_not_installed",
        expected=f"{package}, which reads such tables, to be installed",
        found="it is not",
        remedy=f'pip install "counterpoise[{extra}]"',
        values={"package": package, "extra": extra},
    )
