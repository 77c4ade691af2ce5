"""Compare the columns of two deliveries."""

from __future__ import annotations

import re
from collections.abc import Mapping

_KINDS = {
    "boolean": r"bool",
    "number": r"u?int\d+|halffloat|float|double|decimal\d*\(.*",
    "text": r"(large_)?string(_view)?|utf8",
    "time": r"(timestamp|date|time|duration).*",
    "bytes": r"(large_)?binary(_view)?|fixed_size_binary.*",
}
_DICTIONARY = re.compile(r"dictionary<values=(?P<values>.+), indices=.*")


def schema_differences(before: Mapping[str, str], after: Mapping[str, str], *, exact: bool) -> list[str]:
    """Describe which columns are missing, new or of another type, in this order.

    Args:
        before: Arrow types as text by column name, in the order of the columns.
        after: The same for the other delivery.
        exact: Whether to report the order of columns and different types of one kind, such as int64 and double, too.

    >>> schema_differences({"a": "int64", "b": "string"}, {"a": "double", "c": "bool"}, exact=False)
    ["'b' is missing", "'c' is new (bool)"]
    >>> schema_differences({"a": "int64"}, {"a": "double"}, exact=True)
    ["'a' was int64 and is double"]
    """
    missing = [f"{name!r} is missing" for name in before if name not in after]
    new = [f"{name!r} is new ({kind})" for name, kind in after.items() if name not in before]
    both = [name for name in before if name in after]
    changed = [
        f"{name!r} was {before[name]} and is {after[name]}"
        for name in both
        if _plain(before[name]) != _plain(after[name]) and (exact or not _alike(before[name], after[name]))
    ]
    moved = exact and not (missing or new) and both != [name for name in after if name in before]
    return [*missing, *new, *changed, *(["the order of the columns has changed"] if moved else [])]


def type_kind(kind: str) -> str:
    """Return the kind of an Arrow type: number, text, boolean, time or bytes; otherwise the type itself.

    >>> type_kind("dictionary<values=string, indices=int32, ordered=0>"), type_kind("timestamp[us, tz=UTC]")
    ('text', 'time')
    """
    plain = _plain(kind)
    return next((name for name, pattern in _KINDS.items() if re.fullmatch(pattern, plain)), plain)


def _alike(before: str, after: str) -> bool:
    """Return whether two types are of the same kind; a column without values matches any kind."""
    return "null" in (before, after) or type_kind(before) == type_kind(after)


def _plain(kind: str) -> str:
    """Return a type regardless of its Arrow encoding: dictionaries as their values, and all texts alike."""
    found = _DICTIONARY.fullmatch(kind)
    plain = found["values"] if found else kind
    return re.sub(r"^large_|_view$", "", plain)
