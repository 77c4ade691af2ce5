"""Who has looked at a test partition: one small file a look, of tournaments and of versions that were evaluated."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from counterpoise.core.errors import IntegrityError
from counterpoise.core.persist.layout import DatasetFolder
from counterpoise.core.storage import Store, join_address
from counterpoise.core.storage.transfer import each
from counterpoise.core.stored_json import parse_stored
from counterpoise.core.tournament.final_records import Look

__all__ = ["looks_in_words", "record_look", "told_with_looks"]


def record_look(folder: DatasetFolder, test: str, *, key: str, version: int = 0) -> tuple[Look, ...]:
    """Write down that somebody looks at a test partition; return the looks of others at it before this one.

    Who looks again, as on a retry, has still looked once, when it first did. Looks lie in `tournaments/looks/`, one
    small file each, which is written before anything is predicted.

    Args:
        folder: The dataset.
        test: What tells this test partition from others.
        key: Who looks: the key of a tournament, or the run key of a version.
        version: The number of the version that is evaluated; 0 for a tournament.

    Raises:
        IntegrityError: Our own look, of an earlier try, is damaged. A damaged look of somebody else still counts.
        PublishError: The look cannot be written.
        StorageError: The object store refuses.
    """
    store, place = folder.store, f"tournaments/looks/{test}"
    now = datetime.now(UTC).isoformat(timespec="microseconds")
    own, name = Look(key=key, created=now, version=version), f"{place}/{key}.json"
    if not store.create(name, f"{own.model_dump_json()}\n".encode()):
        own = _own_look(store, name, key)
    others = [f"{place}/{other}" for other in store.names(place) if _whose_look(other) not in ("", key)]
    looks = each(lambda other: _others_look(store, other), others)
    return tuple(sorted((look for look in looks if look.created < own.created), key=lambda look: look.created))


def _own_look(store: Store, name: str, key: str) -> Look:
    """Return our look of an earlier try."""
    place = join_address(store.address, name)
    own = parse_stored(Look, store.read(name), place=place)
    if own.key != key:
        raise IntegrityError(
            "other_look",
            expected=f"the look of {key} in {place}",
            found=f"that of {own.key[:100]!r}",
            remedy="restore the file from a backup",
            values={"file": place},
        )
    return own


def _others_look(store: Store, name: str) -> Look:
    """Return somebody's look; where the file is damaged, what its name and the store tell of it."""
    with suppress(IntegrityError, ValueError):
        look = parse_stored(Look, store.read(name), place=name)
        if look.key == _whose_look(name) and datetime.fromisoformat(look.created):
            return look
    file = store.look(name)
    written = datetime.fromtimestamp(file.modified if file is not None else 0, UTC)
    return Look(key=_whose_look(name), created=written.isoformat(timespec="microseconds"))


def _whose_look(name: str) -> str:
    """Return whose look a file is by its name; an empty text where it is none."""
    last = name.rpartition("/")[2]
    return "" if last.startswith(".") or not last.endswith(".json") else last.removesuffix(".json")


def looks_in_words(looks: Sequence[Look]) -> str:
    """Return how many others have looked, by kind.

    >>> looks_in_words([]), looks_in_words([Look(key="a", created=""), Look(key="b", created="", version=3)])
    ('nobody', '1 tournament and 1 version')
    """
    versions = sum(look.version > 0 for look in looks)
    counts = {"tournament": len(looks) - versions, "version": versions}
    return " and ".join(f"{n:,} {what}{'s' if n != 1 else ''}" for what, n in counts.items() if n) or "nobody"


def told_with_looks(metrics: dict[str, Any], test: str, looks: Sequence[Look]) -> dict[str, Any]:
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
    sentence = f" This test partition was looked at by {looks_in_words(looks)} before." if looks else ""
    return {**metrics, "verdict": f"{metrics['verdict']}{sentence}", "looks": told}
