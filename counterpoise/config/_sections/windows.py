"""Windows of time as text: a length, or from and to, or one of these and a length; YAML accepts a mapping."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator

LENGTH = r"\d+(?:\.\d+)?(?: ?(?:second|minute|hour|day|week)s?)?"
DURATION = rf"^({LENGTH})?$"

_KEYS = ("from", "to", "length")
_INSTANT = r"\S.*?"
_FORMS = (
    rf"(?P<length>{LENGTH})",
    rf"from (?P<start>{_INSTANT})",
    rf"to (?P<end>{_INSTANT})",
    rf"from (?P<start>{_INSTANT}) for (?P<length>{LENGTH})",
    rf"to (?P<end>{_INSTANT}) for (?P<length>{LENGTH})",
    rf"from (?P<start>{_INSTANT}) to (?P<end>{_INSTANT})",
)


@dataclass(frozen=True)
class Window:
    """A window of time, as written.

    Attributes:
        start: The first instant that belongs to it; empty if it follows from the rest.
        end: The first instant after it; empty if it follows from the rest.
        length: Its length; empty if it follows from the rest.
    """

    start: str = ""
    end: str = ""
    length: str = ""


def parse_window(text: str) -> Window:
    """Return a window from its text.

    >>> parse_window("7 days"), parse_window("from 2025-03-01 to 2025-03-08").end
    (Window(start='', end='', length='7 days'), '2025-03-08')

    Raises:
        ValueError: The text is no window.
    """
    if not text:
        return Window()
    for form in reversed(_FORMS):
        found = re.fullmatch(form, text)
        if found and not re.search(r" (to|for) ", "".join(found.group(name) for name in _instants(found))):
            return Window(**found.groupdict())
    raise ValueError(f"{text[:80]!r} is no window: write 7 days, or from 2025-03-01 to 2025-03-08")


def _instants(found: re.Match[str]) -> list[str]:
    return [name for name in ("start", "end") if name in found.groupdict()]


def _as_text(value: Any) -> Any:
    """Accept a mapping with from, to and length, and dates, in place of a text."""
    if not isinstance(value, dict):
        return _plain(value)
    unknown = [str(name) for name in value if name not in _KEYS]
    if unknown or len(value) > 2 or not value:
        raise ValueError(f"a window takes one or two of {', '.join(_KEYS)}, but here are {', '.join(map(str, value))}")
    words = {"from": "from", "to": "to", "length": "for" if len(value) > 1 else ""}
    return " ".join(f"{words[name]} {_plain(value[name])}".strip() for name in _KEYS if name in value)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _checked(text: str) -> str:
    parse_window(text)
    return text


WindowText = Annotated[str, BeforeValidator(_as_text), AfterValidator(_checked)]
