"""A version set against the newest earlier one that was evaluated."""

from __future__ import annotations

import json
from typing import Any

from counterpoise.core.errors import IntegrityError
from counterpoise.core.history.data_changes import compare_data
from counterpoise.core.history.metric_changes import compare_metrics
from counterpoise.core.history.records import SinceVersion
from counterpoise.core.persist.commit import read_manifest
from counterpoise.core.persist.layout import DatasetFolder, evaluation_name
from counterpoise.core.persist.manifest import Manifest
from counterpoise.core.records import DatasetVersion
from counterpoise.core.storage import join_address

__all__ = ["compare_with_previous", "read_metrics"]


def compare_with_previous(version: DatasetVersion, metrics: dict[str, Any]) -> SinceVersion | None:
    """Return what has changed since the newest earlier version that was evaluated; None where there is none.

    Args:
        version: The new version.
        metrics: Its metrics record.

    Raises:
        IntegrityError: The earlier metrics cannot be read.
    """
    folder = DatasetFolder(version.root, version.dataset)
    for number in reversed([number for number in folder.version_numbers() if number < version.version]):
        earlier = read_metrics(folder, number)
        if earlier is not None:
            before, after = read_manifest(folder, number), read_manifest(folder, version.version)
            return SinceVersion(
                version=number,
                created=before.created,
                data=compare_data(before, after),
                metrics=compare_metrics(earlier, metrics, same_test=_test_rows(before) == _test_rows(after)),
            )
    return None


def read_metrics(folder: DatasetFolder, version: int) -> dict[str, Any] | None:
    """Return a version's metrics record; None where it was not evaluated.

    Raises:
        IntegrityError: The file is not a metrics record.
    """
    name = f"{evaluation_name(version)}/metrics.json"
    try:
        metrics = json.loads(folder.store.read(name))
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise IntegrityError(
            "unreadable_metrics",
            expected=f"the metrics of version {version} as they were published",
            found=f"metrics.json that is not JSON: {type(error).__name__}",
            remedy=f"restore {join_address(folder.address, name)} from a backup, or remove its folder",
            values={"file": join_address(folder.address, name)},
        ) from error
    return dict(metrics)


def _test_rows(manifest: Manifest) -> tuple[str, str]:
    """Return what tells the rows of test: source and fingerprint."""
    return manifest.source.digest, manifest.certificate.fingerprints["test"]
