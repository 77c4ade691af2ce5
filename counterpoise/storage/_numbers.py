"""Find the numbers in use in a folder of numbered files, even if a listing is incomplete."""

from __future__ import annotations

import re
from collections.abc import Iterable

from counterpoise.errors import StorageUnavailableError
from counterpoise.storage._store import Store

NUMBERS_END = 2**31
"""The exclusive upper limit of numbers."""

_NUMBERED = re.compile(r"([0-9]{8}|[1-9][0-9]{8,9})\.json")
_MOST_LOOKUPS = 1000
_MOST_GAPS = 64


def numbered_name(folder: str, number: int) -> str:
    """Return the name of a numbered file.

    >>> numbered_name("versions", 7)
    'versions/00000007.json'
    """
    return f"{folder}/{number:08d}.json"


def numbers_in(store: Store, folder: str, *, listing_lags: bool) -> list[int]:
    """Return the numbers of a folder's numbered JSON files, ascending; other files are leftovers.

    In a local folder anything with such a name takes the number: a folder or a pipe counts as a damaged file.

    An object store's listing may lack the latest objects or a page. So the following numbers are looked up by name
    until one is free. If numbers are missing in between, the folder is listed again and they are looked up.

    Args:
        store: The store that contains the folder.
        folder: The folder's name.
        listing_lags: Whether a listing may be incomplete.

    Raises:
        StorageUnavailableError: The store reports that ever more numbers exist.
    """
    found = _numbered(store.names(folder))
    if not listing_lags:
        return sorted(found | _numbered(store.folders(folder)))
    if found != set(range(1, len(found) + 1)):
        found = _settled(store, folder, found)
    top = max(found, default=0)
    for number in range(top + 1, top + _MOST_LOOKUPS):
        if not store.exists(numbered_name(folder, number)):
            return sorted(found)
        found.add(number)
    raise StorageUnavailableError(
        "storage_contradiction",
        expected=f"a listing of {folder} in {store.address} that is nearly complete",
        found=f"{top} listed, and more than {_MOST_LOOKUPS - 1} after that",
        remedy="run again; if it persists, ask the store's operator",
        values={"listed": top},
    )


def _numbered(names: Iterable[str]) -> set[int]:
    found = {int(match[1]) for match in map(_NUMBERED.fullmatch, names) if match is not None}
    return {number for number in found if 0 < number < NUMBERS_END}


def _settled(store: Store, folder: str, first: set[int]) -> set[int]:
    """Return the numbers that two listings agree on, and those of the others that a lookup by name finds."""
    second = _numbered(store.names(folder))
    sure, top = first & second, max(first | second, default=0)
    gaps = set(range(1, top)) - sure if top - len(sure) <= _MOST_GAPS else set[int]()
    doubtful = (first ^ second) | gaps
    return sure | {number for number in doubtful if store.exists(numbered_name(folder, number))}
