"""Find the source of a published version, without trusting its manifest.

The author of a manifest chose its content. So unless the user allows it, the manifest alone cannot make us connect to a
database or a bucket, expand a variable, or leave the working directory.
"""

from __future__ import annotations

import glob
from pathlib import Path, PurePath

from pydantic import SecretStr

from counterpoise.config import SourceConfig
from counterpoise.errors import ConfigError, InputError
from counterpoise.storage import is_remote, is_web


def trusted_source(known: SourceConfig, *, given: str = "", trusted: bool = False) -> SourceConfig:
    """Return the location to read a version's source from.

    Args:
        known: The source in the manifest.
        given: A path, an object store's address or a database's URL that the user gives instead; empty for none.
        trusted: Whether the user trusts the manifest's source.

    Raises:
        ConfigError: The manifest names something that only the user may name: a database, a query, a bucket, or a path
            outside the working directory.
        InputError: There is nothing at the path.
    """
    if known.query and not trusted:
        raise _untrusted(f"the query {known.query[:200]!r}", "allow the manifest's query with --trust-manifest")
    if given:
        return _elsewhere(known, given)
    url = known.model_dump(mode="json")["url"]
    if not trusted and (url or not _within_working_directory(known.path)):
        place = url or known.path
        raise _untrusted(
            f"{place[:200]!r}", f"name it with --source {place[:200]!r}, or allow it with --trust-manifest"
        )
    _check_there(known.path)
    return known


def _elsewhere(known: SourceConfig, given: str) -> SourceConfig:
    """Return the source at the location that the user gave: a URL for a database, a path or an address for files."""
    if not known.url.get_secret_value():
        pinned = {} if is_web(given) else {"sha256": ""}  # a copy is compared by the digest of the version
        return SourceConfig.model_validate({**known.model_dump(), **pinned, "path": given})
    if "://" in given:
        return SourceConfig.model_validate({**known.model_dump(), "url": SecretStr(given)})
    raise ConfigError(
        "other_kind_of_source",
        expected="the URL of a database, because the version was read from a database",
        found=f"--source {given[:200]!r}",
        remedy="write a URL such as postgresql://user:${PGPASSWORD}@host/database",
    )


def _within_working_directory(path: str) -> bool:
    parts = PurePath(path)
    return bool(path) and not is_remote(path) and not parts.is_absolute() and ".." not in parts.parts


def _check_there(path: str) -> None:
    """Refuse a path with nothing there: a manifest keeps only the last component of an absolute path."""
    if path and not is_remote(path) and not glob.has_magic(path) and not Path(path).exists():
        raise InputError(
            "source_not_found",
            expected=f"the source of the version at {path!r}, as its configuration says",
            found="nothing there (a version keeps only the last component of an absolute path)",
            remedy="give its location with --source",
        )


def _untrusted(found: str, remedy: str) -> ConfigError:
    return ConfigError(
        "untrusted_source",
        expected="a source that you name, or one below the working directory",
        found=f"a manifest that names {found}",
        remedy=remedy,
    )
