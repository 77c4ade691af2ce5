"""What is disturbed: a whole run, a rebuild and a put-away on a small table, in processes that are forked."""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from counterpoise.config import BalanceConfig
from counterpoise.evaluate import publish_evaluation
from counterpoise.ingest import ingest_source
from counterpoise.persist import TRAIN_FOLDERS, DatasetFolder, discard_workspace, publish_version, workspace
from counterpoise.records import Validation
from counterpoise.resample import plan_resampling
from counterpoise.split import split_snapshot
from counterpoise.verify._version import verify_version
from counterpoise.versions import list_versions, open_version, promote_by_hand, rebuild_version, remove_train_if_recipe
from tests.versions.records import metrics_of

__all__ = ["JOBS", "Job", "config_of", "forked", "leftovers", "load_libraries", "write_source", "wrong_versions"]

Job = Callable[[Path], object]
NAME = "tested"


def load_libraries() -> None:
    """Import what stages import late, without starting a thread: children are forked from this process."""
    import duckdb  # noqa: F401
    import imblearn.over_sampling  # noqa: F401
    import pandas  # noqa: F401
    import pyarrow.dataset  # noqa: F401


def forked(function: Callable[[], object]) -> int:
    """Start a function in a process of its own and return its number."""
    process = os.fork()
    if process:
        return process
    code = 1
    try:
        os.setpgid(0, 0)
        function()
        code = 0
    except BaseException:  # noqa: BLE001  # nothing of a child may come back
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def write_source(folder: Path, rows: int = 240) -> Path:
    """Write the table that is balanced."""
    path = folder / "table.csv"
    path.write_text("x,y,label\n" + "".join(f"{n}.5,{n * 7 % 31},{int(n % 6 == 0)}\n" for n in range(rows)))
    return path


def config_of(folder: Path, *, seed: int = 0, **sections: Any) -> BalanceConfig:
    """Return a configuration that publishes under a folder and stores train rows as a recipe."""
    settings = {
        "name": NAME,
        "seed": seed,
        "source": {"path": str(folder / "table.csv")},
        "columns": {"target": "label"},
        "resampling": {"strategy": "smote"},
        "output": {"root": str(folder / "datasets"), "materialise": "recipe"},
        "evaluation": {"learners": ["logistic_regression"], "bootstrap": 0},
        **sections,
    }
    return BalanceConfig.model_validate(settings)


def run(folder: Path, seed: int = 1) -> None:
    """Publish, evaluate and promote a version, and put its train rows away: a run without Prefect and validation."""
    keep_temporary_files_in(folder)
    config = config_of(folder, seed=seed)
    area = workspace(config.output.root, NAME, f"run-{os.getpid()}")
    snapshot = ingest_source(config.source, target="label", folder=area / "ingest")
    unchecked = Validation(success=True, outcomes=())
    columns = config.columns
    split = split_snapshot(
        snapshot, columns=columns, config=config.split, validation=unchecked, seed=seed, folder=area / "split"
    )
    plan = plan_resampling(
        snapshot, split, columns=columns, config=config.resampling, seed=seed, folder=area / "resample"
    )
    version = publish_version(config, snapshot=snapshot, validation=unchecked, split=split, resampling=plan)
    publish_evaluation(version, metrics=metrics_of(), html="<html></html>")
    promote_by_hand(version)
    remove_train_if_recipe(version)
    discard_workspace(area)


def put_away(folder: Path) -> None:
    """Put the train rows of version 1 away."""
    keep_temporary_files_in(folder)
    remove_train_if_recipe(open_version(dataset(folder).path.as_posix() + "@1").record)


def rebuild(folder: Path) -> None:
    """Bring the train rows of version 1 back to their place."""
    keep_temporary_files_in(folder)
    rebuild_version(f"{dataset(folder).path}@1", source=str(folder / "table.csv"))


JOBS: dict[str, Job] = {"run": run, "rebuild": rebuild, "put away": put_away}


def keep_temporary_files_in(folder: Path) -> None:
    """Let temporary files be made in a folder, to be looked at."""
    (folder / "tmp").mkdir(exist_ok=True)
    tempfile.tempdir = str(folder / "tmp")


def dataset(folder: Path) -> DatasetFolder:
    """Return the dataset under a folder."""
    return DatasetFolder(folder / "datasets", NAME)


def wrong_versions(folder: Path) -> list[str]:
    """Return what a reader finds wrong now, in versions that do not verify."""
    wrong = []
    for version in list_versions(folder / "datasets", NAME):
        wrong += [f"version {version.version}: {line}" for line in verify_version(version.root, NAME, version.version)]
    return wrong


def leftovers(folder: Path) -> list[str]:
    """Return the files that belong to no version, evaluation or promotion, and the temporary ones."""
    known = dataset(folder)
    expected = {f"promotions/{number:08d}.json" for number in known.promotion_numbers()}
    for number in known.version_numbers():
        manifest = json.loads(known.manifest(number).read_bytes())
        away = tuple(f"{manifest['data']}/{part}/" for part in TRAIN_FOLDERS)
        stored = (known.path / manifest["data"] / "train").exists()
        expected |= {file["path"] for file in manifest["files"] if stored or not file["path"].startswith(away)}
        expected |= {f"versions/{number:08d}.json"}
        expected |= {f"evaluations/{number:08d}/{name}" for name in ("metrics.json", "report.html")}
    found = {path.relative_to(known.path).as_posix() for path in known.path.rglob("*") if path.is_file()}
    scratch = [path.as_posix() for path in (folder / "tmp").rglob("*") if path.is_file()]
    areas = [path.name for path in known.path.iterdir() if path.name.startswith(".")]
    return sorted(found - expected) + sorted(expected - found) + scratch + areas


def kill(process: int) -> None:
    """Kill a child."""
    os.kill(process, signal.SIGKILL)
