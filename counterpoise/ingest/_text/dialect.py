"""Detect the dialect of delimited text from its beginning: delimiter, quote, escape, header and the lines above it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from counterpoise.config import SourceConfig
from counterpoise.errors import InputError
from counterpoise.ingest._text.delimiters import TextSample, Trial, best_trial
from counterpoise.ingest._text.header import check_header_width
from counterpoise.ingest._text.preamble import (
    Beginning,
    commented_header,
    find_beginning,
    read_preamble,
    shown_lines,
    table_lines,
)
from counterpoise.ingest._text.records import Marks, TextRecord
from counterpoise.ingest._text.splitters import BLANKS

_ENGINE_BYTES = 4
_DOUBLED = re.compile(r"\\\\")
_SINGLE = re.compile(r"(?<!\\)\\(?:\\\\)*(?!\\)")
_TWICE = "all backslashes are doubled"


@dataclass(frozen=True)
class Dialect:
    """The dialect of a text.

    Attributes:
        name: The file's name in errors.
        marks: Delimiter, quote and escape.
        header: The record with the column names; None if there is none.
        names: The column names; `column_0` and so on without a header.
        rows: The first data records.
        skipped: The number of lines above the first data record, blank ones that follow the header not counted.
        above: The text of these lines.
        notes: Notes for the user.
        order: For each field, the position of its column in the first file, if the order differs.
    """

    name: str
    marks: Marks
    header: TextRecord | None
    names: tuple[str, ...]
    rows: tuple[TextRecord, ...]
    skipped: int
    above: str
    notes: tuple[str, ...] = ()
    order: tuple[int, ...] = ()

    @property
    def is_regular(self) -> bool:
        """Whether the fast reader can split the text."""
        delimiter = self.marks.delimiter
        return not self.marks.escape and delimiter != BLANKS and len(delimiter.encode()) <= _ENGINE_BYTES


def sniff_dialect(sample: TextSample, source: SourceConfig, names: Sequence[str] = ()) -> Dialect:
    """Return the dialect of a text. Options that the source sets take precedence.

    Args:
        sample: The beginning of the text.
        source: The options.
        names: Names that the configuration uses; a line that holds them is the header.

    Raises:
        InputError: The file is empty, has only a header or only one column, has an unclosed quote, or its header does
            not match the lines.
    """
    if not sample.text.strip():
        raise _refused(
            sample, "empty_file", "a table with a header and rows", "nothing", "check how the file was written"
        )
    preamble = read_preamble(sample)
    body = sample.without(preamble.sep)
    if preamble.delimiter and not source.delimiter:
        source = source.model_copy(update={"delimiter": preamble.delimiter})
    trial = best_trial(body.without(preamble.comments), source)
    comments = preamble.comments[: len(preamble.comments) - len(table_lines(preamble, trial))]
    if len(comments) < len(preamble.comments):
        trial = best_trial(body.without(comments), source)
    line = body.first_line + len(comments) - 1
    beginning = find_beginning(
        trial,
        header=source.header,
        names=[name for name in names if not (name.isdigit() and int(name) < trial.width)],
        name=sample.name,
        comment=commented_header(comments, trial.marks, trial.width, line=line),
    )
    _check_rows(sample, beginning)
    return _dialect(sample, trial, beginning, comments=comments, skipped=line)


def _dialect(
    sample: TextSample, trial: Trial, beginning: Beginning, *, comments: Sequence[str], skipped: int
) -> Dialect:
    header = beginning.header
    if header is None:
        names = tuple(f"column_{number}" for number in range(trial.width))
    else:
        check_header_width(len(header.fields), beginning.rows, name=sample.name)
        names = tuple(field or f"column_{number}" for number, field in enumerate(header.fields))
        skipped = max(skipped, header.line + header.lines - 1)
    above = [*(comments[:-1] if beginning.in_comment else comments), *(title.text for title in beginning.titles)]
    notes = [f"skipped above the table in {sample.name}: {shown_lines(above)}"] if above else []
    if beginning.guessed and header is not None:
        notes += [
            f"{header.text[:80]!r} is taken for the header of {sample.name}: set source.header to no if it is a row"
        ]
    if not trial.marks.escape and _DOUBLED.search(sample.text) and not _SINGLE.search(sample.text):
        notes += [f"{_TWICE} in {sample.name}: set source.escape to \\ if one of them protects the other"]
    lines = sample.text.splitlines(keepends=True)[:skipped]
    return Dialect(sample.name, trial.marks, header, names, beginning.rows, skipped, "".join(lines), tuple(notes))


def _check_rows(sample: TextSample, beginning: Beginning) -> None:
    if beginning.rows:
        return
    if not sample.whole:
        raise _refused(
            sample,
            "record_too_long",
            "a first row that ends within the first megabytes",
            "none",
            "check the quotes of the first row, and that the file is text with one record per line",
        )
    raise _refused(
        sample,
        "header_only",
        "rows below the header",
        "a header only",
        "check how the file was written; set source.header to no if its only line is a row",
    )


def _refused(sample: TextSample, reason: str, expected: str, found: str, remedy: str) -> InputError:
    return InputError(
        reason, expected=expected, found=f"{found} in {sample.name}", remedy=remedy, values={"file": sample.name}
    )
