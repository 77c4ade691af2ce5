"""What all flows share: options, the name of a run, and its working area, which is kept if a retry needs it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from prefect.context import FlowRunContext
from prefect.runtime import flow_run

from counterpoise.config import BalanceConfig
from counterpoise.errors import CounterpoiseError
from counterpoise.flows.refusals import name_mismatch, name_refusal
from counterpoise.tasks.credentials import credentials_of
from counterpoise.tasks.reporting import log


@contextmanager
def run_workspace(config: BalanceConfig) -> Iterator[Path]:
    """Provide the run's working area, named after the flow run's id so that a retry finds it again.

    The area is deleted if the run succeeds, is cancelled, loses its cluster, or is refused for its data or
    configuration; in the last case, evidence is kept under the dataset's `rejected/`. After any other failure of a flow
    run the area stays for a retry. In the block, the credentials of the configuration's Prefect blocks are available.

    Args:
        config: The run's configuration.
    """
    from counterpoise.persist import discard_workspace, keep_evidence, keep_workspace, workspace

    after_failure = keep_workspace if FlowRunContext.get() is not None else discard_workspace  # only Prefect retries
    with credentials_of(config):
        folder = workspace(config.output.root, config.name, _run_id()).absolute()  # for other machines
        try:
            yield folder
        except CounterpoiseError as error:
            if (kept := keep_evidence(config, folder, error)) is not None:
                log(f"refused: the evidence is kept in {kept}")
            if kept is not None or error.reason == "cluster_lost":  # a retry recreates the area
                discard_workspace(folder)
            after_failure(folder)
            raise
        except Exception:  # a retry may succeed; a BaseException ends the run for good
            after_failure(folder)
            raise
        except BaseException:
            discard_workspace(folder)
            raise
        discard_workspace(folder)


def _run_id() -> str:
    context = FlowRunContext.get()
    run = context.flow_run if context is not None else None
    return str(run.id if run is not None else uuid.uuid4())


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
