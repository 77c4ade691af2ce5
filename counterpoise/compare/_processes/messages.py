"""Errors and warnings of learners as short texts that can be shown and stored."""

from __future__ import annotations

from collections.abc import Iterable

from counterpoise.secrets import redact

_LONGEST, _READ, _MOST_NOTES = 500, 2_000, 50


def described(error: BaseException) -> str:
    r"""Return the type of an error and the first line of its message.

    >>> described(ValueError("no\nmore"))
    'ValueError: no'
    """
    try:
        text = str(error)
    except Exception:  # noqa: BLE001  # a learner's own error may have any __str__
        text = "(has no text)"
    return f"{one_line(type(error).__name__)}: {one_line(text)}"


def one_line(text: str) -> str:
    r"""Return the first line of a text, truncated, without secrets and unprintable characters.

    >>> one_line("\n a\x1b[31mred  \nblue")
    'a�[31mred'
    """
    first = (text[:_READ].strip().splitlines() or [""])[0].rstrip()
    printable = "".join(one if one.isprintable() else "�" for one in redact(first))
    return printable if len(printable) <= _LONGEST else f"{printable[:_LONGEST]} …"


def short_notes(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the distinct texts, one line each; of more than fifty, the rest is only counted.

    >>> short_notes(["a", "b", "a"])
    ('a', 'b')
    """
    notes = tuple(dict.fromkeys(map(one_line, texts)))
    more = len(notes) - _MOST_NOTES
    return notes if more <= 0 else (*notes[:_MOST_NOTES], f"and {more:,} more")
