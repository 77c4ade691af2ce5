"""The working area of a flow run: kept where a retry needs it, gone otherwise."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from prefect.context import FlowRunContext

from counterpoise.config import BalanceConfig
from counterpoise.errors import CounterpoiseError
from counterpoise.tasks.credentials import credentials_of
from counterpoise.tasks.reporting import log

__all__ = ["run_workspace"]


@contextmanager
def run_workspace(config: BalanceConfig) -> Iterator[Path]:
    """Give the run its working area, named by the flow run's id so that a retry of the run finds it again.

    It goes when the run succeeds, is cancelled, loses its cluster, or is refused for its data or configuration, whose
    evidence is kept under `rejected/` of the dataset. After any other failure it stays for the retry. What blocks of
    the configuration hold is granted meanwhile.

    Args:
        config: The run's configuration.
    """
    from counterpoise.persist import discard_workspace, keep_evidence, keep_workspace, workspace

    with credentials_of(config):
        folder = workspace(config.output.root, config.name, _run_id()).absolute()  # for other machines, too
        try:
            yield folder
        except CounterpoiseError as error:
            if (kept := keep_evidence(config, folder, error)) is not None:
                log(f"refused: the evidence is kept in {kept}")
            if kept is not None or error.reason == "cluster_lost":  # a retry makes it anew
                discard_workspace(folder)
            keep_workspace(folder)
            raise
        except Exception:  # a failure that a retry may mend; what is no Exception ends the run
            keep_workspace(folder)
            raise
        except BaseException:
            discard_workspace(folder)
            raise
        discard_workspace(folder)


def _run_id() -> str:
    context = FlowRunContext.get()
    run = context.flow_run if context is not None else None
    return str(run.id if run is not None else uuid.uuid4())
