"""The whole job in another orchestrator or a plain script: the stages as functions, with no server and no flow run.

`stage.fn` is the function behind a Prefect task. The published version is the same, byte for byte; events and artifacts
are not told to anybody.
Run with `python examples/without_server.py CONFIG`.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from counterpoise import BalanceConfig, load_config
from counterpoise.evaluate import find_evaluation
from counterpoise.records import DatasetVersion
from counterpoise.tasks.evaluate import evaluate
from counterpoise.tasks.ingest import ingest
from counterpoise.tasks.persist import persist
from counterpoise.tasks.promote import promote
from counterpoise.tasks.resample import resample
from counterpoise.tasks.split import split
from counterpoise.tasks.validate import validate, validate_split
from counterpoise.versions import find_version, remove_train_if_recipe


def publish(config: BalanceConfig) -> DatasetVersion:
    """Publish a version with its evaluation, stored and promoted as the configuration says."""
    with tempfile.TemporaryDirectory(prefix="counterpoise-") as folder:
        version = version_of(config, Path(folder))
    remove_train_if_recipe(version)
    if config.promotion.rule != "never":
        promote.fn(config, version=version)
    return version


def version_of(config: BalanceConfig, folder: Path) -> DatasetVersion:
    """Return the version of source and configuration: the one that is there, evaluated as asked, or a new one."""
    snapshot = ingest.fn(config, folder=folder)
    known = find_version(config, snapshot.digest)
    if known is not None and (find_evaluation(known) is not None or not config.evaluation.enabled):
        return known
    checked = validate.fn(config, snapshot, folder=folder)
    parts = split.fn(config, snapshot, checked, folder=folder)
    checked = validate_split.fn(config, snapshot, checked, parts, folder=folder)
    plan = resample.fn(config, snapshot, parts, folder=folder)
    version = persist.fn(config, snapshot=snapshot, validation=checked, split=parts, resampling=plan)
    evaluate.fn(config, snapshot=snapshot, validation=checked, split=parts, resampling=plan, version=version)
    return version


if __name__ == "__main__":
    done = publish(load_config(sys.argv[1]))
    print(f"{done.root}/{done.dataset}@{done.version}")
