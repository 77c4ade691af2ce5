"""Whether the first record of a delimited text names its columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from counterpoise.errors import InputError
from counterpoise.ingest._text.records import TextRecord
from counterpoise.ingest._text.value_shapes import guess_shape, looks_missing, shape_of

__all__ = ["check_header_width", "has_header"]

_NOTHING: frozenset[str] = frozenset()


def has_header(records: Sequence[TextRecord], *, name: str) -> bool:
    """Return whether the first record is a header.

    A cell of text above a column of numbers, truth values or times speaks for a header; a number above numbers, or a
    cell that stands for a missing value, speaks against it. Where neither occurs, a first record whose cells never
    recur below is a header.

    Raises:
        InputError: The evidence is contradictory.
    """
    first, rows = records[0].fields, records[1:]
    if not rows:
        return all(shape_of(cell) == "string" for cell in first)
    speaks_for, against = _evidence(first, rows)
    if speaks_for and against:
        raise _ambiguous(name, first, speaks_for, against)
    if speaks_for or against:
        return bool(speaks_for)
    return not any(cell in _column(rows, number) for number, cell in enumerate(first) if not looks_missing(cell))


def check_header_width(width: int, rows: Sequence[TextRecord], *, name: str) -> None:
    """Check that the header has as many names as most lines have fields.

    Raises:
        InputError: Lines have more or fewer fields than the header.
    """
    usual = Counter(len(record.fields) for record in rows).most_common(1)[0][0]
    if usual != width:
        raise InputError(
            "extra_column" if usual > width else "header_mismatch",
            expected=f"{width} fields a line, as the header of {name} has",
            found=f"{usual} fields in most lines, first in line {rows[0].line}: {rows[0].text[:120]!r}",
            remedy="add the missing names to the header or take the surplus fields out of the lines",
            values={"file": name, "header": width, "fields": usual},
        )


def _evidence(first: Sequence[str], rows: Sequence[TextRecord]) -> tuple[list[int], list[int]]:
    """Return the columns that speak for a header and those that speak against it."""
    speaks_for, against = [], []
    for number, cell in enumerate(first):
        cells = [value for value in _column(rows, number) if not looks_missing(value)]
        typed = guess_shape(cells, _NOTHING) not in (None, "string")
        if (typed and shape_of(cell) != "string") or (cell.strip() and looks_missing(cell)):
            against.append(number)
        elif typed and cell.strip():
            speaks_for.append(number)
    return speaks_for, against


def _column(rows: Sequence[TextRecord], number: int) -> list[str]:
    return [record.fields[number] for record in rows if number < len(record.fields)]


def _ambiguous(name: str, first: Sequence[str], speaks_for: list[int], against: list[int]) -> InputError:
    return InputError(
        "ambiguous_header",
        expected="a first line that either names all columns or is a row like the others",
        found=f"{first[speaks_for[0]]!r} above values and {first[against[0]]!r} above values alike, in {name}",
        remedy="set source.header to yes or no",
        values={"file": name, "like_names": speaks_for[:20], "like_values": against[:20]},
    )
