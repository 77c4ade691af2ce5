"""The names of flow runs in the UI."""

from __future__ import annotations

from prefect.runtime import flow_run


def flow_and_dataset() -> str:
    """Name a run after its flow and dataset; the configuration is a model or a deployment's mapping."""
    config = flow_run.parameters["config"]
    return f"{flow_run.flow_name}-{config['name'] if isinstance(config, dict) else config.name}"
