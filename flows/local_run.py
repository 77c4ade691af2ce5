"""Run the flow `balance` from the command line, with the configured server or a temporary one."""

from __future__ import annotations

from counterpoise.config import BalanceConfig
from counterpoise.flows.balance import balance
from counterpoise.flows.prefect_api import reach_prefect
from counterpoise.records import DatasetVersion, Report


def run_balance(config: BalanceConfig) -> tuple[DatasetVersion, Report | None]:
    """Run the flow in this process and return the version and, if there is one, its report.

    Args:
        config: The configuration.
    """
    from counterpoise.evaluate import evaluation_problem, find_evaluation

    reach_prefect()
    version = balance(config)
    return version, None if evaluation_problem(version) else find_evaluation(version)
