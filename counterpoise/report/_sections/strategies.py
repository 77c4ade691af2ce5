"""Strategies that competed in a comparison on the same source and split."""

from __future__ import annotations

from dataclasses import dataclass

from counterpoise.report._comparison.board import BoardView, board_view
from counterpoise.report._data import ReportData
from counterpoise.report._section import Section

__all__ = ["STRATEGIES"]


@dataclass(frozen=True)
class StrategiesView:
    """The newest ranking, and the command that makes one where there is none."""

    board: BoardView | None
    command: str


def _view(data: ReportData) -> StrategiesView:
    return StrategiesView(board_view(data.strategies.board) if data.strategies else None, _compare_command(data))


def _compare_command(data: ReportData) -> str:
    """Return the command that plays a tournament on what was published.

    A version that was not made by `counterpoise run` is taken to have its configuration in a file of its name.
    """
    run = "counterpoise run "
    command = data.reproducibility.command
    if command.startswith(run):
        return f"counterpoise compare {command.removeprefix(run)}"
    return f"counterpoise compare {data.reproducibility.config['name']}.yaml"


STRATEGIES = Section("strategies", "Strategies", "strategies.html.j2", _view)
