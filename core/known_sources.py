"""What is known of a source without reading it: files by their content, objects by what was read of them before.

An object store tells by entity tags that its objects are as they were, not what they hold. So a dataset remembers, in
`sources/`, which content a run has found behind which tags: an unchanged source is then known without a download.
"""

from __future__ import annotations

import json

from counterpoise.core.config import BalanceConfig
from counterpoise.core.errors import IntegrityError
from counterpoise.core.ingest import identify_source
from counterpoise.core.ingest.stage import source_identity
from counterpoise.core.persist.layout import DatasetFolder
from counterpoise.core.persist.stored_files import pass_over, read_stored
from counterpoise.core.records import Snapshot
from counterpoise.core.storage import is_remote
from counterpoise.core.stored_fields import Count, Sha256
from counterpoise.core.stored_json import Sealed, seal

__all__ = ["KnownSource", "known_digest", "remember_source"]

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
    identity = source_identity(config.source)
    try:
        known = read_stored(_dataset(config), KnownSource, _name(identity), remedy=_REMEDY)
    except FileNotFoundError:
        return ""
    except IntegrityError as error:
        pass_over(error, "the source is read again")
        return ""
    return known.source_digest if known.identity == identity else ""


def remember_source(config: BalanceConfig, snapshot: Snapshot) -> None:
    """Keep what was found behind the objects of a source; of other sources there is nothing to keep.

    Args:
        config: The whole configuration.
        snapshot: What was read.
    """
    if snapshot.identity:
        content = (
            json.dumps(seal({"identity": snapshot.identity, "source_digest": snapshot.digest, "rows": snapshot.rows}))
            + "\n"
        )
        _dataset(config).store.create(_name(snapshot.identity), content.encode())


def _dataset(config: BalanceConfig) -> DatasetFolder:
    return DatasetFolder(config.output.root, config.name)


def _name(identity: str) -> str:
    return f"sources/{identity}.json"
