"""Variables with credentials: those of the environment, and on top what was granted for one place.

Core never asks Prefect: whoever runs it may grant, for an address and for as long as a block lasts, variables such as
`AWS_SECRET_ACCESS_KEY` that stand in for those of the environment. They are held in memory only.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

__all__ = ["granted", "granted_variables", "variables_for"]


@dataclass(frozen=True)
class _Grant:
    """Variables that hold for a place and all below it; never shown."""

    place: str
    variables: Mapping[str, str] = field(repr=False)


_GRANTS: ContextVar[tuple[_Grant, ...]] = ContextVar("storage grants", default=())


@contextmanager
def granted(place: str, variables: Mapping[str, str]) -> Iterator[None]:
    """Let variables stand in for the environment's wherever a place is read or written.

    Args:
        place: An address such as `s3://bucket/datasets`, or a database's URL as the configuration has it.
        variables: Names and values, such as `AWS_ACCESS_KEY_ID`; none grants nothing.
    """
    grants = (*_GRANTS.get(), _Grant(place.rstrip("/"), dict(variables))) if variables else _GRANTS.get()
    token = _GRANTS.set(grants)
    try:
        yield
    finally:
        _GRANTS.reset(token)


def granted_variables(place: str) -> dict[str, str]:
    """Return what was granted for a place; of several grants that hold, the one for the nearest place."""
    found = [grant for grant in _GRANTS.get() if f"{place}/".startswith(f"{grant.place}/")]
    return dict(max(found, key=lambda grant: len(grant.place)).variables) if found else {}


def variables_for(place: str) -> dict[str, str]:
    """Return the variables that hold for a place: the environment's, and on top those granted."""
    return {**os.environ, **granted_variables(place)}
