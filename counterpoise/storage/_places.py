"""Which store keeps what an address names."""

from __future__ import annotations

from pathlib import Path

from counterpoise.storage._address import is_remote, parse_store_address
from counterpoise.storage._local import LocalStore
from counterpoise.storage._store import Store

__all__ = ["store_at"]


def store_at(address: str | Path) -> Store:
    """Return the store at an address; nothing is asked of it yet.

    Args:
        address: A path of this machine, or `scheme://bucket/prefix`.

    Raises:
        ConfigError: No address of a store that we know, or one with credentials in it.
    """
    if is_remote(address):
        from counterpoise.storage._objects import ObjectStore

        return ObjectStore(parse_store_address(address))
    return LocalStore(address)
