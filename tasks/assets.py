"""Datasets and sources as Prefect assets: their keys in Prefect's lineage."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from urllib.parse import urlsplit

from counterpoise.config import SourceConfig

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
