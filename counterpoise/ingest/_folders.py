"""Find the files under a source's path, and read the columns that folder names such as `region=eu` give."""

from __future__ import annotations

import glob
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from counterpoise.errors import InputError

_MISSING = "__HIVE_DEFAULT_PARTITION__"
_SHOWN = 5


@dataclass(frozen=True)
class FoundFiles:
    """Files in sorted order, the folder that their names are relative to, and notes for the user."""

    paths: tuple[Path, ...]
    root: Path
    notes: tuple[str, ...] = ()

    def names(self) -> list[str]:
        """Return the files' names relative to the root."""
        return [path.relative_to(self.root).as_posix() for path in self.paths]


@dataclass(frozen=True)
class FolderColumns:
    """The columns that folder names give: their names, and the texts of each file; None for a missing value."""

    names: tuple[str, ...] = ()
    values: tuple[tuple[str | None, ...], ...] = ()


def files_under(text: str) -> FoundFiles:
    """Return the files that a local path refers to: a file, the files of a folder, or those that a glob matches.

    A folder that has only folders is read with all their files. Names that begin with a dot or an underscore are
    skipped.
    """
    path = Path(text)
    if path.is_dir():
        return _files_of(path)
    if path.is_file():
        return _absolute([path], path.parent)
    is_glob = glob.has_magic(text) and "\0" not in text
    matches = glob.glob(text, recursive=True) if is_glob else []  # noqa: PTH207  # the glob may be absolute
    fixed = path.parts[:-1]
    first = next((number for number, part in enumerate(fixed) if glob.has_magic(part)), len(fixed))
    return _absolute([Path(item) for item in matches if Path(item).is_file()], Path(*fixed[:first]))


def _files_of(folder: Path) -> FoundFiles:
    inside = [item for item in folder.iterdir() if not item.name.startswith((".", "_"))]
    files = [item for item in inside if item.is_file()]
    folders = sorted(item.name for item in inside if item.is_dir())
    if not files:
        below = (item for item in folder.rglob("*") if item.is_file())
        shown = [item for item in below if not is_hidden(item.relative_to(folder).parts)]
        return _absolute(shown, folder)
    return _absolute(files, folder, (unread_folders(str(folder), folders),) if folders else ())


def unread_folders(place: str, folders: Sequence[str]) -> str:
    """Return the note on folders that are not read because they stand beside files."""
    unread = ", ".join(folders[:_SHOWN]) + (" …" if len(folders) > _SHOWN else "")
    return f"folders beside the files of {place!r} are not read: {unread}; name files in them with a glob"


def is_hidden(parts: Sequence[str]) -> bool:
    """Return whether a file is skipped because it, or a folder that it is in, begins with a dot or an underscore."""
    return any(part.startswith((".", "_")) for part in parts)


def _absolute(paths: Sequence[Path], root: Path, notes: tuple[str, ...] = ()) -> FoundFiles:
    return FoundFiles(tuple(sorted(path.absolute() for path in paths)), root.absolute(), notes)


def folder_columns(found: FoundFiles) -> FolderColumns:
    """Return the columns that the folders between the root and the files give, as Hive, Spark and pyarrow write them.

    Raises:
        InputError: The files stand in folders of different columns.
    """
    pairs = [[part.partition("=") for part in Path(name).parts[:-1] if "=" in part[1:]] for name in found.names()]
    columns = [tuple(unquote(name) for name, _, _ in each) for each in pairs]
    if different := next((number for number, each in enumerate(columns) if each != columns[0]), None):
        shown = [f"{found.names()[number]} ({', '.join(columns[number]) or 'none'})" for number in (0, different)]
        raise InputError(
            "different_folders",
            expected="files in folders of the same columns, such as region=eu/year=2024",
            found=" and ".join(shown),
            remedy="move the files to folders of the same columns, or name files of one kind with a glob",
            values={"files": [found.names()[0], found.names()[different]]},
        )
    values = [tuple(None if text == _MISSING else unquote(text) for _, _, text in each) for each in pairs]
    return FolderColumns(columns[0], tuple(values)) if columns and columns[0] else FolderColumns()
