"""Make outside text safe for terminals and logs by escaping active characters."""

from __future__ import annotations

import unicodedata

_ACTS = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_KEPT = frozenset("\n\t\u200c\u200d")
"""Line breaks of our own messages, and joiners that some scripts require."""


def visible(text: str) -> str:
    r"""Escape control characters, direction marks and broken characters in a text.

    >>> visible("\x1b[31mred\x1b[0m, \u202egnp.exe, ü")
    '\\x1b[31mred\\x1b[0m, \\u202egnp.exe, ü'
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_escaped, text)) if any(map(_acts, text)) else text


def visible_json(text: str) -> str:
    r"""Escape the same characters in JSON with JSON's own escapes, which keeps the values.

    >>> visible_json('{"a": "\x9b31m"}')
    '{"a": "\\u009b31m"}'
    """
    return "".join(_json_escaped(character) if _acts(character) else character for character in text)


def is_utf8(text: str) -> bool:
    r"""Return whether a text can be encoded as UTF-8; undecodable names from the system contain surrogates.

    >>> is_utf8("grün"), is_utf8("\udcff")
    (True, False)
    """
    return not any("\ud800" <= character <= "\udfff" for character in text)


def _acts(character: str) -> bool:
    return character not in _KEPT and unicodedata.category(character) in _ACTS


def _escaped(character: str) -> str:
    return character.encode("unicode_escape", "backslashreplace").decode() if _acts(character) else character


def _json_escaped(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[start : start + 4]}" for start in range(0, len(units), 4))
