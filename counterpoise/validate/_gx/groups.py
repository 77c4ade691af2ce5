"""Group expectations by the columns that they use, so that only a few columns are in memory at a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from counterpoise.validate._suites.scope import Scope

_CELLS = 4_000_000
_MEMBERS = 200


@dataclass(frozen=True)
class Group:
    """Expectations that are checked on one frame.

    Attributes:
        kind: As in `Scope`.
        columns: The columns to load, in the table's order.
        members: Positions of the expectations in the run.
    """

    kind: Literal["names", "columns", "table"]
    columns: tuple[str, ...]
    members: tuple[int, ...]


def plan_groups(
    scopes: Mapping[int, Scope], *, names: Sequence[str], rows: int, cells: int = _CELLS
) -> tuple[Group, ...]:
    """Return groups that cover every expectation once.

    Column sets that are subsets of another set are checked with it. The remaining sets are packed until a frame would
    hold more than `cells` values or too many expectations.

    Args:
        scopes: The scope of each expectation by position in the run, without missing columns.
        names: The table's columns.
        rows: The number of rows of the table.
        cells: The maximum number of values in a frame of several column sets.
    """
    on_names = tuple(index for index, scope in scopes.items() if scope.kind == "names")
    on_table = tuple(index for index, scope in scopes.items() if scope.kind == "table")
    groups = [Group("names", tuple(names), on_names)] if on_names else []
    groups += _pack(_by_columns(scopes), names=names, columns_at_once=max(1, cells // max(rows, 1)))
    return (*groups, *([Group("table", tuple(names), on_table)] if on_table else []))


def _by_columns(scopes: Mapping[int, Scope]) -> dict[frozenset[str], list[int]]:
    """Return positions by column set, with subsets merged into their supersets."""
    members: dict[frozenset[str], list[int]] = {}
    for index, scope in scopes.items():
        if scope.kind == "columns":
            members.setdefault(frozenset(scope.columns), []).append(index)
    wide = sorted((columns for columns in members if len(columns) > 1), key=lambda columns: (-len(columns), *columns))
    hosts: dict[str, list[frozenset[str]]] = {}
    for columns in [*wide, *(columns for columns in members if len(columns) <= 1)]:
        found = [host for name in sorted(columns)[:1] for host in hosts.get(name, ()) if columns < host]
        if found:
            members[found[0]] += members.pop(columns)
        elif len(columns) > 1:
            for name in columns:
                hosts.setdefault(name, []).append(columns)
    return members


def _pack(
    members: Mapping[frozenset[str], Sequence[int]], *, names: Sequence[str], columns_at_once: int
) -> list[Group]:
    position = {name: index for index, name in enumerate(names)}
    groups: list[Group] = []
    columns: set[str] = set()
    indices: list[int] = []
    for added in sorted(members, key=lambda one: sorted(position[name] for name in one)):
        full = len(columns | added) > columns_at_once or len(indices) + len(members[added]) > _MEMBERS
        if indices and full:
            groups.append(_group(columns, indices, position))
            columns, indices = set(), []
        columns |= added
        indices += members[added]
    return [*groups, _group(columns, indices, position)] if indices else groups


def _group(columns: Iterable[str], indices: Iterable[int], position: Mapping[str, int]) -> Group:
    return Group("columns", tuple(sorted(columns, key=position.__getitem__)), tuple(sorted(indices)))
