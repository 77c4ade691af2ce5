"""The newest comparison of strategies on the same source and split."""

from __future__ import annotations

from dataclasses import dataclass

from counterpoise.report._comparison.ranking import RankingView, ranking_view
from counterpoise.report._data import ReportData
from counterpoise.report._section import Section


@dataclass(frozen=True)
class StrategiesView:
    """The newest ranking, if there is one, and the command that makes one."""

    ranking: RankingView | None
    command: str


def _view(data: ReportData) -> StrategiesView:
    return StrategiesView(ranking_view(data.strategies.board) if data.strategies else None, _compare_command(data))


def _compare_command(data: ReportData) -> str:
    """Return the command that runs a comparison for the published version.

    For a version not made by `counterpoise run`, assume that its configuration file has the name of the dataset.
    """
    run = "counterpoise run "
    command = data.reproducibility.command
    if command.startswith(run):
        return f"counterpoise compare {command.removeprefix(run)}"
    return f"counterpoise compare {data.reproducibility.config['name']}.yaml"


STRATEGIES = Section("strategies", "Strategies", "strategies.html.j2", _view)
