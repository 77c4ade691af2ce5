"""Secrets out of texts that reach logs, manifests, reports or errors."""

from __future__ import annotations

import re

from counterpoise.core.settings.url_secrets import HARMLESS_OPTIONS, SECRET_WORDS

__all__ = ["redact", "redact_url"]

_PASSWORD = re.compile(r"(?P<head>[A-Za-z][\w+.-]*://[^:/@\s]*):(?P<password>\S*)@")
_VARIABLE = re.compile(r"\$\{\w+\}")
_QUERY_VALUE = re.compile(
    rf"(?P<name>[?&;](?!(?:{'|'.join(HARMLESS_OPTIONS)})=)[^=&\s]*(?:{'|'.join(SECRET_WORDS)}|sig)[^=&\s]*)="
    r"(?P<value>[^&;\s'\")]+)",
    re.IGNORECASE,
)
_KEY_VALUE = re.compile(
    r"(?P<name>\b(?:password|passwd|pwd|secret|token))(?P<sign>\s*[=:]\s*)[^\s,;&'\")]+", re.IGNORECASE
)


def redact_url(url: str) -> str:
    """Return the URL with its password and secret query values replaced by `***`.

    >>> redact_url("postgresql://ann:pa55@db/prod?sslpassword=x&application_name=etl")
    'postgresql://ann:***@db/prod?sslpassword=***&application_name=etl'
    >>> redact_url("postgresql://ann:${PGPASSWORD}@db/prod")
    'postgresql://ann:${PGPASSWORD}@db/prod'
    >>> redact_url("postgresql://ann@db/prod?sslkey=/etc/ssl/ann.key&sslpassword=${KEY_PASSWORD}")
    'postgresql://ann@db/prod?sslkey=/etc/ssl/ann.key&sslpassword=${KEY_PASSWORD}'
    """

    def hide(match: re.Match[str]) -> str:
        password = match["password"]
        return match[0] if not password or _VARIABLE.fullmatch(password) else f"{match['head']}:***@"

    def hide_value(match: re.Match[str]) -> str:
        return match[0] if _VARIABLE.fullmatch(match["value"]) else f"{match['name']}=***"

    return _QUERY_VALUE.sub(hide_value, _PASSWORD.sub(hide, url))


def redact(text: str, *secrets: str) -> str:
    """Return the text without the given secrets and without anything that looks like a password.

    >>> redact("connection to postgresql://ann:pa55@db failed: password=hunter2")
    'connection to postgresql://ann:***@db failed: password=***'
    """
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(secret, "***")
    return _KEY_VALUE.sub(r"\g<name>\g<sign>***", redact_url(text))
