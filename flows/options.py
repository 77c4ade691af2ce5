"""What all flows share: the name of a run, how its result is kept, and how a refusal is shown."""

from __future__ import annotations

from typing import Any

from prefect.runtime import flow_run

from counterpoise.flows.refusals import name_mismatch, name_refusal


def flow_and_dataset() -> str:
    """Name a run after its flow and dataset; the configuration is a model or a deployment's mapping."""
    config = flow_run.parameters["config"]
    return f"{flow_run.flow_name}-{config['name'] if isinstance(config, dict) else config.name}"


OPTIONS: dict[str, Any] = {
    "flow_run_name": flow_and_dataset,
    "validate_parameters": True,
    "persist_result": True,
    "result_serializer": "json",
    "log_prints": False,
    "on_failure": [name_refusal],
    "on_crashed": [name_mismatch],
}
"""The options of every flow, besides its name."""
