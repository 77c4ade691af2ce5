"""Secrets in a database's URL: which of its parts hold one, and whether it is written out or a `${VARIABLE}`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import parse_qsl

__all__ = ["HARMLESS_OPTIONS", "SECRET_WORDS", "URL_WITHOUT_SECRETS", "is_secret_option", "written_out"]

SECRET_WORDS = ("pass", "secret", "token", "key", "pwd", "auth", "credential")
"""What the name of an option holds whose value is a secret, whatever the driver."""

HARMLESS_OPTIONS = ("passfile", "sslkey", "sslkeylogfile", "ssl_key", "require_auth", "auth_plugin", "oauth_issuer")
"""Options of libpq and of MySQL's drivers whose name sounds like a secret, but which give a file or a method."""

_VARIABLE = r"\$\{\w+\}"
_STANDS_FOR_A_SECRET = re.compile(rf"(?:{_VARIABLE}|\*\*\*)?")
"""A variable; nothing at all; or what redaction leaves, in the manifest of a version that was published."""

_SECRET_NAME = re.compile("|".join(SECRET_WORDS), re.IGNORECASE)
_PASSWORD = re.compile(r"://[^:/@]*:(?P<password>[^@]*)@")
_KEY_VALUE = re.compile(r"(?P<name>\w+)\s*=\s*(?P<value>\S*)")


def _any_case(word: str) -> str:
    """Return a pattern of a word in any case, which JSON schemas have no flag for.

    >>> _any_case("key")
    '[Kk][Ee][Yy]'
    """
    return "".join(f"[{letter.upper()}{letter}]" if letter.isalpha() else letter for letter in word)


_HARMLESS = "|".join(map(_any_case, HARMLESS_OPTIONS))
_SECRET = "|".join(map(_any_case, SECRET_WORDS))
_OPTION = rf"[?&](?!(?:{_HARMLESS})=)[^=&]*(?:{_SECRET})[^=&]*=(?!(?:{_VARIABLE})?(?:&|$))"
URL_WITHOUT_SECRETS = rf"^(?!.*://[^:/@]*:(?!(?:{_VARIABLE})?@)[^@]*@)(?!.*{_OPTION}).*$"
"""What the form in the Prefect UI and its server hold a URL against, before a run is made and stored."""


def is_secret_option(name: str) -> bool:
    """Return whether an option of a URL holds a secret, by its name.

    >>> [is_secret_option(name) for name in ("sslpassword", "sslkey", "application_name")]
    [True, False, False]
    """
    return _SECRET_NAME.search(name) is not None and name.lower() not in HARMLESS_OPTIONS


def written_out(url: str) -> list[str]:
    """Return which secrets of a URL are written out, by what they are; never the secrets themselves.

    Args:
        url: The URL as it is configured, with variables not yet replaced.

    >>> written_out("postgresql://ann:pa55@db/prod?sslpassword=x")
    ['the password', "the option 'sslpassword'"]
    >>> written_out("postgresql://ann:${PGPASSWORD}@db/prod?sslpassword=${KEY_PASSWORD}")
    []
    """
    found = _PASSWORD.search(url)
    password = ["the password"] if found and not _STANDS_FOR_A_SECRET.fullmatch(found["password"]) else []
    return password + [
        f"the option {name!r}"
        for name, value in _options(url)
        if is_secret_option(name) and not _STANDS_FOR_A_SECRET.fullmatch(value)
    ]


def _options(url: str) -> Iterator[tuple[str, str]]:
    """Yield the options of a URL as SQLAlchemy reads them, or those of a text such as `host=db password=x`."""
    if "://" in url:
        yield from parse_qsl(url.partition("?")[2], keep_blank_values=True)
    else:
        yield from ((match["name"], match["value"]) for match in _KEY_VALUE.finditer(url))
