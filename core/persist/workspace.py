"""Working areas of runs: made, thrown away, kept as evidence, reclaimed."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path

from counterpoise.core.config import BalanceConfig
from counterpoise.core.errors import CounterpoiseError
from counterpoise.core.persist.layout import DatasetFolder

__all__ = ["discard_workspace", "keep_evidence", "reclaim_leftovers", "workspace"]

_KEEP_SECONDS = 7 * 24 * 3600


def workspace(root: str | Path, dataset: str, run_id: str) -> Path:
    """Return the run's working area, made on first use; a retry of the run finds the same one."""
    path = DatasetFolder(root, dataset).staging / run_id
    path.mkdir(parents=True, exist_ok=True)
    return path


def discard_workspace(path: Path) -> None:
    """Remove a run's working area, and the staging folder where it was the last."""
    shutil.rmtree(path, ignore_errors=True)
    try:
        path.parent.rmdir()
    except OSError:
        return


def keep_evidence(config: BalanceConfig, folder: Path, error: CounterpoiseError) -> Path | None:
    """Keep why a run was refused, and the rows it rejected, under `rejected/` of the dataset.

    Args:
        config: The run's configuration.
        folder: The run's working area.
        error: Why the run was refused.

    Returns:
        The folder with `reason.json`, the configuration and the rejected rows; None for a fault that is not the data's.
    """
    if error.exit_code != 2:
        return None
    kept = DatasetFolder(config.output.root, config.name).rejected / folder.name
    kept.mkdir(parents=True, exist_ok=True)
    reason = {"reason": error.as_dict(), "config": config.published()}
    (kept / "reason.json").write_text(json.dumps(reason, indent=1, default=str, ensure_ascii=False) + "\n")
    for file in sorted({*folder.rglob("*reject*.parquet"), *folder.rglob("invalid_rows.parquet")}):
        shutil.copyfile(file, kept / file.name)
    return kept


def reclaim_leftovers(folder: DatasetFolder, *, referenced: set[str]) -> list[Path]:
    """Remove what crashed runs left behind more than a week ago; return what was removed.

    Args:
        folder: The dataset.
        referenced: Names of data folders that a manifest refers to.
    """
    candidates = [path for path in folder.data.glob("*") if path.name not in referenced]
    candidates += list(folder.staging.glob("*"))
    removed = []
    for path in candidates:
        if path.is_dir() and time.time() - _last_touched(path) > _KEEP_SECONDS:
            shutil.rmtree(path, ignore_errors=True)
            removed.append(path)
    return removed


def _last_touched(folder: Path) -> float:
    return max((path.stat().st_mtime for path in [folder, *folder.rglob("*")]), default=0.0)
