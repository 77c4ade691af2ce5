"""The working area of a run, which is kept if a retry needs it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from counterpoise.config import BalanceConfig
from counterpoise.errors import CounterpoiseError
from counterpoise.tasks.credentials import credentials_of
from counterpoise.tasks.reporting import in_flow_run, log


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

    after_failure = keep_workspace if in_flow_run() else discard_workspace  # only Prefect retries
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
    if not in_flow_run():
        return str(uuid.uuid4())
    from prefect.runtime import flow_run

    return flow_run.id or str(uuid.uuid4())
