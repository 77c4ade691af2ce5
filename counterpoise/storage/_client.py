"""The obstore client for a bucket, configured by the environment's variables, overridden by those granted for a place.

The library never asks Prefect. Instead, its caller may grant variables such as `AWS_SECRET_ACCESS_KEY` for an address
and the duration of a `with` block. They override the environment's variables and are kept only in memory.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from counterpoise.errors import ConfigError
from counterpoise.storage._address import StoreAddress
from counterpoise.storage._failures import translated_failures

if TYPE_CHECKING:
    from obstore.store import ObjectStore as Client


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


_RETRIES: dict[str, Any] = {
    "max_retries": 2,
    "backoff": {"init_backoff": timedelta(milliseconds=200), "max_backoff": timedelta(seconds=5), "base": 2},
}
"""obstore's own retries within one of our requests; `_attempts.py` does the rest."""

_TIMEOUT = "COUNTERPOISE_STORE_TIMEOUT"
_SECONDS, _CONNECT_SECONDS = 20.0, 10.0
_BULK_FACTOR = 3
"""The timeout factor for requests that transfer large files."""

_FAMILIES = {"s3": "AWS_", "gs": "GOOGLE_", "az": "AZURE_", "abfs": "AZURE_", "abfss": "AZURE_"}
_SECRET = re.compile("KEY|SECRET|TOKEN|SAS|PASSWORD|CREDENTIAL|SERVICE_ACCOUNT")
_S3_ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT")
_ENDPOINTS = (*_S3_ENDPOINTS, "AZURE_STORAGE_ENDPOINT", "AZURE_ENDPOINT", "GOOGLE_BASE_URL")
_FEWEST_CHARACTERS = 6
_LONGEST = 86_400

Variables = tuple[tuple[str, str], ...]


def check_installed(place: StoreAddress) -> None:
    """Check that obstore is installed.

    Raises:
        ConfigError: It is not.
    """
    try:
        import obstore  # noqa: F401  # only checks that it can be imported
    except ModuleNotFoundError:
        raise ConfigError(
            "storage_not_installed",
            expected=f"obstore, which reads and writes {place.bucket}, to be installed",
            found="it is not",
            remedy="install counterpoise[cloud]",
        ) from None


def client_of(place: StoreAddress, *, bulk: bool = False) -> Client:
    """Return the client for a place's bucket; the client and its connections are reused until a variable changes.

    Args:
        place: The place.
        bulk: Whether the client will transfer large files.

    Raises:
        ConfigError: `COUNTERPOISE_STORE_TIMEOUT` is not a number of seconds.
        StorageError: The variables do not configure a valid client.
    """
    return _client(place.bucket, *_variables(place), request_seconds(bulk=bulk))


def request_seconds(*, bulk: bool = False) -> float:
    """Return the timeout of a request in seconds: `COUNTERPOISE_STORE_TIMEOUT`, or three times that for large files.

    Raises:
        ConfigError: It is not a positive number.
    """
    text = os.environ.get(_TIMEOUT, "") or str(_SECONDS)
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds <= _LONGEST:
        raise ConfigError(
            "store_timeout",
            expected=f"seconds above 0, at most {_LONGEST:,}, in {_TIMEOUT}",
            found=repr(text[:40]),
            remedy=f"correct {_TIMEOUT}, or unset it for the default of {_SECONDS:g}",
        )
    return seconds * _BULK_FACTOR if bulk else seconds


def settings_fingerprint(place: StoreAddress) -> int:
    """Return a hash that changes with the variables for a place, without revealing them."""
    return hash((place.bucket, *_variables(place)))


def _variables(place: StoreAddress) -> tuple[Variables, Variables]:
    known, given = variables_for(str(place)), granted_variables(str(place))
    return _of_family(place, known), _of_family(place, given)


def secrets_of(place: StoreAddress) -> list[str]:
    """Return the secrets among the variables for a place, which errors must not show."""
    return [
        text
        for name, text in _of_family(place, variables_for(str(place)))
        if _SECRET.search(name) and len(text) >= _FEWEST_CHARACTERS
    ]


def _of_family(place: StoreAddress, variables: dict[str, str]) -> Variables:
    family = _FAMILIES[place.scheme]
    return tuple(sorted((name, text) for name, text in variables.items() if name.startswith(family)))


@lru_cache(maxsize=16)
def _client(bucket: str, known: Variables, given: Variables, seconds: float) -> Client:
    from obstore import store

    scheme, _, authority = bucket.partition("://")
    place = StoreAddress(scheme, authority, "")
    variables, granted = dict(known), dict(given)
    config = {name.lower(): text for name, text in granted.items() if name != "AWS_ALLOW_HTTP"}
    if place.scheme == "s3" and (endpoint := next(filter(None, map(variables.get, _S3_ENDPOINTS)), "")):
        config = {name: text for name, text in config.items() if "endpoint" not in name} | {"aws_endpoint": endpoint}
    make: Any = store.from_url  # its overloads depend on the kind of store, known only at run time
    with translated_failures(place, "connect"):
        client: Client = make(
            bucket,
            config=config or None,
            client_options={
                "timeout": timedelta(seconds=seconds),
                "connect_timeout": timedelta(seconds=min(seconds, _CONNECT_SECONDS)),
                "allow_http": _plain_http(variables),
            },
            retry_config={**_RETRIES, "retry_timeout": timedelta(seconds=seconds)},
            credential_provider=_static_keys(granted) if place.scheme == "s3" else None,
        )
    return client


def _static_keys(granted: dict[str, str]) -> Callable[[], Any] | None:
    """Return a provider of granted S3 keys, which must not be combined with a session token from the environment."""
    if "AWS_ACCESS_KEY_ID" not in granted:
        return None
    keys = {
        "access_key_id": granted["AWS_ACCESS_KEY_ID"],
        "secret_access_key": granted.get("AWS_SECRET_ACCESS_KEY", ""),
        "token": granted.get("AWS_SESSION_TOKEN") or None,
        "expires_at": None,
    }
    return lambda: keys


def _plain_http(variables: dict[str, str]) -> bool:
    """Return whether an unencrypted endpoint is configured, which counts as consent."""
    return any(variables.get(name, "").startswith("http://") for name in _ENDPOINTS)
