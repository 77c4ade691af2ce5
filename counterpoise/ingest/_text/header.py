"""Decide whether the first record of a delimited text is a header."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from counterpoise.errors import InputError
from counterpoise.ingest._text.records import TextRecord
from counterpoise.ingest._text.value_shapes import guess_shape, looks_missing, shape_of

_NOTHING: frozenset[str] = frozenset()
_COUNTED = 4


def has_header(records: Sequence[TextRecord], *, name: str) -> bool:
    """Return whether the first record is a header.

    Text above a column of numbers, booleans or times is evidence for a header. A number above numbers, or a cell that
    means a missing value, is evidence against one. Without evidence, the first record is a header if none of its cells
    recurs in its column. The numbers from 0 on are the header of a frame without column names.

    Raises:
        InputError: The evidence is contradictory.
    """
    first, rows = records[0].fields, records[1:]
    if not rows:
        return all(shape_of(cell) == "string" for cell in first)
    if _counts_columns(first):
        return True
    supporting, against = _evidence(first, rows)
    if supporting and against:
        raise InputError(
            "ambiguous_header",
            expected="a first line that either names all columns or is a row like the others",
            found=f"{first[supporting[0]]!r}, unlike the values below it, and {first[against[0]]!r}, like them, "
            f"in {name}",
            remedy="set source.header to yes or no",
            values={"file": name, "like_names": supporting[:20], "like_values": against[:20]},
        )
    if supporting or against:
        return bool(supporting)
    return not any(cell in _column(rows, number) for number, cell in enumerate(first) if not looks_missing(cell))


def is_certain_header(records: Sequence[TextRecord]) -> bool:
    """Return whether all evidence says that the first record is a header, and there is some."""
    supporting, against = _evidence(records[0].fields, records[1:])
    return bool(supporting) and not against


def is_guess(records: Sequence[TextRecord]) -> bool:
    """Return whether there is no evidence for or against a header."""
    return not _counts_columns(records[0].fields) and not any(_evidence(records[0].fields, records[1:]))


def _counts_columns(fields: Sequence[str]) -> bool:
    return len(fields) >= _COUNTED and list(fields) == [str(number) for number in range(len(fields))]


def check_header_width(width: int, rows: Sequence[TextRecord], *, name: str) -> None:
    """Check that the header has as many names as most lines have fields.

    Raises:
        InputError: Most lines have more or fewer fields than the header.
    """
    usual = Counter(len(record.fields) for record in rows).most_common(1)[0][0]
    if usual != width:
        raise InputError(
            "extra_column" if usual > width else "header_mismatch",
            expected=f"{width} fields per line, as in the header of {name}",
            found=f"{usual} fields in most lines, first in line {rows[0].line}: {rows[0].text[:120]!r}",
            remedy="add the missing names to the header or remove the extra fields from the lines",
            values={"file": name, "header": width, "fields": usual},
        )


def _evidence(first: Sequence[str], rows: Sequence[TextRecord]) -> tuple[list[int], list[int]]:
    """Return the columns with evidence for a header and those with evidence against one."""
    supporting, against = [], []
    for number, cell in enumerate(first):
        cells = [value for value in _column(rows, number) if not looks_missing(value)]
        typed = guess_shape(cells, _NOTHING) not in (None, "string")
        if (typed and shape_of(cell) != "string") or (cell.strip() and looks_missing(cell)):
            against.append(number)
        elif typed and cell.strip():
            supporting.append(number)
    return supporting, against


def _column(rows: Sequence[TextRecord], number: int) -> list[str]:
    return [record.fields[number] for record in rows if number < len(record.fields)]
