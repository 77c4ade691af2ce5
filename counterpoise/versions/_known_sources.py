"""Identify a source without reading it: files by their content, objects by what an earlier run found in them.

Entity tags show that objects are unchanged but not what they contain. So a dataset records in `sources/` which content
a run found behind which tags, and an unchanged source is recognised without a download.
"""

from __future__ import annotations

import json

from counterpoise.config import BalanceConfig
from counterpoise.errors import IntegrityError
from counterpoise.ingest import identify_source, source_identity
from counterpoise.persist import DatasetFolder, pass_over, read_stored
from counterpoise.records import Count, Sealed, Sha256, Snapshot, seal
from counterpoise.storage import is_remote, is_web, join_address

_REMEDY = "remove the file: it is recreated when the source is read again"


class KnownSource(Sealed):
    """The content found behind a source's objects; the file is named after the source's identity."""

    identity: Sha256
    source_digest: Sha256
    rows: Count


def known_digest(config: BalanceConfig) -> str:
    """Return the digest of the source's content, or an empty string if the source must be read to know it.

    Args:
        config: The complete configuration.

    Raises:
        InputError: There is nothing at the path, or the files cannot be read.
        StorageError: The object store refuses.
    """
    if not is_remote(config.source.path) or is_web(config.source.path):
        return identify_source(config.source)
    identity = source_identity(config.source)
    known = _stored(config, identity) if identity else None
    return known.source_digest if known is not None else ""


def remember_source(config: BalanceConfig, snapshot: Snapshot) -> None:
    """Record the content found behind a source's objects; do nothing for other sources.

    Args:
        config: The complete configuration.
        snapshot: The source as read.

    Raises:
        IntegrityError: Another run found different content behind the same names, sizes and tags.
        StorageError: An object store refuses.
    """
    if not snapshot.identity:
        return
    found = {"identity": snapshot.identity, "source_digest": snapshot.digest, "rows": snapshot.rows}
    content = f"{json.dumps(seal(found))}\n".encode()
    store, name = DatasetFolder.of(config).store, _name(snapshot.identity)
    if store.create(name, content):
        return
    known = _stored(config, snapshot.identity)
    if known is None:
        store.replace(name, content)
    elif known.source_digest != snapshot.digest:
        raise _other_content(join_address(store.address, name), known, snapshot.digest)


def prepare_output(config: BalanceConfig) -> None:
    """Check, before reading the source, that a bucket supports publishing and grants access; folders need no check.

    Args:
        config: The complete configuration.

    Raises:
        StorageError: The bucket lacks a required feature or denies access.
    """
    DatasetFolder.of(config).store.prepare()


def _stored(config: BalanceConfig, identity: str) -> KnownSource | None:
    """Return the record of a source; None if there is none or the file is damaged, in which case the source is read."""
    try:
        known = read_stored(DatasetFolder.of(config), KnownSource, _name(identity), remedy=_REMEDY)
    except FileNotFoundError:
        return None
    except IntegrityError as error:
        pass_over(error, "the source is read again")
        return None
    return known if known.identity == identity else None


def _other_content(place: str, known: KnownSource, found: str) -> IntegrityError:
    return IntegrityError(
        "source_tags",
        expected=f"the content recorded in {place}, since no object's name, size or tag changed: {known.source_digest}",
        found=found,
        remedy=f"give changed deliveries new names, or remove {place} if its record is wrong; then run again",
        values={"known": known.source_digest, "found": found},
    )


def _name(identity: str) -> str:
    return f"sources/{identity}.json"
