"""Which numbers are taken in a folder of numbered files, whatever a listing leaves out."""

from __future__ import annotations

import re
from collections.abc import Iterable

from counterpoise.errors import StorageUnavailableError
from counterpoise.storage._store import Store

__all__ = ["NUMBERS_END", "numbered_name", "numbers_in"]

NUMBERS_END = 2**31
"""The first number that is none."""

_NUMBERED = re.compile(r"([0-9]{8}|[1-9][0-9]{8,9})\.json")
_MOST_LOOKS = 1000
_MOST_GAPS = 64


def numbered_name(folder: str, number: int) -> str:
    """Return the name of a numbered file.

    >>> numbered_name("versions", 7)
    'versions/00000007.json'
    """
    return f"{folder}/{number:08d}.json"


def numbers_in(store: Store, folder: str, *, listing_lags: bool) -> list[int]:
    """Return the numbers that JSON files of a folder have for names, ascending; other files are leftovers.

    On this machine whatever has such a name takes the number: a folder or a pipe is seen as a file that is damaged.

    A listing of an object store may miss what was written last, or a page. So the next number is asked for by name
    until there is none, and where numbers are left out in between, the folder is listed again and they are looked at.

    Args:
        store: Where the folder lies.
        folder: Its name.
        listing_lags: Whether a listing may leave out what is there.

    Raises:
        StorageUnavailableError: The store says that there is always one more.
    """
    found = _listed(store, folder)
    if not listing_lags:
        return sorted(found | _numbered(store.folders(folder)))
    if found != set(range(1, len(found) + 1)):
        found = _settled(store, folder, found)
    top = max(found, default=0)
    for number in range(top + 1, top + _MOST_LOOKS):
        if not store.exists(numbered_name(folder, number)):
            return sorted(found)
        found.add(number)
    raise StorageUnavailableError(
        "storage_contradiction",
        expected=f"a listing of {folder} in {store.address} that knows most of what is there",
        found=f"{top} listed, and more than {_MOST_LOOKS - 1} after that",
        remedy="run again; if it stays so, ask whoever runs the store",
        values={"listed": top},
    )


def _listed(store: Store, folder: str) -> set[int]:
    return _numbered(store.names(folder))


def _numbered(names: Iterable[str]) -> set[int]:
    found = {int(match[1]) for match in map(_NUMBERED.fullmatch, names) if match is not None}
    return {number for number in found if 0 < number < NUMBERS_END}


def _settled(store: Store, folder: str, first: set[int]) -> set[int]:
    """Return the numbers that two listings agree on, and of others those that are there when looked at."""
    second = _listed(store, folder)
    sure, top = first & second, max(first | second, default=0)
    gaps = set(range(1, top)) - sure if top - len(sure) <= _MOST_GAPS else set[int]()
    doubtful = (first ^ second) | gaps
    return sure | {number for number in doubtful if store.exists(numbered_name(folder, number))}
