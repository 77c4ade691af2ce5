"""How the columns of two deliveries differ."""

from __future__ import annotations

import re
from collections.abc import Mapping

__all__ = ["schema_differences", "type_kind"]

_KINDS = {
    "boolean": r"bool",
    "number": r"u?int\d+|halffloat|float|double|decimal\d*\(.*",
    "text": r"(large_)?string(_view)?|utf8",
    "time": r"(timestamp|date|time|duration).*",
    "bytes": r"(large_)?binary(_view)?|fixed_size_binary.*",
}
_DICTIONARY = re.compile(r"dictionary<values=(?P<values>.+), indices=.*")


def schema_differences(before: Mapping[str, str], after: Mapping[str, str], *, exact: bool) -> list[str]:
    """Return in words which columns are gone, are new or have another type; the gone ones first.

    Args:
        before: Arrow types as text by column name, in the order of the columns.
        after: The same of the other delivery.
        exact: Whether the order of columns and types of one kind, such as int64 and double, count as different, too.

    >>> schema_differences({"a": "int64", "b": "string"}, {"a": "double", "c": "bool"}, exact=False)
    ["'b' is gone", "'c' is new (bool)"]
    >>> schema_differences({"a": "int64"}, {"a": "double"}, exact=True)
    ["'a' was int64 and is double"]
    """
    gone = [f"{name!r} is gone" for name in before if name not in after]
    new = [f"{name!r} is new ({kind})" for name, kind in after.items() if name not in before]
    both = [name for name in before if name in after]
    changed = [
        f"{name!r} was {before[name]} and is {after[name]}"
        for name in both
        if _plain(before[name]) != _plain(after[name]) and (exact or not _alike(before[name], after[name]))
    ]
    moved = exact and not (gone or new) and both != [name for name in after if name in before]
    return [*gone, *new, *changed, *(["the order of the columns has changed"] if moved else [])]


def type_kind(kind: str) -> str:
    """Return whether an Arrow type holds numbers, texts, booleans, points in time or bytes; else the type itself.

    >>> type_kind("dictionary<values=string, indices=int32, ordered=0>"), type_kind("timestamp[us, tz=UTC]")
    ('text', 'time')
    """
    plain = _plain(kind)
    return next((name for name, pattern in _KINDS.items() if re.fullmatch(pattern, plain)), plain)


def _alike(before: str, after: str) -> bool:
    """Return whether two types are of one kind; a column without any value has no kind yet."""
    return "null" in (before, after) or type_kind(before) == type_kind(after)


def _plain(kind: str) -> str:
    """Return a type without how Arrow stores it: dictionaries as their values, one kind of text."""
    found = _DICTIONARY.fullmatch(kind)
    plain = found["values"] if found else kind
    return re.sub(r"^large_|_view$", "", plain)
