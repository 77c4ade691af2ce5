"""The kinds of already typed values, and the column type that holds all kinds in a column."""

from __future__ import annotations

import datetime as dt
import ipaddress
import json
import uuid
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from types import NoneType
from typing import Any, Literal

import pyarrow as pa

Kind = Literal[
    "bool", "integer", "long_integer", "float", "decimal", "text", "bytes", "date", "timestamp", "timestamp_utc",
    "time", "duration", "nested", "unsupported",
]  # fmt: skip

_KINDS: dict[type, Kind] = {
    bool: "bool",
    float: "float",
    str: "text",
    bytes: "bytes",
    memoryview: "bytes",
    dt.date: "date",
    dt.time: "time",
    dt.timedelta: "duration",
    list: "nested",
    dict: "nested",
    uuid.UUID: "text",
    ipaddress.IPv4Address: "text",
    ipaddress.IPv6Address: "text",
    ipaddress.IPv4Network: "text",
    ipaddress.IPv6Network: "text",
    ipaddress.IPv4Interface: "text",
    ipaddress.IPv6Interface: "text",
}
_ARROW: dict[Kind, pa.DataType] = {
    "bool": pa.bool_(),
    "integer": pa.int64(),
    "float": pa.float64(),
    "text": pa.string(),
    "bytes": pa.binary(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
    "timestamp_utc": pa.timestamp("us", tz="UTC"),
    "time": pa.time64("us"),
    "duration": pa.duration("us"),
}
_INT64 = range(-(2**63), 2**63)


def kind_of(value: Any) -> Kind:
    """Return the kind of a value that is not None.

    >>> kind_of(True), kind_of(2**63), kind_of("a")
    ('bool', 'long_integer', 'text')
    """
    kind = type(value)
    if kind is int:
        return "integer" if value in _INT64 else "long_integer"
    if kind is dt.datetime:
        return "timestamp" if value.tzinfo is None else "timestamp_utc"
    if kind is Decimal:
        return "decimal" if value.is_finite() else "float"
    return _KINDS.get(kind, "unsupported")


def count_kinds(values: Sequence[Any]) -> Counter[Kind]:
    """Count the values of each kind, ignoring None.

    This counts Python types first, because most types have only one kind.

    >>> count_kinds([1, 2**63, None, "a", "b"])
    Counter({'text': 2, 'integer': 1, 'long_integer': 1})
    """
    counted: Counter[Kind] = Counter()
    for kind, number in Counter(map(type, values)).items():
        if kind in _KINDS:
            counted[_KINDS[kind]] += number
        elif kind is int and _all_integers_fit(values, number):
            counted["integer"] += number
        elif kind is not NoneType:
            counted.update(kind_of(value) for value in values if type(value) is kind)
    return counted


def _all_integers_fit(values: Sequence[Any], number: int) -> bool:
    whole = values if number == len(values) else [value for value in values if type(value) is int]
    return min(whole) in _INT64 and max(whole) in _INT64


def type_of(kinds: frozenset[Kind], *, digits: int, scale: int, exact_floats: bool) -> pa.DataType | None:
    """Return the narrowest type that preserves all values of these kinds; None if only text does.

    Args:
        kinds: The kinds in a column, at least one.
        digits: The maximum number of digits before the decimal point among integers and decimals.
        scale: The maximum number of digits after it.
        exact_floats: Whether every integer is exact as a double.

    >>> type_of(frozenset({"integer", "float"}), digits=2, scale=0, exact_floats=True)
    DataType(double)
    """
    if len(kinds) == 1 and (kind := next(iter(kinds))) in _ARROW:
        return _ARROW[kind]
    if kinds == {"integer", "float"} and exact_floats:
        return pa.float64()
    if "decimal" in kinds and kinds <= {"decimal", "integer", "long_integer"} and digits + scale <= 76:
        precision = max(digits + scale, 1)
        return pa.decimal128(precision, scale) if precision <= 38 else pa.decimal256(precision, scale)
    return None


def text_of(value: Any) -> str | None:
    """Return a value as text: booleans and nested values as JSON, bytes in hexadecimal.

    >>> text_of(True), text_of([1, "a"]), text_of(0.1)
    ('true', '[1, "a"]', '0.1')
    """
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool | list | dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    return repr(value) if isinstance(value, float) else str(value)


def array_of(values: Sequence[Any], kinds: frozenset[Kind]) -> pa.Array:
    """Return values as an array of their own type if they are of one kind, otherwise as texts."""
    if not kinds:
        return pa.nulls(len(values))
    kind = next(iter(kinds))
    if len(kinds) > 1 or kind not in _ARROW or kind == "text":
        plain = {str, NoneType}.issuperset(map(type, values))
        return pa.array(values if plain else [text_of(value) for value in values], pa.string())
    if kind == "float" and not {float, NoneType}.issuperset(map(type, values)):
        return pa.array([None if value is None else float(value) for value in values], pa.float64())
    return pa.array(values, _ARROW[kind])
