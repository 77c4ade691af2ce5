"""Who has looked at a test partition: one small file a look, of tournaments and of versions that were evaluated."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from counterpoise.errors import IntegrityError
from counterpoise.persist import DatasetFolder, pass_over, read_plain_file
from counterpoise.records import Moment, Sealed, parse_stored, seal, unreadable
from counterpoise.results import AccessToTest
from counterpoise.storage import each, join_address

__all__ = [
    "StoredAccess",
    "accesses_in_words",
    "accesses_sentence",
    "as_access",
    "read_accesses",
    "record_access",
    "with_accesses",
]


def record_access(folder: DatasetFolder, test: str, *, key: str, version: int = 0) -> tuple[AccessToTest, ...]:
    """Write down that somebody looks at a test partition; return the looks of others at it before this one.

    Who looks again, as on a retry, has still looked once, when it first did. Looks lie in `tournaments/looks/`, one
    small file each, which is written before anything is predicted.

    Args:
        folder: The dataset.
        test: What tells this test partition from others.
        key: Who looks: the key of a tournament, or the run key of a version.
        version: The number of the version that is evaluated; 0 for a tournament.

    Raises:
        PublishError: The look cannot be written.
        StorageError: The object store refuses.
    """
    store, place = folder.store, f"tournaments/looks/{test}"
    now = datetime.now(UTC).isoformat(timespec="microseconds")
    own, name = AccessToTest(key=key, created=now, version=version), f"{place}/{key}.json"
    if not store.create(name, as_access(own)):  # of an earlier try
        (own,) = read_accesses(folder, [name])
    others = [f"{place}/{other}" for other in store.names(place) if _whose_look(other) not in ("", key)]
    looks = read_accesses(folder, others)
    return tuple(sorted((look for look in looks if look.created < own.created), key=lambda look: look.created))


def _whose_look(name: str) -> str:
    """Return whose look a file is by its name; an empty text where it is none."""
    last = name.rpartition("/")[2]
    return "" if last.startswith(".") or not last.endswith(".json") else last.removesuffix(".json")


class StoredAccess(Sealed, AccessToTest):
    """A look as it lies in a dataset."""

    created: Moment


def as_access(look: AccessToTest) -> bytes:
    """Return a look as it is written."""
    return f"{json.dumps(seal(look.model_dump(mode='json')))}\n".encode()


def read_accesses(folder: DatasetFolder, names: Sequence[str]) -> list[AccessToTest]:
    """Return looks, which count even where their file is damaged: that it is there says that somebody has looked.

    Args:
        folder: The dataset.
        names: The files' names within it; a damaged look has its key from there, and its time from the file's.
    """
    return each(lambda name: _read_look(folder, name), names)


def _read_look(folder: DatasetFolder, name: str) -> AccessToTest:
    key, place = name.rpartition("/")[2].removesuffix(".json"), join_address(folder.address, name)
    try:
        found = parse_stored(StoredAccess, read_plain_file(folder, name), place=place)
        if found.key == key:
            return AccessToTest(key=key, created=found.created, version=found.version)
        raise unreadable(place, f"a look of {found.key[:100]!r}")
    except IntegrityError as error:
        pass_over(error, "a look at test is counted all the same")
    known = folder.store.look(name)
    written = datetime.fromtimestamp(known.modified if known else 0, UTC)
    return AccessToTest(key=key, created=written.isoformat(timespec="microseconds"))


def accesses_in_words(looks: Sequence[AccessToTest]) -> str:
    """Return how many others have looked, by kind.

    >>> accesses_in_words([])
    'nobody'
    >>> accesses_in_words([AccessToTest(key="a", created=""), AccessToTest(key="b", created="", version=3)])
    '1 tournament and 1 version'
    """
    versions = sum(look.version > 0 for look in looks)
    counts = {"tournament": len(looks) - versions, "version": versions}
    return " and ".join(f"{n:,} {what}{'s' if n != 1 else ''}" for what, n in counts.items() if n) or "nobody"


def with_accesses(metrics: dict[str, Any], test: str, looks: Sequence[AccessToTest]) -> dict[str, Any]:
    """Return a version's metrics with who had looked at its test partition before, which the verdict says then, too.

    Args:
        metrics: The metrics record.
        test: What tells this test partition from others.
        looks: The looks of others before.
    """
    versions = sum(look.version > 0 for look in looks)
    told = {
        "test_digest": test,
        "earlier_tournaments": len(looks) - versions,
        "earlier_versions": versions,
        "earlier": [look.model_dump() for look in looks],
    }
    return {**metrics, "verdict": f"{metrics['verdict']}{accesses_sentence(looks)}", "looks": told}


def accesses_sentence(looks: Sequence[AccessToTest]) -> str:
    """Return what a verdict says of earlier looks: nothing where there were none."""
    return f" This test partition was looked at by {accesses_in_words(looks)} before." if looks else ""
