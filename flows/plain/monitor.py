"""Check whether a source still resembles that of the published version."""

from __future__ import annotations

from counterpoise.config import BalanceConfig
from counterpoise.flows.workspace import run_workspace
from counterpoise.monitor import MonitorReport
from counterpoise.tasks.credentials import credentials_of
from counterpoise.tasks.ingest import ingest
from counterpoise.tasks.monitor import inspect


def monitor(config: BalanceConfig) -> MonitorReport:
    """Run the stages of the flow `monitor`, which describes them."""
    from counterpoise.monitor import monitored_baseline

    with credentials_of(config):
        monitored_baseline(config)  # fail before reading the source if there is none
    with run_workspace(config) as folder:
        return inspect(config, ingest(config, folder=folder))
