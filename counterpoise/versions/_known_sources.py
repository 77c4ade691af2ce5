"""What is known of a source without reading it: files by their content, objects by what was read of them before.

An object store tells by entity tags that its objects are as they were, not what they hold. So a dataset remembers, in
`sources/`, which content a run has found behind which tags: an unchanged source is then known without a download.
"""

from __future__ import annotations

import json

from counterpoise.config import BalanceConfig
from counterpoise.errors import IntegrityError
from counterpoise.ingest import identify_source, source_identity
from counterpoise.persist import DatasetFolder, pass_over, read_stored
from counterpoise.records import Count, Sealed, Sha256, Snapshot, seal
from counterpoise.storage import is_remote, join_address

__all__ = ["KnownSource", "known_digest", "prepare_output", "remember_source"]

_REMEDY = "remove the file: it is written again once the source was read"


class KnownSource(Sealed):
    """What was found behind the objects of a source, whose identity the file has for a name, too."""

    identity: Sha256
    source_digest: Sha256
    rows: Count


def known_digest(config: BalanceConfig) -> str:
    """Return the digest of the source's content, or an empty text where only reading tells.

    Args:
        config: The whole configuration.

    Raises:
        InputError: Nothing at the path, or files that cannot be read.
        StorageError: An object store refuses.
    """
    if not is_remote(config.source.path):
        return identify_source(config.source)
    known = _stored(config, source_identity(config.source))
    return known.source_digest if known is not None else ""


def remember_source(config: BalanceConfig, snapshot: Snapshot) -> None:
    """Keep what was found behind the objects of a source; of other sources there is nothing to keep.

    Args:
        config: The whole configuration.
        snapshot: What was read.

    Raises:
        IntegrityError: Another run has found other content behind the same names, sizes and tags.
        StorageError: An object store refuses.
    """
    if not snapshot.identity:
        return
    found = {"identity": snapshot.identity, "source_digest": snapshot.digest, "rows": snapshot.rows}
    content = f"{json.dumps(seal(found))}\n".encode()
    store, name = _dataset(config).store, _name(snapshot.identity)
    if store.create(name, content):
        return
    known = _stored(config, snapshot.identity)
    if known is None:
        store.replace(name, content)
    elif known.source_digest != snapshot.digest:
        raise _other_content(join_address(store.address, name), known, snapshot.digest)


def prepare_output(config: BalanceConfig) -> None:
    """Find out, before anything is read, what a bucket cannot do or we may not do in it; of a folder, writing tells.

    Args:
        config: The whole configuration.

    Raises:
        StorageError: The bucket does not do what publishing needs, or refuses us.
    """
    _dataset(config).store.prepare()


def _stored(config: BalanceConfig, identity: str) -> KnownSource | None:
    """Return what is known of a source; None where nothing is, or where the file is damaged: then it is read again."""
    try:
        known = read_stored(_dataset(config), KnownSource, _name(identity), remedy=_REMEDY)
    except FileNotFoundError:
        return None
    except IntegrityError as error:
        pass_over(error, "the source is read again")
        return None
    return known if known.identity == identity else None


def _other_content(place: str, known: KnownSource, found: str) -> IntegrityError:
    return IntegrityError(
        "source_tags",
        expected=f"the content that {place} remembers, as no object's name, size or tag changed: {known.source_digest}",
        found=found,
        remedy=f"give changed deliveries new names, or remove {place} if what it says is wrong; then run again",
        values={"known": known.source_digest, "found": found},
    )


def _dataset(config: BalanceConfig) -> DatasetFolder:
    return DatasetFolder.of(config)


def _name(identity: str) -> str:
    return f"sources/{identity}.json"
