"""Lines above a table: a `sep=` line of Excel, comments, and titles; and where the table begins."""

from __future__ import annotations

import io
import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass

from counterpoise.ingest._text.delimiters import TextSample, Trial
from counterpoise.ingest._text.header import has_header, is_certain_header, is_guess
from counterpoise.ingest._text.records import Marks, TextRecord
from counterpoise.ingest._text.splitters import splitter

_SEP = re.compile(r'"?sep=(.{1,4}?)"?[;,\t]*\r?\n?', re.IGNORECASE)
_MARKS = ("#", "//", "--", "%")
_MOST = 100


@dataclass(frozen=True)
class Preamble:
    """The lines above a table: the delimiter that a `sep=` line declares, and comment lines."""

    delimiter: str
    sep: tuple[str, ...]
    comments: tuple[str, ...]


@dataclass(frozen=True)
class Beginning:
    """Where a table begins.

    Attributes:
        header: The record with the column names; None if there is none.
        rows: The records below it.
        titles: The records above it that are neither.
        in_comment: Whether the header stands in the last comment line.
        guessed: Whether nothing but different cells says that there is a header.
    """

    header: TextRecord | None
    rows: tuple[TextRecord, ...]
    titles: tuple[TextRecord, ...] = ()
    in_comment: bool = False
    guessed: bool = False


def read_preamble(sample: TextSample) -> Preamble:
    """Return the `sep=` line and the comment lines at the beginning of a text."""
    lines = list(itertools.islice(io.StringIO(sample.text, newline=""), _MOST + 2))
    match = _SEP.fullmatch(lines[0]) if lines else None
    rest = lines[1:] if match else lines
    marked = next((mark for mark in _MARKS if rest and rest[0].startswith(mark)), "")
    comments = list(itertools.takewhile(lambda line: bool(marked) and line.startswith(marked), rest[: _MOST + 1]))
    if len(comments) > _MOST or len(comments) == len(rest):  # then the mark belongs to the rows
        comments = []
    return Preamble(match[1] if match else "", tuple(lines[:1]) if match else (), tuple(comments))


def table_lines(preamble: Preamble, trial: Trial) -> tuple[str, ...]:
    """Return the last comment lines that are records of the table, such as a header `#id,x` or rows of hashtags."""
    split = splitter(trial.marks.delimiter, trial.marks.quote, trial.marks.escape)
    found: list[str] = []
    for line in reversed(preamble.comments):
        try:
            fields = split.split(line.rstrip("\r\n"))
        except ValueError:
            break
        if fields is None or len(fields) != trial.width or re.match(r"(#|//|--|%)+\s", line):
            break
        found.insert(0, line)
    return tuple(found)


def commented_header(comments: Sequence[str], marks: Marks, width: int, *, line: int) -> TextRecord | None:
    """Return the last comment line as a record if it names as many columns as the table has."""
    if not comments:
        return None
    text = re.sub(r"^(#|//|--|%)+\s*", "", comments[-1]).rstrip("\r\n")
    try:
        fields = splitter(marks.delimiter, marks.quote, marks.escape).split(text)
    except ValueError:
        return None
    return TextRecord(line, 1, text, tuple(fields)) if fields and len(fields) == width else None


def find_beginning(
    trial: Trial, *, header: str, names: Sequence[str], name: str, comment: TextRecord | None
) -> Beginning:
    """Return the header, the rows and what stands above them.

    A line that holds all configured names is the header. Otherwise `has_header` decides; lines of another width above
    a certain header are titles.

    Args:
        trial: The records.
        header: `source.header`.
        names: Column names that the configuration uses.
        name: The file's name in errors.
        comment: The last comment line, if it may be the header.

    Raises:
        InputError: The evidence is contradictory.
    """
    records = trial.records
    if header == "no":
        return Beginning(None, records)
    if comment and _named((comment, *records), names) == 0:
        return Beginning(comment, records, in_comment=True)
    start = named = _named(records, names)
    if start is None:
        start = _first_of_the_table(trial)
        if header == "auto" and not has_header(records[start:], name=name):
            if comment and has_header((comment, *records), name=name):
                return Beginning(comment, records, in_comment=True)
            return Beginning(None, records)
    guessed = named is None and header == "auto" and is_guess(records[start:])
    return Beginning(records[start], records[start + 1 :], records[:start], guessed=guessed)


def _named(records: Sequence[TextRecord], names: Sequence[str]) -> int | None:
    """Return the first record that holds all names as fields that do not recur in their columns."""
    if not names:
        return None
    for place, record in enumerate(records[:_MOST]):
        fields = record.fields
        if not all(name in fields for name in names):
            continue
        columns = [fields.index(name) for name in names]
        below = (row.fields for row in records[place + 1 :] if len(row.fields) == len(fields))
        if not any(row[column] == name for row in below for column, name in zip(columns, names, strict=True)):
            return place
    return None


def _first_of_the_table(trial: Trial) -> int:
    """Return the first record that is not a title.

    A line of one field is a title. Other lines are titles only above a certain header: they may be rows with a mistake,
    or have their own names.
    """
    records = trial.records[:_MOST]
    start = next((place for place, record in enumerate(records) if len(record.fields) > 1), 0)
    for place in range(start, len(records)):
        if len(records[place].fields) == trial.width and not _is_title(records[place]):
            return place if place > start and is_certain_header(trial.records[place:]) else start
    return start


def _is_title(record: TextRecord) -> bool:
    return not any(field.strip() for field in record.fields[1:])


def shown_lines(lines: Sequence[str]) -> str:
    """Return lines for a note, shortened."""
    return "; ".join(repr(line.strip()[:80]) for line in lines[:3]) + (" …" if len(lines) > 3 else "")
