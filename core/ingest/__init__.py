"""Ingest: a source of any kind to an immutable snapshot, values exact, unreadable lines kept and counted."""

from __future__ import annotations

from counterpoise.core.ingest.names import resolve_column
from counterpoise.core.ingest.stage import identify_source, ingest_source

__all__ = ["identify_source", "ingest_source", "resolve_column"]
