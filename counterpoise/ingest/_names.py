"""Column names: check that they are usable, and resolve a column by name or position."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Sequence

import pyarrow as pa

from counterpoise.errors import ColumnNotFoundError, InputError

MAX_COLUMNS = 10_000


def check_names(names: Sequence[str]) -> None:
    """Check that every platform and engine can distinguish the columns.

    Args:
        names: The column names in order.

    Raises:
        InputError: There are too many columns, a column has no name, a name contains a control character, or two names
            are equal when case and Unicode composition (NFC) are ignored.

    >>> check_names(["amount", "label"])
    """
    if len(names) > MAX_COLUMNS:
        raise InputError(
            "too_many_columns",
            expected=f"at most {MAX_COLUMNS:,} columns",
            found=f"{len(names):,}",
            remedy="drop columns, or store wide vectors as one list column in Parquet",
            values={"columns": len(names), "limit": MAX_COLUMNS},
        )
    _check_characters(names)
    _check_collisions(names)


def _check_characters(names: Sequence[str]) -> None:
    if "" in names:
        raise InputError(
            "column_without_name",
            expected="a name for every column",
            found=f"none for column {list(names).index('') + 1:,} of {len(names):,}",
            remedy="name the column in the source, or drop it there",
            values={"column": list(names).index("")},
        )
    broken = [name for name in names if any(character in name for character in "\0\r\n")]
    if broken:
        raise InputError(
            "column_name_control_character",
            expected="column names without NUL or newline",
            found=", ".join(repr(name) for name in broken[:5]),
            remedy="rename the columns in the source",
            values={"names": broken[:20]},
        )


def _check_collisions(names: Sequence[str]) -> None:
    alike: dict[str, list[str]] = defaultdict(list)
    for name in names:
        alike[unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())].append(name)
    collisions = [group for group in alike.values() if len(group) > 1]
    if collisions:
        raise InputError(
            "duplicate_columns",
            expected="column names that still differ when case and Unicode composition are ignored",
            found="; ".join(" = ".join(repr(name) for name in group) for group in collisions[:5]),
            remedy="rename the columns in the source",
            values={"names": collisions[:20]},
        )


def resolve_column(snapshot_columns: Sequence[str], name: str) -> str:
    """Return the name of the column that a name, or a 0-based position as text, refers to.

    Args:
        snapshot_columns: The table's column names in order.
        name: A column name or, if no column has that name, a position such as `"6"`.

    Raises:
        ColumnNotFoundError: The table has no such column name or position.

    >>> resolve_column(["column_0", "column_1"], "1")
    'column_1'
    """
    if name in snapshot_columns:
        return name
    if name.isascii() and name.isdigit() and int(name) < len(snapshot_columns):
        return snapshot_columns[int(name)]
    raise ColumnNotFoundError.from_names([name], snapshot_columns, field="columns.target")


def check_label(schema: pa.Schema, target: str) -> None:
    """Check that the label's type has classes: no lists, structures, maps or extension types.

    Raises:
        InputError: It has not.
    """
    name = resolve_column(schema.names, target)
    kind = schema.field(name).type
    plain = kind.value_type if pa.types.is_dictionary(kind) else kind
    if pa.types.is_nested(plain) or isinstance(plain, pa.BaseExtensionType):
        raise unsupported_label(name, str(kind))


def unsupported_label(name: str, kind: str) -> InputError:
    """Return the error for a label whose values are no classes."""
    return InputError(
        "unsupported_label",
        expected="a label of texts, numbers, booleans or dates",
        found=f"{name!r} of type {kind}",
        remedy="name another column as columns.target, or write the class as text in the source",
        values={"column": name, "type": kind},
    )
