"""Database URLs: substitute environment variables, collect secrets and check options."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from counterpoise.errors import ConfigError
from counterpoise.secrets import is_secret_option, redact

if TYPE_CHECKING:
    from sqlalchemy import URL

_VARIABLE = re.compile(r"\$\{(\w+)\}")
_DRIVERS = {
    "sqlite": "sqlite",
    "sqlite+pysqlite": "sqlite",
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mysql+pymysql": "mysql+pymysql",
    "mariadb": "mysql+pymysql",
    "mariadb+pymysql": "mysql+pymysql",
    "duckdb": "duckdb",
}
_OPTIONS = {
    "mysql": (
        "connect_timeout", "read_timeout", "ssl_ca", "ssl_capath", "ssl_cert", "ssl_check_hostname", "ssl_cipher",
        "ssl_key", "unix_socket",
    ),
    "duckdb": (),
}  # fmt: skip
"""The options of drivers whose others could make a query write, or read local files."""


@dataclass(frozen=True)
class DatabaseUrl:
    """A URL to connect to, and the secrets that must not appear in messages."""

    url: URL
    secrets: tuple[str, ...]

    @property
    def kind(self) -> str:
        """The kind of database: sqlite, postgresql, mysql (MariaDB, too) or duckdb."""
        return self.url.get_backend_name()


def database_url(text: str, environment: Mapping[str, str] = os.environ) -> DatabaseUrl:
    """Return the URL with `${VARIABLE}` replaced from the environment.

    Values are taken literally: characters that are special in URLs need no escaping, unless the variable holds the
    whole URL.

    Raises:
        ConfigError: A variable is not set, the text is not a URL, or the database or an option is unknown.
    """
    values = _values(text, environment)
    url = _parsed(text, values)
    driver = _DRIVERS.get(url.drivername)
    if driver is None:
        raise ConfigError(
            "unsupported_database",
            expected="a URL that begins with sqlite, duckdb, postgresql, mysql or mariadb",
            found=repr(redact(url.drivername)),
            remedy="correct source.url, or export the table as Parquet and read that",
        )
    url = url.set(drivername=driver)
    _check_options(url)
    hidden = [*values.values(), url.password or "", *_secret_options(url)]
    return DatabaseUrl(url, tuple(dict.fromkeys(filter(None, hidden))))


def _secret_options(url: URL) -> list[str]:
    found: list[str] = []
    for name, value in url.query.items():
        if is_secret_option(name):
            found += [value] if isinstance(value, str) else value
    return found


def _values(text: str, environment: Mapping[str, str]) -> dict[str, str]:
    names = list(dict.fromkeys(_VARIABLE.findall(text)))
    if unset := [name for name in names if name not in environment]:
        raise ConfigError(
            "unset_variable",
            expected=f"the environment variables {', '.join(names)}, which source.url refers to",
            found=f"not set: {', '.join(unset)}",
            remedy="set them on the machine that executes the run",
            values={"variables": unset},
        )
    return {name: environment[name] for name in names}


def _parsed(text: str, values: Mapping[str, str]) -> URL:
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    def substitute(part: str) -> str:
        return _VARIABLE.sub(lambda match: values[match[1]], part)

    try:
        try:
            url = make_url(text)
        except (ArgumentError, ValueError):
            return make_url(substitute(text))
        query = {
            name: substitute(item) if isinstance(item, str) else tuple(map(substitute, item))
            for name, item in url.query.items()
        }
        return url.set(
            username=substitute(url.username or "") or None,
            password=substitute(str(url.password or "")) or None,
            host=substitute(url.host or "") or None,
            database=substitute(url.database or "") or None,
            query=query,
        )
    except (ArgumentError, ValueError):
        raise ConfigError(
            "invalid_url",
            expected="a SQLAlchemy URL such as postgresql://user:${PASSWORD}@host/database as source.url",
            found="an invalid one",
            remedy="correct source.url",
        ) from None


def _check_options(url: URL) -> None:
    """Reject options that the driver does not know, and those that could let queries write."""
    kind = url.get_backend_name()
    known = _OPTIONS.get(kind) if kind != "postgresql" else _options_of_libpq()
    if known is None:  # SQLite's are checked with its file; connecting reports a missing driver
        return
    if unknown := [name for name in url.query if name not in known]:
        close = difflib.get_close_matches(unknown[0], known, n=1)
        raise ConfigError(
            "unknown_url_option",
            expected=f"{_named(kind, known)} in source.url",
            found=", ".join(repr(name[:100]) for name in unknown[:10]),
            remedy=f"remove it from source.url{f', or write {close[0]}' if close else ''}",
            values={"options": unknown[:10]},
        )


def _options_of_libpq() -> tuple[str, ...] | None:
    try:
        from psycopg.pq import Conninfo
    except ImportError:
        return None
    return tuple(option.keyword.decode() for option in Conninfo.get_defaults())


def _named(kind: str, known: Sequence[str]) -> str:
    if kind == "postgresql":
        return "libpq connection options, such as sslmode, host or application_name,"
    return f"no other options than {', '.join(known)}" if known else "no options"
