"""Format values for readers: counts, shares, and texts from the data made harmless."""

from __future__ import annotations

import math

_MOST_CHARACTERS = 80
_MARKDOWN = str.maketrans(
    {
        **{sign: f"\\{sign}" for sign in "\\`*_[]()#!~|$"},
        "<": "&lt;",
        ">": "&gt;",
        "&": "&amp;",
    }
)


def count(value: int) -> str:
    """Return an integer with thousands separators.

    >>> count(1234567)
    '1,234,567'
    """
    return f"{value:,}"


def share(value: float) -> str:
    """Return a share in percent, with more digits for small shares.

    >>> share(0.5), share(0.0234), share(0.00172), share(0.0)
    ('50.0 %', '2.3 %', '0.17 %', '0 %')
    """
    percent = value * 100
    if percent == 0:
        return "0 %"
    if percent >= 1:
        return f"{percent:.1f} %"
    return f"{percent:.2f} %" if percent >= 0.01 else "< 0.01 %"


def number(value: float | None, digits: int = 3) -> str:
    """Return a number as text, or a dash for None.

    >>> number(0.12345), number(-0.5, 2), number(None)
    ('0.123', '−0.50', '–')
    """
    return "–" if value is None else f"{value:.{digits}f}".replace("-", "−")


def signed(value: float, digits: int = 3) -> str:
    """Return a difference as text with its sign.

    >>> signed(0.0123), signed(-0.004), signed(0.0)
    ('+0.012', '−0.004', '±0.000')
    """
    text = f"{value:+.{digits}f}"
    if not text.strip("+-0."):
        return f"±{text[1:]}"
    return text.replace("-", "−")


def ratio(value: float) -> str:
    """Return an imbalance ratio.

    >>> ratio(1.0), ratio(41.96), ratio(2.54), ratio(12345.0)
    ('1.0 : 1', '42 : 1', '2.5 : 1', '12,345 : 1')
    """
    return f"{value:,.0f} : 1" if value >= 10 else f"{value:.1f} : 1"


def threshold(value: float) -> str:
    """Return a threshold with four decimals, or three significant digits if it is small.

    >>> threshold(0.0), threshold(0.25), threshold(0.0000312345)
    ('0.0000', '0.2500', '0.0000312')
    """
    if value >= 0.01 or value == 0:
        return f"{value:.4f}"
    return f"{value:.{2 - math.floor(math.log10(value))}f}"


def words(name: str) -> str:
    """Return a snake-case name as words.

    >>> words("rows_balance")
    'rows balance'
    """
    return name.replace("_", " ")


def capital(text: str) -> str:
    """Return the text with its first letter in upper case."""
    return text[:1].upper() + text[1:]


def shown(value: object, most: int = _MOST_CHARACTERS) -> str:
    r"""Return a text from the data on one line: control characters escaped, long texts cut in the middle.

    >>> shown("a\x00b\n")
    'a\\x00b\\n'
    >>> shown("abcdefghij", 7)
    'abc…hij'
    >>> shown("")
    '(empty)'
    """
    text = "".join(_visible(sign) for sign in str(value)[: 4 * most]) or "(empty)"
    if len(str(value)) <= 4 * most and len(text) <= most:
        return text
    end = "".join(_visible(sign) for sign in str(value)[-most:])
    half = (most - 1) // 2
    return f"{text[: most - 1 - half]}…{end[-half:]}"


def markdown_cell(value: object, most: int = _MOST_CHARACTERS) -> str:
    r"""Return an inert one-line text for a cell of a Markdown table.

    >>> markdown_cell("a|b <script>")
    'a\\|b &lt;script&gt;'
    """
    return shown(value, most).translate(_MARKDOWN)


def _visible(sign: str) -> str:
    """Return a character, or its escape if it is invisible or changes the text direction."""
    return sign if sign.isprintable() else sign.encode("unicode_escape").decode("ascii")
