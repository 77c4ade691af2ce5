"""Remove secrets from texts for logs, manifests, reports and errors, in time linear in the text."""

from __future__ import annotations

import re
from urllib.parse import quote

from counterpoise.secrets._url_secrets import decoded_name, is_secret_option

# Each pattern starts at the start of a word or at "://" and matches possessively (++), so that even hostile text is
# scanned only a few times.
_USER = re.compile(r"://(?:[^:/@%\s]|%(?!3[Aa]))*+(?::|%3[Aa])")
_VARIABLE = re.compile(r"\$\{\w+\}")
_NAMED = re.compile(r"(?<![\w%.+-])(?P<name>[\w%.+-]++)\\*+['\"]?+\s*+(?P<sign>=>|:=|[=:])\s*+")
_END = r"(?=[\s,;:)}\]]|\Z)"
_VALUE = re.compile(
    rf"\$\{{\w+\}}(?=[&'\"]|{_END})"
    r"|'(?:[^'\\\n]|\\.|'')*+(?:'|\Z|(?=\n))|\"(?:[^\"\\\n]|\\.)*+(?:\"|\Z|(?=\n))"
    rf"|(?:[^\s&'\")]|['\")](?!{_END}))++",
    re.DOTALL,
)
_SECRET_NAME = re.compile(
    r"(?:passw(?:or)?d|pwd|passphrase|secret|token|signature|credentials?|(?:api|access|secret|private|account)[_-]?key)\Z",
    re.IGNORECASE,
)


def is_secret_name(name: str) -> bool:
    """Return whether the value under a name is a secret.

    >>> [is_secret_name(name) for name in ("sslPassword", "api_key", "key", "password_changed")]
    [True, True, False, False]
    """
    return _SECRET_NAME.search(decoded_name(name)) is not None


def redact_url(url: str) -> str:
    """Replace a URL's password and secret query values with `***`.

    >>> redact_url("postgresql://ann:pa55@db/prod?sslpassword=x&application_name=etl")
    'postgresql://ann:***@db/prod?sslpassword=***&application_name=etl'
    >>> redact_url("postgresql://ann:${PGPASSWORD}@db/prod")
    'postgresql://ann:${PGPASSWORD}@db/prod'
    >>> redact_url("postgresql://ann@db/prod?sslkey=/etc/ssl/ann.key&sslpassword=${KEY_PASSWORD}")
    'postgresql://ann@db/prod?sslkey=/etc/ssl/ann.key&sslpassword=${KEY_PASSWORD}'
    """
    return _without_values(_without_password(url))


def redact(text: str, *secrets: str) -> str:
    """Remove the given secrets and anything that looks like a password from a text.

    >>> redact("connection to postgresql://ann:pa55@db failed: password=hunter2")
    'connection to postgresql://ann:***@db failed: password=***'
    """
    forms = {form for secret in secrets if secret for form in _forms(secret)}
    for form in sorted(forms, key=len, reverse=True):
        text = text.replace(form, "***")
    return _without_values(re.sub(r"\S+", lambda word: _without_password(word[0]), text))


def _forms(secret: str) -> tuple[str, ...]:
    """Return the written forms of a secret: plain, URL-encoded, and as in a Python string."""
    return secret, quote(secret, safe="", errors="surrogateescape"), repr(secret)[1:-1]


def _without_password(url: str) -> str:
    """Return a URL without the password before its last `@`."""
    user = _USER.search(url)
    end = url.rfind("@")
    if user is None or end <= user.end() or _VARIABLE.fullmatch(url, user.end(), end):
        return url
    return f"{url[: user.end()]}***{url[end:]}"


def _without_values(text: str) -> str:
    """Remove the values of names that indicate a secret: `password=x`, `"api_key": "x"`, `&sig=x`."""
    kept, done = [], 0
    named = _NAMED.search(text)
    while named is not None:
        end = named.end()
        value = _VALUE.match(text, end) if _is_secret(text, named) else None
        if value is not None:
            end = value.end()
            if not _VARIABLE.fullmatch(value[0]):
                kept += [text[done : named.end()], "***"]
                done = end
        named = _NAMED.search(text, end)
    return "".join([*kept, text[done:]])


def _is_secret(text: str, named: re.Match[str]) -> bool:
    in_url = named.start() > 0 and text[named.start() - 1] in "?&;" and named["sign"] == "="
    return is_secret_name(named["name"]) or (in_url and is_secret_option(named["name"]))
