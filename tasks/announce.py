"""Announce a published version: an event for automations, and a Prefect asset, whose keys are addresses.

The publishing run announces its version. If that run was killed first, the next run of the same configuration asks the
server for the event and announces the version if it is missing.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from counterpoise.config import BalanceConfig, SourceConfig
from counterpoise.records import DatasetVersion
from counterpoise.tasks.reporting import emit, event_is_known, in_run, log
from counterpoise.tasks.stage import time_limit

if TYPE_CHECKING:
    from prefect.assets import AssetProperties

    from counterpoise.persist import Manifest


_REMEMBERED = timedelta(days=6)
"""A server with Prefect's default retention of 7 days still has any event younger than this."""


def announce(config: BalanceConfig, version: DatasetVersion) -> None:
    """Emit the event `counterpoise.dataset.published` and the asset's materialization, unless already done.

    The event's id is derived from the version, so that a server stores it once and triggers nothing twice.

    Args:
        config: The complete configuration.
        version: The version, published now or by an earlier run.

    Raises:
        StageTimeoutError: It took longer than `timeouts.announcement` allows.
    """
    if not in_run() or not (version.created or _was_lost(version)):
        return
    from prefect.assets import Asset, materialize

    dataset = Asset(key=dataset_key(version.root, version.dataset), properties=_properties(version))
    source = Asset(key=source_key(config.source))
    made = materialize(
        dataset,
        by="counterpoise",
        name="announce",
        asset_deps=[source],
        persist_result=True,
        result_serializer="json",
    )

    def materialized(asset: str, version: DatasetVersion) -> None:
        with time_limit("announce", config):
            _emit(asset, version)

    made(materialized)(dataset.key, version)


def _emit(asset: str, version: DatasetVersion) -> None:
    from prefect.assets import add_asset_metadata

    facts = _facts(version)
    add_asset_metadata(asset, facts)
    emit("counterpoise.dataset.published", version.dataset, facts, identity=_event_id(version))


def _was_lost(version: DatasetVersion) -> bool:
    """Return whether a version was published recently and the server has no event for it."""
    created = datetime.fromisoformat(_manifest(version).created)
    if datetime.now(UTC) - created > _REMEMBERED or event_is_known(_event_id(version)):
        return False
    log(f"announce: version {version.version} was published, but not announced by the run that published it")
    return True


def _event_id(version: DatasetVersion) -> uuid.UUID:
    """Return the id of a version's event, derived from its unique data folder."""
    return uuid.uuid5(uuid.NAMESPACE_URL, f"counterpoise.dataset.published/{version.data}")


def _properties(version: DatasetVersion) -> AssetProperties:
    from prefect.assets import AssetProperties

    return AssetProperties(
        name=version.dataset,
        description=f"Training set with untouched validation and test partitions, "
        f"published in versions by Counterpoise; the newest is {version.version}.",
    )


def _facts(version: DatasetVersion) -> dict[str, Any]:
    manifest = _manifest(version)
    classes = {name: part.classes for name, part in version.partitions.items()}
    return {
        "version": version.version,
        "rows": {name: part.rows for name, part in version.partitions.items()},
        "classes": classes,
        "prevalence": {name: _smallest_share(counts) for name, counts in classes.items()},
        "strategy": manifest.resampling.strategy,
        "source_digest": manifest.source.digest,
        "run_key": version.run_key,
        "manifest": version.manifest,
    }


def _smallest_share(classes: dict[str, int]) -> float | None:
    """Return the share of the smallest class; None for a partition without rows."""
    rows = sum(classes.values())
    return min(classes.values()) / rows if rows else None


def _manifest(version: DatasetVersion) -> Manifest:
    from counterpoise.versions import open_version

    return open_version(f"{version.root}/{version.dataset}@{version.version}").manifest


_LONGEST = 512
_NOT_ALLOWED = re.compile(r"[\s\0#?&%\"'<>\[\]{}|\\^`]")
_SCHEME = re.compile(r"^([A-Za-z][A-Za-z0-9]*)[A-Za-z0-9+.-]*://")


def dataset_key(root: str, dataset: str) -> str:
    """Return the asset key of a dataset, which is its address.

    >>> dataset_key("s3://bucket/training sets", "fraud")
    's3://bucket/training~20sets/fraud'

    Args:
        root: The folder, or the address in an object store, that holds all datasets.
        dataset: The dataset's name.
    """
    return _key(f"{_address(root)}/{dataset}")


def source_key(source: SourceConfig) -> str:
    """Return the asset key of a source without any secret: its file or folder, or its database and table.

    >>> source_key(SourceConfig(path="s3://bucket/raw/*.csv"))
    's3://bucket/raw/*.csv'
    >>> source_key(SourceConfig(url="postgresql+psycopg://ann:***@db:5432/shop?sslmode=require", table="sales"))
    'postgresql://db:5432/shop/sales'
    """
    url = source.url.get_secret_value()
    if not url:
        return _key(_address(source.path))
    what = source.table or f"query-{hashlib.sha256(source.query.encode()).hexdigest()[:12]}"
    return _key(f"{_without_secrets(url)}/{what}")


def _address(place: str) -> str:
    """Return a location as an address; local paths become absolute."""
    return place.rstrip("/") if _SCHEME.match(place) else f"file://{Path(place).absolute().as_posix()}"


def _without_secrets(url: str) -> str:
    """Return scheme, host, port and path of a URL, without user, password and query."""
    if not _SCHEME.match(url):
        return "database://from-the-environment"
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path.rstrip('/')}"


def _key(address: str) -> str:
    """Encode an address with the characters and the length that Prefect allows."""
    plain = _SCHEME.sub(lambda found: f"{found[1].lower()}://", address)
    key = _NOT_ALLOWED.sub(lambda found: f"~{ord(found[0]):x}", plain)
    if len(key) <= _LONGEST:
        return key
    digest = hashlib.sha256(key.encode()).hexdigest()
    return f"{key[: _LONGEST - 1 - len(digest)]}~{digest}"
