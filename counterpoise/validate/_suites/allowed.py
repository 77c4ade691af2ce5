"""Check that an expectation has a known type, supported keywords and values that are plain JSON data."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from counterpoise.errors import ConfigError
from counterpoise.validate._suites.conditions import condition_fault
from counterpoise.validate._suites.json_schemas import schema_fault
from counterpoise.validate._suites.keywords import KEYWORDS, NEEDS_SQL
from counterpoise.validate._suites.patterns import pattern_fault

_SEVERITIES = ("critical", "warning", "info")
_LONGEST = 10_000
_VALUES = 1_000_000
_DEPTH = 20
_DIRECTIVES = 12
_TYPE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*_?(\[[A-Za-z0-9 ,/+:_-]*\])?")
_PARSERS = ("great_expectations", "great_expectations__experimental__")
_FORMATS = ("BOOLEAN_ONLY", "BASIC", "SUMMARY", "COMPLETE")
_INTERPOLATIONS = ("linear", "lower", "higher", "midpoint", "nearest")
_EVERYWHERE = frozenset(
    [
        "batch_id",
        "catch_exceptions",
        "condition_parser",
        "description",
        "id",
        "library_metadata",
        "meta",
        "notes",
        "rendered_content",
        "result_format",
        "severity",
        "windows",
    ]
)
"""Fields that every Great Expectations expectation has and that are not keywords of a suite."""

Fault = Callable[[Any], str]


def check_expectation(expectation: Any, place: str) -> dict[str, Any]:
    """Check that an expectation is plain data, and return the parts that Counterpoise uses.

    Args:
        expectation: The expectation in Great Expectations' JSON form; custom expectations must be registered there.
        place: Its location, for the error.

    Raises:
        ConfigError: Its type is unknown, or a keyword or value is not supported. Nothing was run.
    """
    if not isinstance(expectation, Mapping) or not isinstance(expectation.get("type"), str):
        raise bad_expectation(place, "no 'type'", "give each expectation a type and kwargs")
    kind, kwargs = expectation["type"], expectation.get("kwargs", {})
    taken = _keywords(kind, place)
    if not isinstance(kwargs, Mapping):
        raise bad_expectation(place, "kwargs that are not an object", "write kwargs as a JSON object")
    kept = _without_formalities(kwargs, place)
    for name in kept:
        if name not in taken:
            raise _not_taken(kind, str(name), taken, place)
    for name, value in kept.items():
        if fault := _fault(kind, name, value):
            raise bad_expectation(place, f"{name} of {kind}: {fault}", _REMEDIES.get(name, f"correct {name}"))
    return {"type": kind, "kwargs": kept, **_about(expectation, place)}


def known_types() -> frozenset[str]:
    """Return the types of Great Expectations' own expectations that a suite may have."""
    return frozenset(KEYWORDS)


def bad_expectation(place: str, found: str, remedy: str) -> ConfigError:
    """Return the error for an unsupported expectation."""
    return ConfigError(
        "bad_expectation",
        expected="an expectation that Great Expectations knows and that is plain data",
        found=f"{found} ({place})",
        remedy=remedy,
        values={"place": place},
    )


def _keywords(kind: str, place: str) -> frozenset[str]:
    taken = KEYWORDS.get(kind) or _fields(kind)
    if taken is not None:
        return taken
    if kind in NEEDS_SQL:
        raise bad_expectation(place, f"{kind}, which needs a SQL source", "remove it from the suite")
    from great_expectations.expectations.registry import list_registered_expectation_implementations

    known = sorted(set(list_registered_expectation_implementations()) - NEEDS_SQL)
    close = difflib.get_close_matches(kind[:_LONGEST], known, n=3)
    hint = f"perhaps {', '.join(close)}" if close else "see Great Expectations' gallery for known types"
    raise bad_expectation(place, f"the unknown type {kind[:200]!r}", hint)


def _fields(kind: str) -> frozenset[str] | None:
    """Return the keywords that a custom expectation declares; None for all others."""
    from great_expectations.expectations.expectation import QueryExpectation
    from great_expectations.expectations.registry import (
        get_expectation_impl,
        list_registered_expectation_implementations,
    )

    if kind in NEEDS_SQL or kind not in list_registered_expectation_implementations():
        return None
    code = get_expectation_impl(kind)
    own = not issubclass(code, QueryExpectation) and not code.__module__.startswith("great_expectations.")
    return frozenset(code.__fields__) - _EVERYWHERE if own else None


def _without_formalities(kwargs: Mapping[str, Any], place: str) -> dict[str, Any]:
    """Drop the keywords that Great Expectations exports but that have no effect here."""
    kept = dict(kwargs)
    parser = kept.pop("condition_parser", None)
    if parser is not None and (parser not in _PARSERS or isinstance(kept.get("row_condition"), str)):
        raise bad_expectation(place, f"condition_parser {str(parser)[:100]!r}", _REMEDIES["row_condition"])
    if kept.get("result_format") in (None, *_FORMATS):
        kept.pop("result_format", None)
    return kept


def _not_taken(kind: str, name: str, taken: frozenset[str], place: str) -> ConfigError:
    close = difflib.get_close_matches(name[:100], sorted(taken), n=1)
    hint = f"perhaps you mean {close[0]}" if close else f"remove it; the keywords are {', '.join(sorted(taken))}"
    found = f"kwargs that {kind} does not support: {name[:100]}: extra fields not permitted"
    return bad_expectation(place, found, hint)


