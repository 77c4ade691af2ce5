"""Find the store for an address."""

from __future__ import annotations

from pathlib import Path

from counterpoise.storage._address import is_remote, parse_store_address
from counterpoise.storage._local import LocalStore
from counterpoise.storage._store import Store


def store_at(address: str | Path) -> Store:
    """Return the store at an address without accessing it.

    Args:
        address: A local path, or `scheme://bucket/prefix`.

    Raises:
        ConfigError: The address is of an unknown kind or contains credentials.
    """
    if is_remote(address):
        from counterpoise.storage._objects import ObjectStore

        return ObjectStore(parse_store_address(address))
    return LocalStore(address)
