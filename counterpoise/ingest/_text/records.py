"""Read delimited text record by record: exact but slow, the reference for the fast reader.

A field that starts with the quote, possibly after blanks, extends to the closing quote. A doubled quote is one literal
quote. Blanks after the closing quote are dropped. A quote anywhere else is an ordinary character. Empty lines are
skipped. Other ways to split a record are in `splitters.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from counterpoise.errors import InputError
from counterpoise.ingest._text.plain_text import LINE_LIMIT
from counterpoise.ingest._text.splitters import Splitter, UnknownEscapeError, splitter


@dataclass(frozen=True)
class TextRecord:
    """One record: the 1-based number of its first line, the number of lines it spans, its text and its fields."""

    line: int
    lines: int
    text: str
    fields: tuple[str, ...]


@dataclass(frozen=True)
class Marks:
    """The characters that structure a text: delimiter, quote, and the escape character or nothing."""

    delimiter: str
    quote: str
    escape: str = ""


def read_records(lines: Iterable[str], *, name: str, marks: Marks, first_line: int = 1) -> Iterator[TextRecord]:
    """Yield the records of a delimited text.

    Args:
        lines: Lines with their endings.
        name: The file's name in errors.
        marks: Delimiter, quote and escape.
        first_line: The number of the first of these lines in the file.

    Raises:
        InputError: A quote is never closed, or text follows a closing quote.
    """
    split = splitter(marks.delimiter, marks.quote, marks.escape)
    pending: list[str] = []
    first = length = 0
    for number, line in enumerate(lines, first_line):
        if not pending and not line.strip("\r\n"):
            continue
        first, length = (first, length + len(line)) if pending else (number, len(line))
        pending.append(line)
        if len(pending) > 1 and not split.closes(line):
            if length > LINE_LIMIT:
                raise unclosed_quote(name, first, "".join(pending))
            continue
        text = "".join(pending)
        fields = _fields(split, text, name=name, line=first)
        if fields is not None:
            yield TextRecord(first, len(pending), _without_end(text), tuple(fields))
            pending = []
    if pending:
        raise unclosed_quote(name, first, "".join(pending))


def _fields(split: Splitter, text: str, *, name: str, line: int) -> list[str] | None:
    try:
        return split.split(_without_end(text))
    except UnknownEscapeError as error:
        raise _unknown_escape(name, line, text, str(error)) from None
    except ValueError:
        raise unclosed_quote(name, line, text) from None


def _unknown_escape(name: str, line: int, text: str, why: str) -> InputError:
    return InputError(
        "unknown_escape",
        expected="a backslash only before a quote, a delimiter, a newline or another backslash",
        found=f"{why}, in {name}, line {line:,}: {text[:120]!r}",
        remedy="write the file with doubled quotes and without escapes, or double the backslash where it is one",
        values={"file": name, "line": line, "text": text[:2_000]},
    )


def unclosed_quote(name: str, line: int, text: str) -> InputError:
    """Return the error for a quote that is not closed where a field may end."""
    return InputError(
        "unclosed_quote",
        expected="a closing quote right before a delimiter or the end of the line for every quoted field",
        found=f"{name}, line {line:,}: {text[:120]!r}",
        remedy="close the quote, double quotes inside quoted fields, or set source.quote"
        + (", or source.escape if a backslash protects quotes" if "\\" in text else ""),
        values={"file": name, "line": line, "text": text[:2_000]},
    )


def _without_end(text: str) -> str:
    return text.removesuffix("\n").removesuffix("\r")
