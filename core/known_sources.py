"""What is known of a source without reading it: files by their content, objects by what was read of them before.

An object store tells by entity tags that its objects are as they were, not what they hold. So a dataset remembers, in
`sources/`, which content a run has found behind which tags: an unchanged source is then known without a download.
"""

from __future__ import annotations

import json

from counterpoise.core.config import BalanceConfig
from counterpoise.core.ingest import identify_source
from counterpoise.core.ingest.stage import source_identity
from counterpoise.core.persist.layout import DatasetFolder
from counterpoise.core.records import Snapshot
from counterpoise.core.storage import is_remote

__all__ = ["known_digest", "remember_source"]


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
    try:
        known = json.loads(_dataset(config).store.read(_name(source_identity(config.source))))
    except FileNotFoundError:
        return ""
    return str(known["digest"])


def remember_source(config: BalanceConfig, snapshot: Snapshot) -> None:
    """Keep what was found behind the objects of a source; of other sources there is nothing to keep.

    Args:
        config: The whole configuration.
        snapshot: What was read.
    """
    if snapshot.identity:
        content = json.dumps({"digest": snapshot.digest, "rows": snapshot.rows}) + "\n"
        _dataset(config).store.create(_name(snapshot.identity), content.encode())


def _dataset(config: BalanceConfig) -> DatasetFolder:
    return DatasetFolder(config.output.root, config.name)


def _name(identity: str) -> str:
    return f"sources/{identity}.json"
