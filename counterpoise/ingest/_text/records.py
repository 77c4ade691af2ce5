"""Read delimited text record by record: exact but slow, the reference for the fast reader.

A field that starts with the quote, possibly after blanks, extends to the closing quote. A doubled quote is one literal
quote. Blanks after the closing quote are dropped. A quote anywhere else is an ordinary character. Empty lines are
skipped.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from counterpoise.errors import InputError
from counterpoise.ingest._text.plain_text import LINE_LIMIT


@dataclass(frozen=True)
class TextRecord:
    """One record: the 1-based number of its first line, the number of lines it spans, its text and its fields."""

    line: int
    lines: int
    text: str
    fields: tuple[str, ...]


class _Splitter:
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
        """Return a record's fields, or None if a quote is still open at the end.

        Raises:
            ValueError: Text follows a closing quote.
        """
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
        """Return whether a line that starts inside quotes contains the closing quote."""
        return self._quote in line and self._closes.match(line) is not None

    def _check_open(self, text: str, position: int) -> None:
        if self._open.match(text, position) is None:
            raise ValueError("text after a closing quote")


def read_records(lines: Iterable[str], *, name: str, delimiter: str, quote: str) -> Iterator[TextRecord]:
    """Yield the records of a delimited text.

    Args:
        lines: Lines with their endings.
        name: The file's name in errors.
        delimiter: The field delimiter.
        quote: The quote character.

    Raises:
        InputError: A quote is never closed, or text follows a closing quote.
    """
    splitter = _Splitter(delimiter, quote)
    pending: list[str] = []
    first = length = 0
    for number, line in enumerate(lines, 1):
        if not pending and not line.strip("\r\n"):
            continue
        first, length = (first, length + len(line)) if pending else (number, len(line))
        pending.append(line)
        if len(pending) > 1 and not splitter.closes(line):
            if length > LINE_LIMIT:
                raise unclosed_quote(name, first, "".join(pending))
            continue
        text = "".join(pending)
        fields = _fields(splitter, text, name=name, line=first)
        if fields is not None:
            yield TextRecord(first, len(pending), _without_end(text), tuple(fields))
            pending = []
    if pending:
        raise unclosed_quote(name, first, "".join(pending))


def _fields(splitter: _Splitter, text: str, *, name: str, line: int) -> list[str] | None:
    try:
        return splitter.split(_without_end(text))
    except ValueError:
        raise unclosed_quote(name, line, text) from None


def unclosed_quote(name: str, line: int, text: str) -> InputError:
    """Return the error for a quote that is not closed where a field may end."""
    return InputError(
        "unclosed_quote",
        expected="a closing quote right before a delimiter or the end of the line for every quoted field",
        found=f"{name}, line {line:,}: {text[:120]!r}",
        remedy="close the quote, double quotes inside quoted fields, or set source.quote",
        values={"file": name, "line": line, "text": text[:2_000]},
    )


def _without_end(text: str) -> str:
    return text.removesuffix("\n").removesuffix("\r")
