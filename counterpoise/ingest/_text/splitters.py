"""Split the text of one record into fields: by a delimiter, with backslash escapes, or by runs of blanks."""

from __future__ import annotations

import re
from typing import Protocol

BLANKS = "blanks"
"""The delimiter of tables whose columns are aligned by runs of blanks and tabs."""


class UnknownEscapeError(ValueError):
    """A backslash stands before a character for which programs disagree on its meaning."""


class Splitter(Protocol):
    """A way to split records into fields."""

    def split(self, text: str) -> list[str] | None:
        """Return a record's fields, or None if the record goes on in the next line.

        Raises:
            ValueError: Text follows a closing quote, or an escape has no certain meaning.
        """

    def closes(self, line: str) -> bool:
        """Return whether a record that goes on in this line may end in it."""


def splitter(delimiter: str, quote: str, escape: str = "") -> Splitter:
    """Return the splitter of a dialect."""
    if delimiter == BLANKS:
        return _ByBlanks(quote, escape)
    return _WithEscapes(delimiter, quote) if escape else _ByDelimiter(delimiter, quote)


class _ByDelimiter:
    def __init__(self, delimiter: str, quote: str) -> None:
        self._delimiter, self._quote = delimiter, quote
        mark, end = re.escape(quote), re.escape(delimiter)
        blanks = "" if delimiter.startswith(" ") else " *"
        content = rf"{blanks}{mark}([^{mark}]*(?:{mark}{mark}[^{mark}]*)*)"
        self._starts = re.compile(rf"{blanks}{mark}")
        self._quoted = re.compile(rf"{content}{mark}{blanks}(?={end}|\Z)")
        self._open = re.compile(rf"{content}\Z")
        self._closes = re.compile(rf"[^{mark}]*(?:{mark}{mark}[^{mark}]*)*{mark}(?!{mark})")

    def split(self, text: str) -> list[str] | None:
        if self._quote not in text:
            return text.split(self._delimiter)
        fields, position = [], 0
        while True:
            if self._starts.match(text, position):
                match = self._quoted.match(text, position)
                if match is None:
                    self._check_open(text, position)
                    return None
                fields.append(match[1].replace(self._quote * 2, self._quote))
                position = match.end()
            else:
                end = text.find(self._delimiter, position)
                end = len(text) if end < 0 else end
                fields.append(text[position:end])
                position = end
            if position == len(text):
                return fields
            position += len(self._delimiter)

    def closes(self, line: str) -> bool:
        return self._quote in line and self._closes.match(line) is not None

    def _check_open(self, text: str, position: int) -> None:
        if self._open.match(text, position) is None:
            raise ValueError("text after a closing quote")


class _WithEscapes:
    r"""Fields in which a backslash protects the quote, the delimiter, a newline or another backslash.

    Programs disagree on a backslash before anything else, so it is refused, except for `\N`, which means a missing
    value and stays as it is.
    """

    def __init__(self, delimiter: str, quote: str) -> None:
        self._delimiter = delimiter
        mark, end = re.escape(quote), re.escape(delimiter)
        first = re.escape(delimiter[0])
        self._quoted = re.compile(rf" *{mark}((?:[^\\{mark}]|\\.|{mark}{mark})*+){mark} *(?={end}|\Z)", re.DOTALL)
        self._opened = re.compile(rf" *{mark}(?:[^\\{mark}]|\\.|{mark}{mark})*+\\?\Z", re.DOTALL)
        self._plain = re.compile(rf"(?:[^\\{first}]|\\.|(?!{end}){first})*+", re.DOTALL)
        self._known = re.compile(rf"\\([\\{mark}\n]|\r\n|{end})|{mark}({mark})")
        self._other = re.compile(r"\\(.?)", re.DOTALL)
        self._quote = quote

    def split(self, text: str) -> list[str] | None:
        fields, position = [], 0
        while True:
            match = self._quoted.match(text, position)
            if match is None:
                if self._opened.match(text, position):
                    return None
                if text[position:].lstrip(" ").startswith(self._quote):
                    raise ValueError("text after a closing quote")
                match = self._plain.match(text, position)
                end = match.end() if match else position
                if end < len(text) and text[end] == "\\":
                    return None
                fields.append(self.unescaped(text[position:end]))
            else:
                end = match.end()
                fields.append(self.unescaped_quoted(match[1]))
            if end == len(text):
                return fields
            position = end + len(self._delimiter)

    def closes(self, line: str) -> bool:
        return self._quote in line or not line.rstrip("\r\n").endswith("\\")

    def unescaped(self, text: str) -> str:
        """Return an unquoted field without its escapes."""
        return self._replaced(text) if "\\" in text and text != r"\N" else text

    def unescaped_quoted(self, text: str) -> str:
        """Return the content of a quoted field without its escapes and doubled quotes."""
        return self._replaced(text) if "\\" in text or self._quote in text else text

    def _replaced(self, text: str) -> str:
        if other := self._other.search(self._known.sub("", text)):
            raise UnknownEscapeError(f"a backslash before {other[1]!r}, whose meaning is not certain")
        return self._known.sub(lambda found: found[1] or found[2], text)


class _ByBlanks:
    """Fields between runs of blanks and tabs; a quoted field may contain blanks."""

    def __init__(self, quote: str, escape: str) -> None:
        mark = re.escape(quote)
        inner = rf"[^\\{mark}]|\\.|{mark}{mark}" if escape else rf"[^{mark}]|{mark}{mark}"
        self._field = re.compile(rf"{mark}((?:{inner})*+){mark}(?=[ \t]|\Z)|([^ \t]+)")
        self._quote = quote
        self._escapes = _WithEscapes(" ", quote) if escape else None

    def split(self, text: str) -> list[str] | None:
        if self._quote not in text and not self._escapes:
            return re.split(r"[ \t]+", text.strip(" \t"))
        found = self._field.finditer(text.strip(" \t"))
        if self._escapes:
            plain, quoted = self._escapes.unescaped, self._escapes.unescaped_quoted
            return [plain(match[2]) if match[2] else quoted(match[1] or "") for match in found]
        return [match[2] or (match[1] or "").replace(self._quote * 2, self._quote) for match in found]

    def closes(self, line: str) -> bool:
        return bool(line)
