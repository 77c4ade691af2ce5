"""Find, identify and download the objects of a source in an object store."""

from __future__ import annotations

import fnmatch
import glob
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from counterpoise.errors import InputError
from counterpoise.ingest._folders import is_hidden, unread_folders
from counterpoise.runtime import json_sha256
from counterpoise.storage import Store, StoredFile, each, join_address, parse_store_address, store_at


@dataclass(frozen=True)
class SourceObjects:
    """The objects that a source's path refers to.

    Attributes:
        store: The store that holds them.
        files: The objects, sorted by name.
        folder: The prefix that the path names, relative to the store; empty for a glob or a single object.
        notes: Notes for the user.
    """

    store: Store
    files: tuple[StoredFile, ...]
    folder: str = ""
    notes: tuple[str, ...] = ()

    @property
    def identity(self) -> str:
        """A digest of the objects' names, sizes and entity tags; it changes whenever the store reports a change.

        It is not a content digest: rewriting the same bytes may produce a different tag. If a store has no tags, the
        modification time takes their place.
        """
        listed = [[file.name, file.bytes, file.tag or file.modified] for file in self.files]
        return json_sha256([self.store.address, listed])


def source_place(path: str) -> str:
    """Return the prefix that is listed for a source: its address up to its last segment or its first wildcard.

    >>> source_place("s3://bucket/raw/t.csv"), source_place("s3://bucket/raw/*/t-*.csv")
    ('s3://bucket/raw', 's3://bucket/raw')
    """
    address = parse_store_address(path)
    return str(address).removesuffix("/".join(_pattern(path))).rstrip("/")


def _pattern(path: str) -> list[str]:
    """Return the segments of an address from its first wildcard on, or else its last segment."""
    prefix = parse_store_address(path).prefix
    steps = prefix.split("/") if prefix else []
    first = next((place for place, step in enumerate(steps) if glob.has_magic(step)), max(len(steps) - 1, 0))
    return steps[first:]


def find_objects(path: str) -> SourceObjects:
    """Return the objects at an address: a single object, those of a prefix, or all glob matches.

    A prefix without objects directly under it is read with all that are deeper. As with local files, names that
    begin with a dot or an underscore are skipped unless they are named explicitly.

    Raises:
        InputError: No object matches.
        StorageError: The store refuses access.
    """
    store, steps = store_at(source_place(path)), _pattern(path)
    found = SourceObjects(store, ())
    if any(map(glob.has_magic, steps)):
        all_files = store.files("")
        folders = {file.name.rpartition("/")[0] for file in all_files}
        matching = [file for file in all_files if _matches(file.name.split("/"), steps)]
        found = SourceObjects(store, tuple(_without_markers(matching, folders)))
    else:
        last = "/".join(steps)
        one = store.look(last) if last else None
        found = SourceObjects(store, (one,) if one else ())
        if one is None or not one.bytes:  # an empty object may stand for the folder
            deeper = _under(store, last)
            found = deeper if deeper.files else found
    if not found.files:
        raise InputError(
            "source_not_found",
            expected="an object, a prefix with objects or a glob that matches objects as source.path",
            found=f"nothing at {path!r}",
            remedy="correct source.path",
            values={"path": path},
        )
    return found


def fetch_objects(objects: SourceObjects, folder: Path) -> tuple[Path, ...]:
    """Download the objects, a few at a time, and return the paths of the copies.

    Args:
        objects: The objects to download.
        folder: The folder to write to; copies keep the objects' names.

    Raises:
        InputError: An object was replaced or removed after it was listed.
    """

    def fetch(file: StoredFile) -> Path:
        target = folder / file.name
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            objects.store.get(file, target)
        except FileNotFoundError:
            raise InputError(
                "source_changed",
                expected="a source that does not change while it is read",
                found=f"a different object, or none, at {join_address(objects.store.address, file.name)}",
                remedy="run again when nothing writes to the source",
                values={"files": [file.name]},
            ) from None
        return target

    return tuple(each(fetch, objects.files))


def _under(store: Store, folder: str) -> SourceObjects:
    """Return the objects directly under a prefix or, if there are only deeper ones, all of these."""
    shown = [file for file in store.entries(folder) if not is_hidden([file.name.rpartition("/")[2]])]
    inner = [name for name in store.folders(folder) if not is_hidden([name])]
    files = _without_markers(shown, {f"{folder}/{name}".lstrip("/") for name in inner})
    if files:
        notes = (unread_folders(join_address(store.address, folder), inner),) if inner else ()
        return SourceObjects(store, tuple(files), folder, notes)
    start = len(folder.split("/")) if folder else 0
    below = [file for file in store.files(folder) if not is_hidden(file.name.split("/")[start:])]
    outer = {
        "/".join(parts[:end]) for parts in (file.name.split("/") for file in below) for end in range(1, len(parts))
    }
    return SourceObjects(store, tuple(_without_markers(below, outer)), folder)


def _without_markers(files: Sequence[StoredFile], folders: Collection[str]) -> list[StoredFile]:
    """Drop the empty marker objects that some tools create for folders; other empty objects are reported later."""
    return [file for file in files if file.bytes or file.name not in folders]


def _matches(steps: Sequence[str], pattern: Sequence[str]) -> bool:
    """Return whether the segments of a name match those of a glob; `**` matches any number of segments.

    >>> _matches(["2026", "a.csv"], ["*", "*.csv"]), _matches(["a", "b", "c.csv"], ["**", "*.csv"])
    (True, True)
    >>> _matches([".hidden.csv"], ["*.csv"])
    False
    """
    if not pattern:
        return not steps
    if pattern[0] == "**":
        return any(_matches(steps[count:], pattern[1:]) for count in range(len(steps) + 1))
    hidden = bool(steps) and steps[0].startswith(".") and not pattern[0].startswith(".")
    return (
        bool(steps)
        and not hidden
        and re.match(fnmatch.translate(pattern[0]), steps[0]) is not None
        and _matches(steps[1:], pattern[1:])
    )
