"""Who has looked at a test partition: one small file a look, of tournaments and of versions that were evaluated."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from counterpoise.core.persist.layout import DatasetFolder
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
        PublishError: The look cannot be written.
    """
    store, place = folder.store, f"tournaments/looks/{test}"
    now = datetime.now(UTC).isoformat(timespec="microseconds")
    store.create(f"{place}/{key}.json", f"{Look(key=key, created=now, version=version).model_dump_json()}\n".encode())
    files = [f"{place}/{name}" for name in store.names(place) if name.endswith(".json") and not name.startswith(".")]
    looks = sorted((Look.model_validate_json(text) for text in store.read_many(files)), key=lambda look: look.created)
    (own,) = (look for look in looks if look.key == key)
    return tuple(look for look in looks if look.created < own.created)


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
