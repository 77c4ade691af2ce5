"""Rewrite irregular delimited text in regular form: without ragged lines and with uniform line endings."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from counterpoise.errors import InputError
from counterpoise.ingest._snapshot_files import RejectedLine
from counterpoise.ingest._text.dialect import Dialect
from counterpoise.ingest._text.plain_text import read_lines
from counterpoise.ingest._text.records import Marks, TextRecord, read_records, unclosed_quote

_TEXT_KEPT = 10_000
REGULAR = Marks(",", '"')
"""How a text is written that the fast reader cannot split."""


@dataclass(frozen=True)
class RegularText:
    """The number of rows written and the records that are not rows."""

    rows: int
    rejected: tuple[RejectedLine, ...]


def write_regular_text(text: Path, dialect: Dialect, *, copy: Path) -> RegularText:
    """Write the rows of a text with uniform line endings, and return the records that are not rows.

    Rows stay unchanged if the fast reader can split them; otherwise they are written with commas and quotes.

    Args:
        text: A plain UTF-8 file.
        dialect: Its dialect.
        copy: The file to write, without a header.

    Raises:
        InputError: A quote is not closed, or most lines are ragged.
    """
    rejected: list[RejectedLine] = []
    rows = 0
    with open(copy, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=REGULAR.delimiter, quotechar=REGULAR.quote, lineterminator="\n")
        for record in _data_records(text, dialect):
            if len(record.fields) != len(dialect.names):
                rejected.append(_rejected(record, dialect))
                continue
            rows += 1
            if dialect.is_regular:
                file.write(record.text + "\n")
            else:
                writer.writerow(record.fields)
    if rows == 0 or rows < len(rejected):
        raise InputError(
            "ragged_table",
            expected=f"lines with {len(dialect.names)} fields separated by {dialect.marks.delimiter!r}",
            found=f"{len(rejected):,} other lines and {rows:,} such lines in {dialect.name}, first line "
            f"{rejected[0].line if rejected else 0}",
            remedy="set source.delimiter, source.quote and source.header, or fix the file",
            values={"file": dialect.name, "rows": rows, "rejected": len(rejected)},
        )
    return RegularText(rows, tuple(rejected))


def _data_records(text: Path, dialect: Dialect) -> Iterator[TextRecord]:
    lines = itertools.islice(read_lines(text), dialect.skipped, None)
    return read_records(lines, name=dialect.name, marks=dialect.marks, first_line=dialect.skipped + 1)


def _rejected(record: TextRecord, dialect: Dialect) -> RejectedLine:
    if record.lines > 1:
        raise unclosed_quote(dialect.name, record.line, record.text)
    reason = f"{len(record.fields)} fields instead of {len(dialect.names)}"
    return RejectedLine(dialect.name, record.line, reason, record.text[:_TEXT_KEPT])
