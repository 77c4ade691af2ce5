"""The flow `monitor`: check whether a source still resembles that of the published version."""

from __future__ import annotations

from prefect import flow

from counterpoise.config import BalanceConfig
from counterpoise.flows.options import OPTIONS
from counterpoise.flows.plain import monitor as pipeline
from counterpoise.monitor import MonitorReport


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
    return pipeline.monitor(config)
