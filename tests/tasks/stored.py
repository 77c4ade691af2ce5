"""Artifacts and events that the session's Prefect server holds."""

from __future__ import annotations

import time
from typing import Any

from prefect.artifacts import Artifact
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import Artifact as StoredArtifact

__all__ = ["stored_artifact", "stored_event"]


def stored_artifact(key: str) -> StoredArtifact | None:
    """Return the newest artifact with that key."""
    artifact = Artifact.get(key)
    assert artifact is None or isinstance(artifact, StoredArtifact)
    return artifact


def stored_event(name: str, dataset: str, *, seconds: float = 30) -> dict[str, Any]:
    """Return the newest event of that name about a dataset; events arrive a moment after they were emitted."""
    wanted = {"event": {"name": [name]}, "resource": {"id": [f"counterpoise.dataset.{dataset}"]}}
    deadline = time.monotonic() + seconds
    with get_client(sync_client=True) as client:
        while time.monotonic() < deadline:
            found = client.request("POST", "/events/filter", json={"filter": wanted}).json()["events"]
            if found:
                event: dict[str, Any] = found[0]
                return event
            time.sleep(0.2)
    raise AssertionError(f"no event {name} about {dataset} within {seconds} s")
