"""Record accesses to a test partition: one small file per comparison or evaluated version."""

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


def record_access(folder: DatasetFolder, test: str, *, key: str, version: int = 0) -> tuple[AccessToTest, ...]:
    """Record an access to a test partition; return the earlier accesses by others.

    A retry does not count as a second access and keeps the time of the first. Accesses are stored in
    `tournaments/looks/`, one small file each, written before the first prediction.

    Args:
        folder: The dataset.
        test: The digest that identifies the test partition.
        key: Identifies the accessor: the key of a comparison or the run key of a version.
        version: The number of the evaluated version; 0 for a comparison.

    Raises:
        PublishError: The access cannot be recorded.
        StorageError: The object store refuses.
    """
    store, place = folder.store, f"tournaments/looks/{test}"
    now = datetime.now(UTC).isoformat(timespec="microseconds")
    own, name = AccessToTest(key=key, created=now, version=version), f"{place}/{key}.json"
    if not store.create(name, as_access(own)):  # recorded by an earlier attempt
        (own,) = read_accesses(folder, [name])
    others = [f"{place}/{other}" for other in store.names(place) if _accessor_key(other) not in ("", key)]
    found = read_accesses(folder, others)
    return tuple(sorted((one for one in found if one.created < own.created), key=lambda one: one.created))


def _accessor_key(name: str) -> str:
    """Return the accessor's key from a file name; empty if the name is not that of an access."""
    last = name.rpartition("/")[2]
    return "" if last.startswith(".") or not last.endswith(".json") else last.removesuffix(".json")


class StoredAccess(Sealed, AccessToTest):
    """An access as stored in a dataset."""

    created: Moment


def as_access(access: AccessToTest) -> bytes:
    """Return the stored form of an access."""
    return f"{json.dumps(seal(access.model_dump(mode='json')))}\n".encode()


def read_accesses(folder: DatasetFolder, names: Sequence[str]) -> list[AccessToTest]:
    """Return accesses; a damaged file still counts because its existence proves the access.

    Args:
        folder: The dataset.
        names: The file names within it; a damaged access takes its key from the name and its time from the file.
    """
    return each(lambda name: _read_access(folder, name), names)


def _read_access(folder: DatasetFolder, name: str) -> AccessToTest:
    key, place = name.rpartition("/")[2].removesuffix(".json"), join_address(folder.address, name)
    try:
        found = parse_stored(StoredAccess, read_plain_file(folder, name), place=place)
        if found.key == key:
            return AccessToTest(key=key, created=found.created, version=found.version)
        raise unreadable(place, f"an access by {found.key[:100]!r}")
    except IntegrityError as error:
        pass_over(error, "the access to test is counted anyway")
    known = folder.store.look(name)
    written = datetime.fromtimestamp(known.modified if known else 0, UTC)
    return AccessToTest(key=key, created=written.isoformat(timespec="microseconds"))


def accesses_in_words(accesses: Sequence[AccessToTest]) -> str:
    """Return the number of accesses by others, by kind.

    >>> accesses_in_words([])
    'nobody'
    >>> accesses_in_words([AccessToTest(key="a", created=""), AccessToTest(key="b", created="", version=3)])
    '1 tournament and 1 version'
    """
    versions = sum(access.version > 0 for access in accesses)
    counts = {"tournament": len(accesses) - versions, "version": versions}
    return " and ".join(f"{n:,} {what}{'s' if n != 1 else ''}" for what, n in counts.items() if n) or "nobody"


def with_accesses(metrics: dict[str, Any], test: str, accesses: Sequence[AccessToTest]) -> dict[str, Any]:
    """Add earlier accesses to the test partition to a version's metrics and to its verdict.

    Args:
        metrics: The metrics record.
        test: The digest that identifies the test partition.
        accesses: The earlier accesses by others.
    """
    versions = sum(access.version > 0 for access in accesses)
    record = {
        "test_digest": test,
        "earlier_tournaments": len(accesses) - versions,
        "earlier_versions": versions,
        "earlier": [access.model_dump() for access in accesses],
    }
    return {**metrics, "verdict": f"{metrics['verdict']}{accesses_sentence(accesses)}", "looks": record}


def accesses_sentence(accesses: Sequence[AccessToTest]) -> str:
    """Return the verdict's sentence on earlier accesses; empty if there were none."""
    return f" This test partition was looked at by {accesses_in_words(accesses)} before." if accesses else ""
