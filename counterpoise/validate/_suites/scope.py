"""Find the columns that an expectation uses."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

_NAMES_ONLY = frozenset(
    {
        "expect_column_to_exist",
        "expect_table_column_count_to_be_between",
        "expect_table_column_count_to_equal",
        "expect_table_column_to_be_unobtrusive",
        "expect_table_columns_to_match_ordered_list",
        "expect_table_columns_to_match_set",
        "expect_table_growth_measure_to_be_between",
        "expect_table_schema_to_stay",
        "expect_table_texts_to_not_look_like_values",
    }
)
_ROWS_ONLY = frozenset({"expect_table_row_count_to_be_between", "expect_table_row_count_to_equal"})
_KNOWN_MODULES = ("great_expectations.expectations.core.", "counterpoise.expectations.")


@dataclass(frozen=True)
class Scope:
    """The data that an expectation needs to give the same result as on the whole table.

    Attributes:
        kind: `names` for only the column names, `columns` for all rows of some columns (without columns, only the
            number of rows), `table` for everything.
        columns: The columns that it uses, in its own order.
        missing: The used columns that the table does not have.
    """

    kind: Literal["names", "columns", "table"]
    columns: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


def find_scope(expectation: Mapping[str, Any], names: Collection[str]) -> Scope:
    """Return the scope of an expectation.

    Args:
        expectation: The expectation in Great Expectations' JSON form; its type is registered there.
        names: The table's columns; a set if there are many.
    """
    kind, kwargs = expectation["type"], expectation.get("kwargs", {})
    if kind in _NAMES_ONLY:
        return Scope("names", _only_texts([kwargs.get("column")]))
    own = _own_columns(kwargs)
    if kind not in _ROWS_ONLY and not (own and _is_known(kind)):
        return Scope("table", own)
    columns = tuple(dict.fromkeys((*own, *_condition_columns(kwargs.get("row_condition")))))
    return Scope("columns", columns, tuple(name for name in columns if name not in names))


def judges_table(kind: str) -> bool:
    """Return whether the expectation concerns the table itself, so that it can be checked even without rows."""
    return kind in _NAMES_ONLY | _ROWS_ONLY


def _own_columns(kwargs: Mapping[str, Any]) -> tuple[str, ...]:
    named = [kwargs.get(keyword) for keyword in ("column", "column_A", "column_B", "label")]
    return tuple(dict.fromkeys(_only_texts([*named, *(kwargs.get("column_list") or ())])))


def _only_texts(values: Iterable[Any]) -> tuple[str, ...]:
    return tuple(value for value in values if isinstance(value, str))


def _is_known(kind: str) -> bool:
    """Return whether the expectation's keywords name all the columns that it uses."""
    from great_expectations.expectations.registry import get_expectation_impl

    return f"{get_expectation_impl(kind).__module__}.".startswith(_KNOWN_MODULES)


def _condition_columns(condition: Any) -> Iterator[str]:
    """Yield the columns of a row condition."""
    if isinstance(condition, Mapping):
        if isinstance(column := condition.get("column"), Mapping):
            yield str(column["name"])
        for part in condition.get("conditions") or ():
            yield from _condition_columns(part)