def _about(expectation: Mapping[str, Any], place: str) -> dict[str, Any]:
    kept = {key: expectation[key] for key in ("severity", "notes", "meta") if expectation.get(key) is not None}
    if kept.get("severity", "critical") not in _SEVERITIES:
        raise bad_expectation(
            place, f"severity {str(kept['severity'])[:100]!r}", f"use one of {', '.join(_SEVERITIES)}"
        )
    notes = kept.get("notes", "")
    if fault := _text(notes) and _list_of(_text)(notes):
        raise bad_expectation(place, f"notes: {fault}", "write notes as a text")
    if not isinstance(kept.get("meta", {}), Mapping):
        raise bad_expectation(place, "meta that is not an object", "write meta as a JSON object")
    return kept


def _fault(kind: str, name: str, value: Any) -> str:
    """Return why a keyword's value is not supported, or an empty string; null means the default."""
    if value is None:
        return ""
    fault_of = condition_fault if name == "row_condition" else _KINDS[name] if kind in KEYWORDS else _data
    try:
        return fault_of(value)
    except RecursionError:
        return "values nested too deeply"


def _text(value: Any) -> str:
    if not isinstance(value, str):
        return f"{_shown(value)}, which is not a text"
    return "" if len(value) <= _LONGEST else f"a text of {len(value):,} characters, more than {_LONGEST:,}"


def _number(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return f"{_shown(value)}, which is not a number"
    try:
        return "" if math.isfinite(value) else f"{value}, which is not finite"
    except OverflowError:
        return "a number that is too large"


def _flag(value: Any) -> str:
    return "" if isinstance(value, bool) else f"{_shown(value)}, which is neither true nor false"


def _scalar(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return ""
    return _text(value) if isinstance(value, str) else _number(value)


def _bound(value: Any) -> str:
    """Check a number, or a date as text."""
    return "" if isinstance(value, str) and len(value) <= 64 else _number(value)


def _list_of(part: Fault) -> Fault:
    def fault(value: Any) -> str:
        if not isinstance(value, list | tuple):
            return f"{_shown(value)}, which is not a list"
        if len(value) > _VALUES:
            return f"{len(value):,} values, more than {_VALUES:,}"
        return next(filter(None, map(part, value)), "")

    return fault


def _pair(value: Any) -> str:
    return _list_of(_scalar)(value) or ("" if len(value) == 2 else f"{_shown(value)}, which is not a pair")


def _one_of(*names: str) -> Fault:
    def fault(value: Any) -> str:
        return (
            ""
            if isinstance(value, str) and value in names
            else f"{_shown(value)}, which is not one of {', '.join(names)}"
        )

    return fault


def _pattern(value: Any) -> str:
    return _text(value) or pattern_fault(value)


def _date_format(value: Any) -> str:
    if fault := _text(value):
        return fault
    fits = len(value) <= 200 and value.count("%") <= _DIRECTIVES
    return "" if fits else f"a format of more than 200 characters or {_DIRECTIVES} directives"


def _type_name(value: Any) -> str:
    fits = isinstance(value, str) and len(value) <= 64 and _TYPE_NAME.fullmatch(value)
    return "" if fits else f"{_shown(value)}, which is not the name of a type"


def _interpolation(value: Any) -> str:
    return "" if isinstance(value, bool) else _one_of(*_INTERPOLATIONS)(value)


def _data(value: Any, depth: int = 0) -> str:
    """Check any JSON data; suite parameters are not allowed."""
    if depth > _DEPTH:
        return f"more than {_DEPTH} levels"
    if isinstance(value, Mapping):
        if any(not isinstance(name, str) or name.startswith("$PARAMETER") for name in value):
            return "a suite parameter ($PARAMETER)"
        value = list(value.values())
    if isinstance(value, list | tuple):
        return _list_of(lambda part: _data(part, depth + 1))(value)
    return _scalar(value)


def _object(value: Any) -> str:
    return _data(value) if isinstance(value, Mapping) else f"{_shown(value)}, which is not an object"


def _shown(value: Any) -> str:
    if isinstance(value, Mapping) and any(str(name).startswith("$PARAMETER") for name in value):
        return "a suite parameter ($PARAMETER)"
    text = str(value)
    return repr(text if len(text) <= 100 else text[:99] + "…")


_TEXTS, _NUMBERS = _list_of(_text), _list_of(_number)
_KINDS: Mapping[str, Fault] = {
    **dict.fromkeys(("column", "column_A", "column_B", "like_pattern", "escape", "ignore_row_if"), _text),
    **dict.fromkeys(("match_on", "method"), _text),
    **dict.fromkeys(("column_list", "column_set", "like_pattern_list"), _TEXTS),
    **dict.fromkeys(("mostly", "value", "threshold", "sum_total", "multiplier", "column_index"), _number),
    **dict.fromkeys(("internal_weight_holdout", "tail_weight_holdout"), _number),
    **dict.fromkeys(("min_value", "max_value"), _bound),
    **dict.fromkeys(("strict_min", "strict_max", "strictly", "or_equal", "ties_okay", "exact_match"), _flag),
    **dict.fromkeys(("double_sided", "bucketize_data"), _flag),
    "value_set": _list_of(_scalar),
    "value_pairs_set": _list_of(_pair),
    "regex": _pattern,
    "regex_list": _list_of(_pattern),
    "strftime_format": _date_format,
    "type_": _type_name,
    "type_list": _list_of(_type_name),
    "json_schema": schema_fault,
    "partition_object": _object,
    "quantile_ranges": _object,
    "allow_relative_error": _interpolation,
}
_REMEDIES = {
    "row_condition": 'write it as Great Expectations\' condition object, such as {"type": "comparison", "column": '
    '{"name": "age"}, "operator": ">", "parameter": 40}, without condition_parser',
    "json_schema": "write the complete schema without references and patterns; for a pattern use "
    "expect_column_values_to_match_regex",
    "regex": "write a regular expression for Python's re module",
    "regex_list": "write regular expressions for Python's re module",
}
