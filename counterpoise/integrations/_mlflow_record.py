"""Record a published version in MLflow: partitions as datasets, configuration, metrics and report (extra `mlflow`)."""

from __future__ import annotations

import json
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from counterpoise.errors import InputError
from counterpoise.persist import DatasetFolder, copy_evaluation
from counterpoise.runtime import json_sha256
from counterpoise.versions import Version, open_version, read_metrics

_CONTEXTS = {"train": "training", "validation": "validation", "test": "testing"}
_LONGEST_DIGEST = 36
_LONGEST_PARAMETER = 6_000


def record_in_mlflow(address: str | Path, *, experiment: str = "") -> str:
    """Record a version in MLflow, in the active run or a new one, and return the run's id.

    The run gets the three partitions as datasets (location and digest, not their rows), the configuration without
    secrets as parameters, the test metrics of every arm as `test/LEARNER/STRATEGY/METRIC`, verdict and address as tags,
    and report, metrics, correction and manifest as artifacts. MLflow's own settings, such as `MLFLOW_TRACKING_URI`,
    determine where it is recorded.

    Args:
        address: The version, as in `counterpoise.versions.open_version`.
        experiment: The experiment of a new run; empty for the current one.

    Raises:
        VersionNotFoundError: There is no such version.
        InputError: MLflow is not installed.
        IntegrityError: The version's evaluation was changed or damaged.
    """
    mlflow = _mlflow()
    version = open_version(address)
    if experiment:
        mlflow.set_experiment(experiment)
    with _run(mlflow, version) as run:
        for part, context in _CONTEXTS.items():
            mlflow.log_input(_dataset(version, part), context=context)
        mlflow.log_params(_parameters(version.manifest.config))
        mlflow.set_tags(_tags(version))
        _record_evaluation(mlflow, version)
        mlflow.log_dict(version.manifest.as_json(), "manifest.json")
        return str(run.info.run_id)


def _mlflow() -> Any:
    try:
        import mlflow
    except ImportError as error:
        raise InputError(
            "not_installed",
            expected="MLflow",
            found="no module of that name",
            remedy="pip install 'counterpoise[mlflow]'",
        ) from error
    return mlflow


@contextmanager
def _run(mlflow: Any, version: Version) -> Iterator[Any]:
    active = mlflow.active_run()
    if active is not None:
        yield active
        return
    with mlflow.start_run(run_name=f"{version.record.dataset}@{version.number}") as run:
        yield run


def _dataset(version: Version, part: str) -> Any:
    from mlflow.data.dataset_source_registry import resolve_dataset_source
    from mlflow.data.meta_dataset import MetaDataset

    digests = sorted(file.sha256 for file in version.manifest.part_files(part))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # MLflow warns that two equivalent kinds match a local folder
        source = resolve_dataset_source(str(version.path(part)))
    name = f"{version.record.dataset}@{version.number}/{part}"
    return MetaDataset(source, name=name, digest=json_sha256(digests)[:_LONGEST_DIGEST])


def _parameters(settings: dict[str, Any], prefix: str = "") -> dict[str, str]:
    """Flatten settings to texts by path, such as `resampling.ratio`.

    >>> _parameters({"seed": 0, "split": {"test_size": 0.2}})
    {'seed': '0', 'split.test_size': '0.2'}
    """
    found: dict[str, str] = {}
    for name, value in settings.items():
        if isinstance(value, dict):
            found |= _parameters(value, f"{prefix}{name}.")
        else:
            text = value if isinstance(value, str) else json.dumps(value)
            found[f"{prefix}{name}"] = text[:_LONGEST_PARAMETER]
    return found


def _tags(version: Version) -> dict[str, str]:
    record = version.record
    return {
        "counterpoise.dataset": record.dataset,
        "counterpoise.version": str(record.version),
        "counterpoise.address": f"{record.root}/{record.dataset}@{record.version}",
        "counterpoise.run_key": record.run_key,
    }


def _record_evaluation(mlflow: Any, version: Version) -> None:
    """Record metrics and report if the version was evaluated."""
    dataset = DatasetFolder.of(version.record)
    metrics = read_metrics(dataset, version.number)
    if metrics is None:
        return
    mlflow.log_metrics(
        {
            f"test/{arm['learner']}/{arm['strategy']}/{name}": value
            for arm in metrics["arms"]
            for name, value in arm["test"].items()
            if value is not None
        }
    )
    mlflow.set_tags({"counterpoise.verdict": metrics["verdict"], "counterpoise.outcome": metrics["verdict_outcome"]})
    with tempfile.TemporaryDirectory(prefix="counterpoise-") as folder:
        copy_evaluation(dataset, version.number, Path(folder))
        mlflow.log_artifacts(folder, "evaluation")
