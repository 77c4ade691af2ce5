"""Artifacts and events that the session's Prefect server holds."""

from __future__ import annotations

from typing import Any

from prefect.artifacts import Artifact
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import Artifact as StoredArtifact

from tests.processes import wait_until

__all__ = ["stored_artifact", "stored_event"]


def stored_artifact(key: str) -> StoredArtifact | None:
    """Return the newest artifact with that key."""
    artifact = Artifact.get(key)
    assert artifact is None or isinstance(artifact, StoredArtifact)
    return artifact


def stored_event(name: str, dataset: str) -> dict[str, Any]:
    """Return the newest event of that name about a dataset; events arrive a moment after they were emitted."""
    wanted = {"event": {"name": [name]}, "resource": {"id": [f"counterpoise.dataset.{dataset}"]}}
    with get_client(sync_client=True) as client:

        def events() -> list[dict[str, Any]]:
            found: list[dict[str, Any]] = client.request("POST", "/events/filter", json={"filter": wanted}).json()[
                "events"
            ]
            return found

        return wait_until(events, what=f"an event {name} about {dataset}")[0]
