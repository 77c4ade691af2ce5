"""Artifacts that the session's Prefect server holds."""

from __future__ import annotations

from prefect.artifacts import Artifact
from prefect.client.schemas.objects import Artifact as StoredArtifact

__all__ = ["stored_artifact"]


def stored_artifact(key: str) -> StoredArtifact | None:
    """Return the newest artifact with that key."""
    artifact = Artifact.get(key)
    assert artifact is None or isinstance(artifact, StoredArtifact)
    return artifact
