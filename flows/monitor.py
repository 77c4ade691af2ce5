"""The flow `monitor`: check whether a source still resembles that of the published version."""

from __future__ import annotations

from prefect import flow

from counterpoise.config import BalanceConfig
from counterpoise.flows.workspace import OPTIONS, run_workspace
from counterpoise.monitor import MonitorReport
from counterpoise.tasks.credentials import credentials_of
from counterpoise.tasks.ingest import ingest
from counterpoise.tasks.monitor import inspect


@flow(name="monitor", **OPTIONS)
def monitor(config: BalanceConfig) -> MonitorReport:
    """Compare the source with a published version: class balance, drift and age; publish nothing.

    Changes emit the event `counterpoise.drift.detected`, and content that is too old emits `counterpoise.data.stale`;
    automations can use them to start `balance` or to notify someone.

    Args:
        config: The configuration that the dataset is published with; `monitor` selects the version to compare with.

    Returns:
        The report.

    Raises:
        CounterpoiseError: The source cannot be read, or there is no version to compare it with; the message states
            the expectation, the finding and the remedy.
    """
    from counterpoise.monitor import monitored_baseline

    with credentials_of(config):
        monitored_baseline(config)  # fail before reading the source if there is none
    with run_workspace(config) as folder:
        return inspect(config, ingest(config, folder=folder))
