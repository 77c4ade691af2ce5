"""Run the flows from the command line, with the configured server or a temporary one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from counterpoise.config import BalanceConfig
from counterpoise.flows.balance import balance
from counterpoise.flows.prefect_api import reach_prefect
from counterpoise.records import DatasetVersion, Report

if TYPE_CHECKING:
    from counterpoise.monitor import MonitorReport
    from counterpoise.results import Leaderboard


def run_balance(config: BalanceConfig) -> tuple[DatasetVersion, Report | None]:
    """Run the flow in this process and return the version and, if there is one, its report.

    Args:
        config: The configuration.
    """
    from counterpoise.evaluate import evaluation_problem, find_evaluation

    reach_prefect()
    version = balance(config)
    return version, None if evaluation_problem(version) else find_evaluation(version)


def run_compare(config: BalanceConfig) -> Leaderboard:
    """Run the comparison in this process and return its leaderboard.

    Args:
        config: The configuration.
    """
    from counterpoise.flows.compare import compare

    reach_prefect()
    return compare(config)


def run_monitor(config: BalanceConfig) -> MonitorReport:
    """Compare the source with a published version in this process and return the report.

    Args:
        config: The configuration.
    """
    from counterpoise.flows.monitor import monitor

    reach_prefect()
    return monitor(config)
