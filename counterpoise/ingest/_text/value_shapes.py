"""Guess a column's type from the shape of its cells' texts; the whole column must then confirm the guess."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

Shape = Literal[
    "int64", "float64", "bool_lower", "bool_title", "bool_upper", "date", "timestamp", "timestamp_utc", "string"
]

_FLOAT = r"-?((0|[1-9]\d*)(\.\d*)?|\.\d+)(e[+-]?\d+)?|[+-]?(inf|infinity|nan)"
_TIME = r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d(\.\d{1,6})?)?"
_SHAPES: tuple[tuple[Shape, re.Pattern[str]], ...] = (
    ("int64", re.compile(r"-?(0|[1-9]\d{0,18})", re.ASCII)),
    ("float64", re.compile(_FLOAT, re.ASCII | re.IGNORECASE)),
    ("bool_lower", re.compile(r"true|false")),
    ("bool_title", re.compile(r"True|False")),
    ("bool_upper", re.compile(r"TRUE|FALSE")),
    ("date", re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)),
    ("timestamp", re.compile(_TIME, re.ASCII)),
    ("timestamp_utc", re.compile(_TIME + r"(Z|\+00(:00)?)", re.ASCII)),
)
_MISSING = {"", "?", "-", ".", "na", "n/a", "#n/a", "nan", "null", "none", "nil", "missing"}


def shape_of(text: str) -> Shape:
    """Return the narrowest type whose texts look like this one, ignoring surrounding blanks.

    >>> shape_of("-12"), shape_of("1.50"), shape_of("0042"), shape_of("2024-02-29")
    ('int64', 'float64', 'string', 'date')
    """
    stripped = text.strip()
    return next((shape for shape, pattern in _SHAPES if pattern.fullmatch(stripped)), "string")


def looks_missing(text: str) -> bool:
    """Return whether a cell's text commonly means "no value".

    >>> looks_missing(" ? "), looks_missing("0")
    (True, False)
    """
    return text.strip().lower() in _MISSING


def guess_shape(texts: Iterable[str], missing: frozenset[str]) -> Shape | None:
    """Return the narrowest type that all texts look like; None if all are missing.

    Args:
        texts: Cells of one column.
        missing: The cells, stripped, that mean missing.

    >>> guess_shape(["1", "2.5", ""], frozenset({""}))
    'float64'
    """
    shapes = {shape_of(text) for text in texts if text.strip() not in missing}
    if shapes == {"int64", "float64"}:
        return "float64"
    return "string" if len(shapes) > 1 else next(iter(shapes), None)
