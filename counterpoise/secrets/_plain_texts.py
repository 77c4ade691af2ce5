"""Check that texts of a configuration contain no unsupported `${VARIABLE}` and no literal secret."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from counterpoise.errors import ConfigError
from counterpoise.secrets._redact import is_secret_name, redact

if TYPE_CHECKING:
    from pydantic import BaseModel

_VARIABLE = re.compile(r"\$\{\w+\}")
_TOKEN = re.compile(
    r"'(?:[^']|'')*+'?|--[^\n]*+|/\*(?:[^*]|\*(?!/))*+(?:\*/)?|(?P<tag>\$(?:[A-Za-z_]\w*+)?\$)", re.DOTALL
)
_BEFORE = re.compile(
    r"(?P<name>\w+)[\"\]`]?\s*(?:=>|:=|==?|\b(?:i?like|is)\b|\bin\s*\()?\s*(?:[eEnNbBxX]|[uU]&)?\Z", re.IGNORECASE
)
_AFTER = re.compile(r"\s*(?:==?)\s*[\"\[`]?(?P<name>\w+)")
_DECRYPTS = re.compile(r"\bpgp_(?:sym|pub)_\w*\s*\([^()]*\Z", re.IGNORECASE)
_LOOK_BACK = 200
_QUERY_REMEDY = (
    "keep secrets out of queries: let the database connect (a foreign server with a user mapping, a view), or decrypt "
    "with a key that it holds"
)


def check_texts(section: BaseModel, *, literal: frozenset[str]) -> None:
    """Check the texts of a configuration section.

    Args:
        section: The validated section.
        literal: Fields with names or values from the data, or with their own check.

    Raises:
        ConfigError: A text contains a variable or a literal secret.
    """
    for name, value in section:
        for text in [value] if isinstance(value, str) else value if isinstance(value, tuple) else ():
            if isinstance(text, str) and name not in literal:
                _check_text(_field(section, name), text)


def check_query(query: str) -> None:
    """Check that a query contains no secret.

    Raises:
        ConfigError: The query compares or calls something with a literal password, or contains an address with one.
    """
    if found := next(_secrets_of_query(query), ""):
        raise _literal("source.query", found, _QUERY_REMEDY)


def _check_text(field: str, text: str) -> None:
    if variable := _VARIABLE.search(text):
        raise ConfigError(
            "variable_not_read",
            expected=f"a plain text as {field}: variables are only allowed in source.url",
            found=f"{variable[0]} in {field}",
            remedy=f'write the value itself, or let the shell insert it: --set {field}="$NAME"',
            values={"field": field, "variable": variable[0]},
        )
    if field != "source.query" and redact(text) != text:
        raise _literal(
            field,
            "what looks like a secret",
            f"take it out of {field}: credentials come from the environment of the run or from credentials_block",
        )


def _field(section: BaseModel, name: str) -> str:
    kind = type(section).__name__.removesuffix("Config").lower()
    return name if kind == "balance" else f"{kind}.{name}"


def _literal(field: str, found: str, remedy: str) -> ConfigError:
    return ConfigError(
        "literal_secret",
        expected=f"no secret in {field}",
        found=f"{found} written out",
        remedy=remedy,
        values={"secrets": [found], "field": field},
    )


def _secrets_of_query(query: str) -> Iterator[str]:
    """Yield descriptions of the secrets in a query's literals and comments, never the secrets themselves."""
    for start, end, inner in _literals(query):
        before = _BEFORE.search(query, max(0, start - _LOOK_BACK), start)
        after = _AFTER.match(query, end)
        named = next((match["name"] for match in (before, after) if match and is_secret_name(match["name"])), "")
        if inner.strip("%_* ") and named:
            yield f"a value of {named!r}"
        if inner and _DECRYPTS.search(query, max(0, start - _LOOK_BACK), start):
            yield "the password of a pgp function"
        if redact(inner) != inner:
            yield "an address or a connection text with a secret"


def _literals(query: str) -> Iterator[tuple[int, int, str]]:
    """Yield the start, end and content of a query's literals and comments."""
    token = _TOKEN.search(query)
    while token is not None:
        start, end, inner = token.start(), token.end(), token[0].strip("'")
        if tag := token["tag"]:
            close = query.find(tag, end)
            inner, end = (query[end:], len(query)) if close < 0 else (query[end:close], close + len(tag))
        yield (start, end, inner.replace("''", "'"))
        token = _TOKEN.search(query, end)


def literals_of(query: str) -> tuple[str, ...]:
    """Return the contents of a query's literals."""
    return tuple(inner for _, _, inner in _literals(query) if inner)
