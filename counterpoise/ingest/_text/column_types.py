r"""Types of text columns, as SQL that tells whether a type keeps a text exactly.

A text is kept when the value gives it back: integers digit by digit, decimal numbers up to trailing zeros and 17
significant digits, dates and times as ISO 8601 writes them. A type is taken only if it keeps every text of its column.
In the conditions `<v>` stands for the text without blanks around it and `<d>` for its value as a double (null if it is
no number).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from counterpoise.errors import ConfigError
from counterpoise.ingest._text.value_shapes import Shape

__all__ = ["CODED", "RULES", "TEXT", "TypeRule", "declared_rule", "label_condition"]

CODED = "(<v> >= '00' AND <v> < '0:' OR <v> >= '-00' AND <v> < '-0:' OR <v> >= '+' AND <v> < ',' OR contains(<v>, '_'))"
"""A number with a leading zero, a plus sign or an underscore: a code, which a numeric type would not give back."""

_DIGITS = "strlen(ltrim(translate(regexp_replace(<v>, '[eE].*', ''), '-.', ''), '0'))"
_LONG_NUMBER_IS_EXACT = rf"""CASE
    WHEN regexp_full_match(<v>, '-?[0-9]+(\.0*)?')
        THEN coalesce(TRY_CAST(<d> AS BIGINT) = TRY_CAST(split_part(<v>, '.', 1) AS BIGINT), false)
    WHEN abs(<d>) >= {2**53} AND NOT contains(lower(<v>), 'e') THEN false
    ELSE <d>::VARCHAR = <v> OR {_DIGITS} <= 17 END"""
# Up to 18 characters hold at most 17 digits beside the point; a sign and a leading zero make room for one more each.
_AT_MOST_17_DIGITS = """strlen(<v>) <= 18 + (<v> >= '-0' AND <v> < '-:')::INT
    + (<v> >= '0.' AND <v> < '0/' OR <v> >= '-0.' AND <v> < '-0/')::INT"""
_NUMBER_IS_EXACT = f"""CASE
    WHEN <d> IS NULL OR {CODED} THEN false
    WHEN NOT isfinite(<d>) THEN NOT regexp_matches(<v>, '[0-9]')
    WHEN <d> = 0 AND strlen(<v>) > 5 THEN NOT regexp_matches(<v>, '^[^eE]*[1-9]')
    WHEN strlen(<v>) < 16 THEN true
    WHEN contains(<v>, '.') AND abs(<d>) < {2**53} AND {_AT_MOST_17_DIGITS} THEN true
    ELSE {_LONG_NUMBER_IS_EXACT} END"""
_TIME = r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d(\.\d{1,6})?)?"


@dataclass(frozen=True)
class TypeRule:
    """A type of a text column.

    Attributes:
        name: What notes and errors call it.
        sql: The DuckDB type.
        fits: The condition under which the type keeps a text.
    """

    name: str
    sql: str
    fits: str


def _time_rule(name: str, sql: str, zone: str) -> TypeRule:
    fits = (
        f"regexp_full_match(<v>, '{_TIME}{zone}') AND "
        "substr(TRY_CAST(substr(<v>, 1, 16) AS TIMESTAMP)::VARCHAR, 1, 16) = replace(substr(<v>, 1, 16), 'T', ' ') "
        f"AND TRY_CAST(<v> AS {sql}) IS NOT NULL"
    )
    return TypeRule(name, sql, fits)


_DATE = TypeRule("date", "DATE", "strlen(<v>) = 10 AND TRY_CAST(<v> AS DATE)::VARCHAR = <v>")

TEXT = TypeRule("string", "VARCHAR", "true")

RULES: dict[Shape, TypeRule] = {
    "int64": TypeRule("int64", "BIGINT", "TRY_CAST(<v> AS BIGINT)::VARCHAR = <v>"),
    "float64": TypeRule("float64", "DOUBLE", _NUMBER_IS_EXACT),
    "bool_lower": TypeRule("bool", "BOOLEAN", "<v> IN ('true', 'false')"),
    "bool_title": TypeRule("bool", "BOOLEAN", "<v> IN ('True', 'False')"),
    "bool_upper": TypeRule("bool", "BOOLEAN", "<v> IN ('TRUE', 'FALSE')"),
    "date": _DATE,
    "timestamp": _time_rule("timestamp", "TIMESTAMP", ""),
    "timestamp_utc": _time_rule("timestamp in UTC", "TIMESTAMPTZ", r"(Z|\+00(:00)?)"),
}
"""The types to try, narrowest first."""

_LABEL_SHAPES: dict[Shape, str] = {
    "int64": "<v> = <c>",
    "float64": "isfinite(<d>) AND <d>::VARCHAR = <c>",
    "bool_lower": "<v> = <c>",
}
_DECLARED: dict[str, TypeRule] = {
    "string": TEXT,
    "float32": TypeRule("float32", "FLOAT", "<d> IS NOT NULL AND NOT contains(<v>, '_')"),
    "float64": TypeRule("float64", "DOUBLE", "<d> IS NOT NULL AND NOT contains(<v>, '_')"),
    "bool": TypeRule("bool", "BOOLEAN", "TRY_CAST(<v> AS BOOLEAN) IS NOT NULL"),
    "date": _DATE,
    "timestamp": RULES["timestamp"],
    "timestamptz": _time_rule("timestamptz", "TIMESTAMPTZ", r"(Z|[+-]\d\d(:?\d\d)?)"),
} | {
    f"{sign}int{bits}": TypeRule(
        f"{sign}int{bits}",
        f"{sign}{kind}".upper(),
        f"regexp_full_match(<v>, '[+-]?[0-9]+') AND TRY_CAST(<v> AS {sign}{kind}) IS NOT NULL",
    )
    for sign in ("", "u")
    for bits, kind in ((8, "tinyint"), (16, "smallint"), (32, "integer"), (64, "bigint"))
}


def label_condition(shape: Shape) -> str | None:
    """Return what must hold, beside the rule's own condition, for a label: its class names stay as written.

    None where a label is never of that type. `<c>` stands for the text as it is, blanks included.
    """
    return _LABEL_SHAPES.get(shape)


def declared_rule(column: str, declared: str) -> TypeRule:
    """Return the rule of a type that `source.types` declares.

    Raises:
        ConfigError: No such type.

    >>> declared_rule("price", "decimal(10, 2)").sql
    'DECIMAL(10, 2)'
    """
    name = declared.strip().lower()
    if name in _DECLARED:
        return _DECLARED[name]
    match = re.fullmatch(r"decimal\((\d{1,2}),\s*(\d{1,2})\)", name)
    if match and 1 <= int(match[1]) <= 38 and int(match[2]) <= int(match[1]):
        sql = f"DECIMAL({int(match[1])}, {int(match[2])})"
        shape = rf"[+-]?[0-9]*\.?[0-9]{{0,{int(match[2])}}}0*"
        return TypeRule(name, sql, f"regexp_full_match(<v>, '{shape}') AND TRY_CAST(<v> AS {sql}) IS NOT NULL")
    raise ConfigError(
        "unknown_type",
        expected=f"one of {', '.join(_DECLARED)}, decimal(precision,scale) as the type of {column!r} in source.types",
        found=repr(declared),
        remedy="correct source.types",
        values={"column": column, "type": declared},
    )
