"""Addresses of files on the web, which are only ever read."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from counterpoise.secrets import is_secret_option

_SIGNED = re.compile(r"(x-amz|x-goog)-[\w-]+|awsaccesskeyid|se|sp|sv|sr", re.IGNORECASE)


def is_web(address: str | Path) -> bool:
    """Return whether an address is that of a file on the web.

    >>> is_web("https://example.com/t.csv"), is_web("s3://bucket/t.csv")
    (True, False)
    """
    return str(address).lower().startswith(("http://", "https://"))


def check_web_address(text: str) -> str:
    """Return the problem with the address of a file on the web; an empty string if there is none.

    >>> check_web_address("https://ann:secret@example.com/t.csv")
    'credentials do not belong in an address'
    >>> check_web_address("https://example.com/t.csv")
    ''
    """
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "it is not a valid address"
    if not host or re.search(r"\s", text):
        return "it is not a valid address"
    names = [name for name, _ in parse_qsl(parts.query, keep_blank_values=True)]
    if "@" in parts.netloc or any(is_secret_option(name) or _SIGNED.fullmatch(name) for name in names):
        return "credentials do not belong in an address"
    return ""
