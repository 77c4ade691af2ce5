"""Balancing on the worker of a deployment, started from another program, which waits for it.

Run with `python examples/start_a_deployment.py DATASET TABLE TARGET`, where `PREFECT_API_URL` points at the server; a
worker must be polling. The table's path is one that the worker sees.
"""

from __future__ import annotations

import sys
from typing import Any

from prefect.client.schemas.objects import FlowRun
from prefect.deployments import run_deployment


def start(dataset: str, table: str, target: str, *, deployment: str = "balance/on-demand") -> FlowRun:
    """Run the deployment on a table and return its finished run, which failed or published a version."""
    config: dict[str, Any] = {"name": dataset, "source": {"path": table}, "columns": {"target": target}}
    run = run_deployment(deployment, parameters={"config": config}, timeout=3600, poll_interval=1)
    assert isinstance(run, FlowRun)  # noqa: S101  # outside of an event loop it is no coroutine
    return run


if __name__ == "__main__":
    finished = start(*sys.argv[1:4])
    print(f"{finished.name}: {finished.state_name}")
