"""The schema that several Parquet or Arrow files share, although their own schemas differ in form."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pyarrow as pa

from counterpoise.errors import InputError

_TEXTS = (pa.string(), pa.large_string(), pa.string_view())
_FLOATS = "floating-point numbers"
_WORDS = {
    "int": "whole numbers", "uint": "whole numbers", "float": _FLOATS, "halffloat": _FLOATS, "double": _FLOATS,
    "decimal": "decimal numbers", "string": "texts", "large_string": "texts", "bool": "booleans",
    "timestamp": "times", "date": "dates", "time": "times of day", "binary": "bytes", "list": "lists",
    "struct": "structures", "map": "maps",
}  # fmt: skip
_SHOWN = 5


def common_schema(
    paths: Sequence[Path], schemas: Sequence[pa.Schema], is_empty: Callable[[int, str], bool]
) -> pa.Schema:
    """Return the columns of all files, in the order of the first.

    Files may differ in the order of columns, in whether values may be missing, in dictionaries, and in the type of a
    column without values.

    Args:
        paths: The files, for errors.
        schemas: Their schemas.
        is_empty: Whether a file has no value in a column.

    Raises:
        InputError: A file has other columns, or values of another type.
    """
    for path, schema in zip(paths, schemas, strict=True):
        check_same_names(paths[0], schemas[0].names, path, schema.names)
    return pa.schema([_common_field(name, paths, schemas, is_empty) for name in schemas[0].names], schemas[0].metadata)


def _common_field(
    name: str, paths: Sequence[Path], schemas: Sequence[pa.Schema], is_empty: Callable[[int, str], bool]
) -> pa.Field:
    fields = [schema.field(name) for schema in schemas]
    nullable = any(field.nullable for field in fields)
    kinds: dict[pa.DataType, list[int]] = defaultdict(list)
    for number, field in enumerate(fields):
        kinds[field.type].append(number)
    if len(kinds) > 1:
        plain: dict[pa.DataType, list[int]] = defaultdict(list)
        for kind, files in kinds.items():
            holding = [number for number in files if not pa.types.is_null(kind) and not is_empty(number, name)]
            if holding:
                plain[_plain(kind)] += holding
        kinds = plain or {fields[0].type: [0]}
    if len(kinds) > 1:
        raise _different(name, paths, kinds)
    return pa.field(name, next(iter(kinds)), nullable, fields[0].metadata)


def _plain(kind: pa.DataType) -> pa.DataType:
    """Return a type without dictionary, and one type for all texts."""
    value = kind.value_type if pa.types.is_dictionary(kind) else kind
    return pa.large_string() if value in _TEXTS else value


def check_same_names(first: Path, expected: Sequence[str], path: Path, found: Sequence[str]) -> None:
    """Check that a file has the columns of the first one, in any order.

    Raises:
        InputError: It lacks some or has others.
    """
    missing = [name for name in expected if name not in found]
    more = [name for name in found if name not in expected]
    if not missing and not more:
        return
    parts = [f"lacks {_shown(missing)}"] if missing else []
    parts += [f"has {_shown(more)} besides"] if more else []
    raise InputError(
        "different_schemas",
        expected=f"the columns of {first.name} in every file",
        found=f"different ones: {path.name} {' and '.join(parts)}",
        remedy="read files with different columns as separate sources",
        values={"files": [first.name, path.name], "columns": [*missing, *more][:100]},
    )


def _different(name: str, paths: Sequence[Path], kinds: Mapping[pa.DataType, Sequence[int]]) -> InputError:
    shown = ", but ".join(f"{_words(kind)} in {paths[files[0]].name}" for kind, files in kinds.items())
    return InputError(
        "different_schemas",
        expected=f"one type of column {name!r} in every file",
        found=shown,
        remedy="write the files with one type, or read them as separate sources",
        values={"files": [paths[files[0]].name for files in kinds.values()], "columns": [name]},
    )


def _words(kind: pa.DataType) -> str:
    text = str(kind)
    family = next((word for name, word in _WORDS.items() if text.rstrip("0123456789").startswith(name)), "values")
    return f"{family} ({text})"


def _shown(names: Sequence[str]) -> str:
    return ", ".join(map(repr, names[:_SHOWN])) + (" …" if len(names) > _SHOWN else "")
