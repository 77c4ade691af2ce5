"""Which processes belong to a flow run."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

__all__ = ["processes_of"]


def processes_of(run: str) -> list[str]:
    """Return the numbers of the processes that execute a flow run."""
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):  # ended meanwhile, or somebody else's
            if f"PREFECT__FLOW_RUN_ID={run}".encode() in path.read_bytes().split(b"\0"):
                found.append(path.parent.name)
    return found
