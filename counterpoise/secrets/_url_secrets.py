"""Secrets in a database's URL: which of its parts hold one, and whether it is written out or a `${VARIABLE}`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote

__all__ = ["HARMLESS_OPTIONS", "SECRET_WORDS", "URL_WITHOUT_SECRETS", "decoded_name", "is_secret_option", "written_out"]

SECRET_WORDS = ("pass", "secret", "token", "key", "pwd", "auth", "credential", "signature")
"""What the name of an option holds whose value is a secret, whatever the driver."""

HARMLESS_OPTIONS = ("passfile", "sslkey", "sslkeylogfile", "ssl_key", "require_auth", "auth_plugin", "oauth_issuer")
"""Options of libpq and of MySQL's drivers whose name sounds like a secret, but which give a file or a method."""

_MOST_DECODINGS = 5
_VARIABLE = r"\$\{\w+\}"
_STANDS_FOR_A_SECRET = re.compile(rf"(?:{_VARIABLE}|\*\*\*)?")
"""A variable; nothing at all; or what redaction leaves, in the manifest of a version that was published."""

_SECRET_NAME = re.compile(rf"{'|'.join(SECRET_WORDS)}|^sig$", re.IGNORECASE)
_USER = re.compile(r"(?:://|^//|^)[^:/@]*+(?P<colon>:)(?!//)", re.DOTALL)
_NAMED = re.compile(r"(?<![\w%.+-])(?P<name>[\w%.+-]++)\s*+=\s*+(?P<value>'[^']*+'?|[^&;\s]*+)")


def _any_case(word: str) -> str:
    """Return a pattern of a word in any case, which JSON schemas have no flag for.

    >>> _any_case("key")
    '[Kk][Ee][Yy]'
    """
    return "".join(f"[{letter.upper()}{letter}]" if letter.isalpha() else letter for letter in word)


_HARMLESS = "|".join(map(_any_case, HARMLESS_OPTIONS))
_SECRET = "|".join(map(_any_case, SECRET_WORDS))
_NAME = "[^=&;?]{0,100}"
_OPTION = (
    rf"[?&;](?!(?:{_HARMLESS})=)(?:{_NAME}(?:{_SECRET}|%){_NAME}|{_any_case('sig')})="
    rf"(?!(?:{_VARIABLE})?(?:&|$))"
)
_ENCODED_COLON = r"://[^/@]*%3[Aa][^/@]*@"
URL_WITHOUT_SECRETS = rf"^(?!.*://[^:/@]*:(?!(?:{_VARIABLE})?@)[^@]*@)(?!.*{_ENCODED_COLON})(?!.*{_OPTION}).*$"
"""What the form in the Prefect UI and its server hold a URL against, before a run is made and stored."""


def decoded_name(name: str) -> str:
    """Return the name of an option as a driver reads it, also where its letters were percent-encoded twice.

    >>> decoded_name("ssl%70assword"), decoded_name("%2570assword")
    ('sslpassword', 'password')
    """
    return list(_decodings(name))[-1]


def is_secret_option(name: str) -> bool:
    """Return whether an option of a URL holds a secret, by its name.

    >>> [is_secret_option(name) for name in ("sslpassword", "ssl%70assword", "sslkey", "application_name")]
    [True, True, False, False]
    """
    plain = decoded_name(name).lower()
    return _SECRET_NAME.search(plain) is not None and plain not in HARMLESS_OPTIONS


def written_out(url: str) -> list[str]:
    """Return which secrets of a URL are written out, by what they are; never the secrets themselves.

    Args:
        url: The URL as it is configured, with variables not yet replaced.

    >>> written_out("postgresql://ann:pa55@db/prod?sslpassword=x")
    ['the password', "the option 'sslpassword'"]
    >>> written_out("postgresql://ann:${PGPASSWORD}@db/prod?sslpassword=${KEY_PASSWORD}")
    []
    """
    found = ["the password"] if any(not _STANDS_FOR_A_SECRET.fullmatch(each) for each in _passwords(url)) else []
    if re.search(_ENCODED_COLON, url):
        found.append("the password behind an encoded colon")
    options = (
        f"the option {decoded_name(name)!r}"
        for name, value in _options(url)
        if is_secret_option(name) and not _STANDS_FOR_A_SECRET.fullmatch(value.strip("'"))
    )
    return list(dict.fromkeys([*found, *options]))


def _passwords(url: str) -> Iterator[str]:
    """Yield what stands between the colon behind a user's name and the next `@`."""
    for user in _USER.finditer(url):
        end = url.find("@", user.end())
        if end < 0:
            return
        yield url[user.end() : end]


def _options(url: str) -> Iterator[tuple[str, str]]:
    """Yield every `name=value` of a URL or of a text such as `host=db password=x`, also of those within values."""
    for text in _decodings(url):
        for match in _NAMED.finditer(text):
            yield match["name"], match["value"]


def _decodings(text: str) -> Iterator[str]:
    """Yield a text as it is, and as often decoded as that changes it, within reason."""
    yield text
    for _ in range(_MOST_DECODINGS):
        if (plain := unquote(text)) == text:
            return
        text = plain
        yield text
