"""Variables with credentials: those of the environment, overridden by those granted for a place.

The library never asks Prefect. Instead, its caller may grant variables such as `AWS_SECRET_ACCESS_KEY` for an address
and the duration of a `with` block. They override the environment's variables and are kept only in memory.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field


@dataclass(frozen=True)
class _Grant:
    """Variables for a place and everything below it; never shown."""

    place: str
    variables: Mapping[str, str] = field(repr=False)


_GRANTS: ContextVar[tuple[_Grant, ...]] = ContextVar("storage grants", default=())


@contextmanager
def granted(place: str, variables: Mapping[str, str]) -> Iterator[None]:
    """Override the environment's variables whenever a place is read or written.

    Args:
        place: An address such as `s3://bucket/datasets`, or a database's URL as written in the configuration.
        variables: Names and values, such as `AWS_ACCESS_KEY_ID`; an empty mapping grants nothing.
    """
    grants = (*_GRANTS.get(), _Grant(place.rstrip("/"), dict(variables))) if variables else _GRANTS.get()
    token = _GRANTS.set(grants)
    try:
        yield
    finally:
        _GRANTS.reset(token)


def granted_variables(place: str) -> dict[str, str]:
    """Return the variables granted for a place; if several grants apply, the one for the closest place wins."""
    found = [grant for grant in _GRANTS.get() if f"{place}/".startswith(f"{grant.place}/")]
    return dict(max(found, key=lambda grant: len(grant.place)).variables) if found else {}


def variables_for(place: str) -> dict[str, str]:
    """Return the variables for a place: the environment's, overridden by granted ones."""
    return {**os.environ, **granted_variables(place)}
