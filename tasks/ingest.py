"""The first stage: read the source into an immutable snapshot."""

from __future__ import annotations

from pathlib import Path

from counterpoise.config import BalanceConfig
from counterpoise.records import Snapshot
from counterpoise.tasks.progress import stage_progress
from counterpoise.tasks.reporting import log
from counterpoise.tasks.stage import stage


@stage
def ingest(config: BalanceConfig, *, folder: Path) -> Snapshot:
    """Read the source exactly into the run's working area.

    Args:
        config: The complete configuration.
        folder: The run's working area.

    Raises:
        InputError: The source cannot be read as a table.
    """
    from counterpoise.ingest import ingest_source

    progress = stage_progress(config.name, "ingest", work="reading the source", unit="rows")
    snapshot = ingest_source(
        config.source,
        target=config.columns.target,
        folder=folder / "ingest",
        progress=progress,
        rebuilt_from=config.output.materialise == "recipe",
        columns=config.columns.named(),
    )
    log(
        f"ingest: {snapshot.rows:,} rows by {len(snapshot.columns):,} columns"
        + (f", {snapshot.rejected_lines:,} lines rejected" if snapshot.rejected_lines else "")
    )
    for note in snapshot.notes:
        log(f"ingest: {note}")
    return snapshot
