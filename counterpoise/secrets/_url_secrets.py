"""Find secrets in a database's URL, and distinguish literal ones from `${VARIABLE}`s."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote

SECRET_WORDS = ("pass", "secret", "token", "key", "pwd", "auth", "credential", "signature")
"""Words in option names that indicate a secret value, for any driver."""

HARMLESS_OPTIONS = ("passfile", "sslkey", "sslkeylogfile", "ssl_key", "require_auth", "auth_plugin", "oauth_issuer")
"""Options of libpq and MySQL drivers that sound like a secret but contain a file or a method."""

_MOST_DECODINGS = 5
_VARIABLE = r"\$\{\w+\}"
_STANDS_FOR_A_SECRET = re.compile(rf"(?:{_VARIABLE}|\*\*\*)?")
"""Allowed in place of a secret: a variable, nothing, or the mask that a published manifest contains."""

_SECRET_NAME = re.compile(rf"{'|'.join(SECRET_WORDS)}|^sig$", re.IGNORECASE)
_USER = re.compile(r"(?:://|^//|^)[^:/@]*+(?P<colon>:)(?!//)", re.DOTALL)
_NAMED = re.compile(r"(?<![\w%.+-])(?P<name>[\w%.+-]++)\s*+=\s*+(?P<value>'[^']*+'?|[^&;\s]*+)")


def _any_case(word: str) -> str:
    """Return a case-insensitive pattern for a word; patterns in JSON schemas have no flags.

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
"""The pattern that the Prefect form and server check a URL against before a run is created and stored."""


def decoded_name(name: str) -> str:
    """Decode the name of an option as a driver does, even if its letters were percent-encoded twice.

    >>> decoded_name("ssl%70assword"), decoded_name("%2570assword")
    ('sslpassword', 'password')
    """
    return list(_decodings(name))[-1]


def is_secret_option(name: str) -> bool:
    """Return whether a URL's option contains a secret, judging by its name.

    >>> [is_secret_option(name) for name in ("sslpassword", "ssl%70assword", "sslkey", "application_name")]
    [True, True, False, False]
    """
    plain = decoded_name(name).lower()
    return _SECRET_NAME.search(plain) is not None and plain not in HARMLESS_OPTIONS


def written_out(url: str) -> list[str]:
    """Describe the literal secrets of a URL, without the secrets themselves.

    Args:
        url: The configured URL, with unexpanded variables.

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
    """Yield the text between the colon after a user name and the next `@`."""
    for user in _USER.finditer(url):
        end = url.find("@", user.end())
        if end < 0:
            return
        yield url[user.end() : end]


def _options(url: str) -> Iterator[tuple[str, str]]:
    """Yield every `name=value` in a URL or in a text such as `host=db password=x`, including nested values."""
    for text in _decodings(url):
        for match in _NAMED.finditer(text):
            yield match["name"], match["value"]


def _decodings(text: str) -> Iterator[str]:
    """Yield a text and its repeated percent-decodings, up to a limit."""
    yield text
    for _ in range(_MOST_DECODINGS):
        if (plain := unquote(text)) == text:
            return
        text = plain
        yield text
