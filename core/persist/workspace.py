"""Working areas of runs: made, thrown away, kept as evidence, reclaimed."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path

from counterpoise.core.config import BalanceConfig
from counterpoise.core.errors import CounterpoiseError, StorageError
from counterpoise.core.persist.layout import DatasetFolder
from counterpoise.core.storage import join_address
from counterpoise.core.storage.work import KEEP_SECONDS, last_touched, reclaim_copies
from counterpoise.core.stored_json import seal

__all__ = ["discard_workspace", "keep_evidence", "reclaim_leftovers", "workspace"]


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


def keep_evidence(config: BalanceConfig, folder: Path, error: CounterpoiseError) -> str | None:
    """Keep why a run was refused, and the rows it rejected, under `rejected/` of the dataset.

    Args:
        config: The run's configuration.
        folder: The run's working area.
        error: Why the run was refused.

    Returns:
        The address of the folder with `reason.json`, the configuration and the rejected rows; None for a fault that is
        not the data's, or where the store is away.
    """
    if error.exit_code != 2 or isinstance(error, StorageError):
        return None
    dataset = DatasetFolder(config.output.root, config.name)
    reason = json.loads(
        json.dumps({"reason": error.as_dict(), "config": config.published()}, default=str), parse_constant=str
    )
    text = json.dumps(seal(reason), indent=1, ensure_ascii=False) + "\n"
    try:
        dataset.store.replace(f"rejected/{folder.name}/reason.json", text.encode())
        for file in sorted({*folder.rglob("*reject*.parquet"), *folder.rglob("invalid_rows.parquet")}):
            dataset.store.put(f"rejected/{folder.name}/{file.name}", file)
    except StorageError:  # why the run was refused is what its reader must see
        return None
    return join_address(dataset.address, "rejected", folder.name)


def reclaim_leftovers(folder: DatasetFolder, *, referenced: set[str]) -> list[str]:
    """Remove what crashed runs left behind more than a week ago; return the names of the folders removed.

    Args:
        folder: The dataset.
        referenced: Names of data folders that a manifest refers to.
    """
    removed = []
    for name in set(folder.store.folders("data")) - referenced:
        if _age(folder.store.modified(f"data/{name}")) > KEEP_SECONDS:
            folder.store.delete(f"data/{name}")
            removed.append(name)
    for path in folder.staging.glob("*"):
        if path.is_dir() and _age(last_touched(path)) > KEEP_SECONDS:
            shutil.rmtree(path, ignore_errors=True)
            removed.append(path.name)
    if folder.remote:
        reclaim_copies()
    return removed


def _age(moment: float) -> float:
    return time.time() - moment
