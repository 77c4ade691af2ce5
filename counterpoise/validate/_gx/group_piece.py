"""Expectations on a few columns as a unit of work for any process that sees the snapshot's files."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from counterpoise.records import Snapshot
from counterpoise.table import ARROW_TYPES, SnapshotReader, absolute_paths, to_frame
from counterpoise.validate._gx.groups import Group
from counterpoise.validate._gx.outcomes import ScopedExpectation
from counterpoise.validate._gx.runner import Answer, load_engine, run_expectations

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class GroupPiece:
    """A group of expectations to check on a frame of its columns.

    Attributes:
        snapshot: The snapshot to check, with absolute paths.
        group: The columns to load.
        expectations: The expectations in Great Expectations' JSON form, by position in the run.
        modules: The modules that register them.
    """

    snapshot: Snapshot
    group: Group
    expectations: dict[int, dict[str, Any]]
    modules: tuple[str, ...]

    @property
    def title(self) -> str:
        """A short description of the piece."""
        return f"expectations {min(self.group.members)} to {max(self.group.members)}"


def make_pieces(
    snapshot: Snapshot, groups: Iterable[Group], scoped: Mapping[int, ScopedExpectation]
) -> list[GroupPiece]:
    """Return one piece per group.

    Args:
        snapshot: The snapshot to check.
        groups: The groups.
        scoped: The expectations by position in the run.
    """
    anywhere, pieces = absolute_paths(snapshot), []
    for group in groups:
        expectations = {index: scoped[index].expectation for index in group.members}
        pieces.append(GroupPiece(anywhere, group, expectations, _modules(expectations.values())))
    return pieces


def answer_group(piece: GroupPiece) -> dict[int, Answer]:
    """Return Great Expectations' answers by position."""
    load_engine()
    for module in piece.modules:
        importlib.import_module(module)
    return run_expectations(_frame(piece.snapshot, piece.group), piece.expectations)


def _modules(expectations: Iterable[dict[str, Any]]) -> tuple[str, ...]:
    """Return the modules that define custom expectations; importing them registers the expectations."""
    from great_expectations.expectations.registry import get_expectation_impl

    defined = {get_expectation_impl(each["type"]).__module__ for each in expectations}
    return tuple(sorted(name for name in defined if not name.startswith("great_expectations.")))


def _frame(snapshot: Snapshot, group: Group) -> pd.DataFrame:
    """Return the data that the group's expectations need; expectations on column names need no rows."""
    import pandas as pd

    reader = SnapshotReader(snapshot)
    if group.kind == "names":
        empty = to_frame(reader.schema.empty_table())
        empty.attrs[ARROW_TYPES] = {column.name: column.type for column in snapshot.columns}
        return empty
    if not group.columns:
        return pd.DataFrame(index=pd.RangeIndex(snapshot.rows))
    return to_frame(reader.read_columns(group.columns))
