"""The flow that looks whether a source is still what the published version was made from."""

from __future__ import annotations

from prefect import flow

from counterpoise.config import BalanceConfig
from counterpoise.flows.refusals import name_mismatch, name_refusal
from counterpoise.flows.run_names import flow_and_dataset
from counterpoise.flows.workspace import run_workspace
from counterpoise.monitor import MonitorReport
from counterpoise.tasks.credentials import credentials_of
from counterpoise.tasks.ingest import ingest
from counterpoise.tasks.monitor import inspect

__all__ = ["monitor"]


@flow(
    name="monitor",
    flow_run_name=flow_and_dataset,
    validate_parameters=True,
    persist_result=True,
    result_serializer="json",
    log_prints=False,
    on_failure=[name_refusal],
    on_crashed=[name_mismatch],
)
def monitor(config: BalanceConfig) -> MonitorReport:
    """Hold the source against a published version: class balance, drift and age; nothing is published.

    What has changed emits the event `counterpoise.drift.detected`, what is too old `counterpoise.data.stale`;
    automations can start `balance` on them, or notify somebody.

    Args:
        config: The configuration that the dataset is published with; `monitor` says what the source is held against.

    Returns:
        What was found.

    Raises:
        CounterpoiseError: The source cannot be read, or there is no version to hold it against; the message says what
            was expected, what was found and what to do.
    """
    from counterpoise.monitor import monitored_baseline

    with credentials_of(config):
        monitored_baseline(config)  # without one there is nothing to read the source for
    with run_workspace(config) as folder:
        return inspect(config, ingest(config, folder=folder))
