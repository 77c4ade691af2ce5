r"""Types of text columns, each with a SQL condition that checks whether the type preserves a text.

A type preserves a text if the value can reproduce it: integers digit by digit, decimal numbers up to trailing zeros and
17 significant digits, dates and times in ISO 8601. A column gets a type only if the type preserves all its texts. In
the conditions, `<v>` is the text stripped of blanks and `<d>` its value as a double (null if it is not a number).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from counterpoise.errors import ConfigError
from counterpoise.ingest._text.value_shapes import Shape

CODED = "(<v> >= '00' AND <v> < '0:' OR <v> >= '-00' AND <v> < '-0:' OR <v> >= '+' AND <v> < ',' OR contains(<v>, '_'))"
"""A number with a leading zero, a plus sign or an underscore: a code, which a numeric type would not preserve."""

_DIGITS = "strlen(ltrim(translate(regexp_replace(<v>, '[eE].*', ''), '-.', ''), '0'))"
_LONG_NUMBER_IS_EXACT = rf"""CASE
    WHEN regexp_full_match(<v>, '-?[0-9]+(\.0*)?')
        THEN coalesce(TRY_CAST(<d> AS BIGINT) = TRY_CAST(split_part(<v>, '.', 1) AS BIGINT), false)
    WHEN abs(<d>) >= {2**53} AND NOT contains(lower(<v>), 'e') THEN false
    ELSE <d>::VARCHAR = <v> OR {_DIGITS} <= 17 END"""
# Up to 18 characters hold at most 17 digits and the point; a sign and a leading zero each allow one more.
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
        name: Its name in notes and errors.
        sql: The DuckDB type.
        fits: The condition under which the type preserves a text.
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
    """Return the additional condition for a label column, which keeps class names as written.

    None means that a label never has that type. `<c>` is the unstripped text.
    """
    return _LABEL_SHAPES.get(shape)


def declared_rule(column: str, declared: str) -> TypeRule:
    """Return the rule of a type that `source.types` declares.

    Raises:
        ConfigError: The type does not exist.

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
