"""Running the flow from the command line: with the server that is set, or with Prefect's temporary one."""

from __future__ import annotations

from prefect.settings import get_current_settings

from counterpoise.core.config import BalanceConfig
from counterpoise.core.records import DatasetVersion, Report
from counterpoise.flows.balance import balance
from counterpoise.flows.console import say

__all__ = ["run_balance"]


def run_balance(config: BalanceConfig) -> tuple[DatasetVersion, Report | None]:
    """Run the flow in this process and return what it published, with its report where there is one.

    Args:
        config: The configuration.
    """
    from counterpoise.core.evaluation_inputs import find_evaluation

    if not get_current_settings().api.url:
        say("starting Prefect's temporary server (set PREFECT_API_URL to use one that runs) …")
    version = balance(config)
    return version, find_evaluation(version)
