"""Texts from outside as a terminal and a log may show them: what would act there is shown as an escape instead."""

from __future__ import annotations

import unicodedata

__all__ = ["is_utf8", "visible", "visible_json"]

_ACTS = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_KEPT = frozenset("\n\t\u200c\u200d")
"""Line breaks of our own messages, and the joiners that some scripts are written with."""


def visible(text: str) -> str:
    r"""Return a text with control characters, direction marks and broken characters written as escapes.

    >>> visible("\x1b[31mred\x1b[0m, \u202egnp.exe, ü")
    '\\x1b[31mred\\x1b[0m, \\u202egnp.exe, ü'
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_escaped, text)) if any(map(_acts, text)) else text


def visible_json(text: str) -> str:
    r"""Return JSON with the same characters escaped as JSON has it: reading it gives the same values.

    >>> visible_json('{"a": "\x9b31m"}')
    '{"a": "\\u009b31m"}'
    """
    return "".join(_json_escaped(character) if _acts(character) else character for character in text)


def is_utf8(text: str) -> bool:
    r"""Return whether a text can be written: a name that is no UTF-8 comes from the system with stand-ins.

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
