"""Download a file from the web: only the file whose digest the configuration names, and never from a private network.

Redirects are followed by hand, so that every step is checked as the first one is. They may lead to other hosts, as
those of download pages do: the digest decides about the content.
"""

from __future__ import annotations

import hashlib
import ipaddress
import os
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from counterpoise.errors import ConfigError, InputError, StorageUnavailableError
from counterpoise.storage import Patience, check_web_address, paced, request_seconds

if TYPE_CHECKING:
    import httpx

PRIVATE_HOSTS = "COUNTERPOISE_PRIVATE_HOSTS"
"""The environment variable of the hosts with private addresses that may be read, separated by commas."""

_MOST_BYTES = 64 << 30
_BLOCK = 1 << 20
_REDIRECTS = 5
_CONNECT_SECONDS = 10.0
_TRANSIENT = frozenset({408, 425, 429, 500, 502, 503, 504})


def download(url: str, sha256: str, folder: Path) -> Path:
    """Download a file into a folder and return its path.

    Args:
        url: The file's address.
        sha256: Its digest; empty if the configuration names none.
        folder: The folder; it is created.

    Raises:
        ConfigError: The configuration names no digest; the error has the one of the file.
        InputError: The file has another digest, is too large, or the server refuses it or sends us elsewhere.
        StorageUnavailableError: The server cannot be reached, or fails, after several tries.
    """
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / _name(url)
    failure: StorageUnavailableError | None = None
    for _ in paced(Patience(seconds=2 * request_seconds())):
        try:
            found = _fetch(url, target)
        except StorageUnavailableError as error:
            failure = error
            continue
        _check_digest(url, sha256, found)
        return target
    if failure is None:
        raise AssertionError("there is at least one attempt")
    raise failure


def _name(url: str) -> str:
    """Return the name of a file at an address, of which the suffix tells its format.

    >>> _name("https://example.com/a/my%20table.csv?version=2"), _name("https://example.com/")
    ('my table.csv', 'download')
    """
    last = unquote(urlsplit(url).path).rstrip("/").rpartition("/")[2]
    return re.sub(r"[^\w .()+-]", "_", last)[-200:].strip(" .") or "download"


def _check_digest(url: str, sha256: str, found: str) -> None:
    if not sha256:
        raise ConfigError(
            "digest_not_pinned",
            expected="the digest of the file as source.sha256, so that a run reads this file and no other",
            found=f"none; the file at {url} now has {found}",
            remedy=f"set source.sha256 to {found}",
            values={"pins": {"sha256": found}},
        )
    if found != sha256:
        raise InputError(
            "other_content",
            expected=f"the file with the digest {sha256}, as source.sha256 says",
            found=f"{found} at {url}",
            remedy=f"set source.sha256 to {found} if the file was meant to change",
            values={"expected": sha256, "found": found},
        )


def _fetch(url: str, target: Path) -> str:
    """Try once to download a file; return its SHA-256."""
    import httpx

    try:
        with _client(url) as client:
            for _ in range(_REDIRECTS + 1):
                _check_place(url)
                with client.stream("GET", url) as response:
                    _check_peer(url, response)
                    if response.next_request is None:
                        return _saved(url, response, target)
                    url = _next(url, str(response.next_request.url))
    except httpx.TransportError as error:
        raise _unavailable(url, f"{type(error).__name__}: {error}") from ConnectionError(str(error)[:400])
    except httpx.HTTPError as error:
        raise _refused(url, str(error)[:400]) from None
    raise _refused(url, f"more than {_REDIRECTS} redirects")


@contextmanager
def _client(url: str) -> Iterator[httpx.Client]:
    """Open a client that follows no redirect, sends no credentials and asks for the bytes as they are."""
    import httpx

    headers = {"Accept-Encoding": "identity", "User-Agent": "counterpoise"}
    seconds = request_seconds()
    timeout = httpx.Timeout(seconds, connect=min(seconds, _CONNECT_SECONDS))
    with httpx.Client(headers=headers, timeout=timeout, trust_env=False, proxy=_proxy(url)) as client:
        yield client


def _proxy(url: str) -> str | None:
    """Return the proxy that the environment names for an address."""
    from urllib.request import getproxies, proxy_bypass

    parts = urlsplit(url)
    return None if proxy_bypass(parts.hostname or "") else getproxies().get(parts.scheme)


def _next(url: str, then: str) -> str:
    """Return where a redirect leads, if it may.

    Raises:
        InputError: It leads from https to something else, or to an address with credentials.
    """
    if urlsplit(then).scheme not in ("https", urlsplit(url).scheme) or check_web_address(then):
        raise _refused(url, f"a redirect to {urlsplit(then).scheme}://{urlsplit(then).hostname}")
    return then


def _check_place(url: str) -> None:
    """Refuse a host that has a private address, unless the environment allows it; a proxy decides by itself.

    Raises:
        InputError: The host has such an address.
        StorageUnavailableError: The host has none.
    """
    parts = urlsplit(url)
    if _proxy(url) is not None:
        return
    try:
        found = socket.getaddrinfo(parts.hostname, parts.port or parts.scheme, type=socket.SOCK_STREAM)
    except OSError as error:
        raise _unavailable(url, str(error)) from ConnectionError(str(error))
    for each in found:
        _check_address(url, str(each[4][0]))


def _check_peer(url: str, response: httpx.Response) -> None:
    """Check the address that answers, before anything is read: a name may have changed its address meanwhile."""
    stream: Any = response.extensions.get("network_stream")
    peer = stream.get_extra_info("server_addr") if stream is not None and _proxy(url) is None else None
    if peer:
        _check_address(url, str(peer[0]))


def _check_address(url: str, address: str) -> None:
    host = urlsplit(url).hostname or ""
    allowed = {name.strip().lower() for name in os.environ.get(PRIVATE_HOSTS, "").split(",")}
    if not ipaddress.ip_address(address.partition("%")[0]).is_global and host.lower() not in allowed:
        raise InputError(
            "private_address",
            expected="a host with a public address in source.path, and wherever it redirects to",
            found=f"{host}, which is {address}",
            remedy=f"set {PRIVATE_HOSTS}={host} in the environment of the run if it may be read",
            values={"host": host},
        )


def _saved(url: str, response: httpx.Response, target: Path) -> str:
    if response.status_code in _TRANSIENT:
        raise _unavailable(url, f"status {response.status_code}") from ConnectionError(str(response.status_code))
    if response.status_code != 200:
        raise _refused(url, f"status {response.status_code}")
    if int(response.headers.get("Content-Length") or 0) > _MOST_BYTES:
        raise _too_large(url)
    digest, done = hashlib.sha256(), 0
    with target.open("wb") as file:
        for block in response.iter_raw(_BLOCK):
            done += len(block)
            if done > _MOST_BYTES:
                raise _too_large(url)
            digest.update(block)
            file.write(block)
    return digest.hexdigest()


def _too_large(url: str) -> InputError:
    return InputError(
        "download_too_large",
        expected=f"a file of at most {_MOST_BYTES >> 30} GiB",
        found=f"a larger one at {url}",
        remedy="download it with another program and name the copy",
    )


def _refused(url: str, found: str) -> InputError:
    return InputError(
        "download_refused", expected=f"a file at {url}", found=found, remedy="correct source.path, or name a copy"
    )


def _unavailable(url: str, found: str) -> StorageUnavailableError:
    return StorageUnavailableError(
        "download_unavailable",
        expected=f"an answer from {urlsplit(url).hostname}",
        found=found[:400],
        remedy="check the address and the network, then run again",
        values={"host": urlsplit(url).hostname},
    )
