"""Addresses of folders and files: local paths, or `scheme://bucket/prefix` in an object store."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from counterpoise.errors import ConfigError
from counterpoise.secrets import redact_url

SCHEMES = ("s3", "gs", "az", "abfs", "abfss")

_REMOTE = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]+):/{1,2}(?P<authority>[^/]*)/*(?P<prefix>.*)", re.DOTALL)
_SIGNED = re.compile(r"[?&](sig|signature|token|awsaccesskeyid|(x-amz|x-goog)-[\w-]+)=", re.IGNORECASE)


@dataclass(frozen=True)
class StoreAddress:
    """A place in an object store.

    Attributes:
        scheme: One of `SCHEMES`.
        authority: The bucket or container; for Azure also `container@account.dfs.core.windows.net`.
        prefix: The rest without leading and trailing slashes; may be empty.
    """

    scheme: str
    authority: str
    prefix: str

    @property
    def bucket(self) -> str:
        """The address of the whole bucket."""
        return f"{self.scheme}://{self.authority}"

    def __str__(self) -> str:
        return f"{self.bucket}/{self.prefix}".rstrip("/")


def is_remote(address: str | Path) -> bool:
    """Return whether an address belongs to an object store; a `Path` made from such an address counts, too.

    >>> is_remote("s3://bucket/datasets"), is_remote(Path("s3://bucket/datasets")), is_remote("datasets/fraud")
    (True, True, False)
    """
    text = str(address)
    return "://" in text or text.startswith(tuple(f"{scheme}:/" for scheme in SCHEMES))


def parse_store_address(address: str | Path) -> StoreAddress:
    """Parse the address of an object store.

    >>> parse_store_address("s3://bucket/some/datasets/").prefix
    'some/datasets'

    Raises:
        ConfigError: The address is of another kind or contains credentials.
    """
    problem = check_address(str(address))
    match = _REMOTE.fullmatch(str(address))
    if problem or match is None:
        raise ConfigError(
            "storage_address",
            expected="an address such as s3://bucket/prefix, gs://bucket/prefix or az://container/prefix",
            found=f"{redact_url(str(address))!r}: {problem or 'not the address of a store'}",
            remedy="correct the address; credentials come from the environment or a block",
        )
    return StoreAddress(match["scheme"].lower(), match["authority"], match["prefix"].strip("/"))


def check_address(text: str) -> str:
    """Return the problem with an object store's address; an empty string if there is none, and for local paths.

    >>> check_address("s3://key:secret@bucket/x")
    'credentials do not belong in an address'
    >>> check_address("s3://bucket/x"), check_address("datasets")
    ('', '')
    """
    if not is_remote(text):
        return ""
    match = _REMOTE.fullmatch(text)
    if match is None or match["scheme"].lower() not in SCHEMES:
        return f"the scheme is not one of {', '.join(SCHEMES)}"
    if ":" in match["authority"] or _SIGNED.search(match["prefix"]):
        return "credentials do not belong in an address"
    if not match["authority"]:
        return "the bucket is missing"
    return "its path has empty or dot segments" if _has_odd_segments(match["prefix"]) else ""


def _has_odd_segments(prefix: str) -> bool:
    return any(step in ("", ".", "..") for step in prefix.strip("/").split("/")) if prefix.strip("/") else False


def join_address(root: str | Path, *names: str) -> str:
    """Return the address of a file or folder under a root, as text.

    >>> join_address("s3://bucket/datasets", "fraud", "versions/00000001.json")
    's3://bucket/datasets/fraud/versions/00000001.json'
    >>> join_address("datasets", "fraud")
    'datasets/fraud'
    """
    if not is_remote(root):
        return str(Path(root, *names))
    address = parse_store_address(root)
    return f"{address.bucket}/{PurePosixPath(address.prefix, *names)}".removesuffix("/.").rstrip("/")
