"""Compare a version with the newest earlier version that was evaluated."""

from __future__ import annotations

from typing import Any

from counterpoise.errors import IntegrityError
from counterpoise.persist import DatasetFolder, Manifest, find_stored_evaluation, pass_over, read_manifest
from counterpoise.records import DatasetVersion
from counterpoise.results import SinceVersion
from counterpoise.versions._changes.data_changes import compare_data
from counterpoise.versions._changes.metric_changes import compare_metrics


def compare_with_previous(version: DatasetVersion, metrics: dict[str, Any]) -> SinceVersion | None:
    """Return the changes since the newest earlier version that was evaluated; None if there is none.

    Versions with an unreadable manifest or metrics are skipped with a warning.

    Args:
        version: The new version.
        metrics: Its metrics record.
    """
    folder = DatasetFolder.of(version)
    for number in reversed([number for number in folder.version_numbers() if number < version.version]):
        try:
            found = compare_with(folder, number, version=version.version, metrics=metrics)
        except IntegrityError as error:
            pass_over(error, f"not compared with version {number}")
            continue
        if found is not None:
            return found
    return None


def compare_with(folder: DatasetFolder, earlier: int, *, version: int, metrics: dict[str, Any]) -> SinceVersion | None:
    """Return the changes since an earlier version; None if that version was not evaluated.

    Args:
        folder: The dataset.
        earlier: The earlier version's number.
        version: The later one's.
        metrics: The later one's metrics record.

    Raises:
        IntegrityError: A manifest or the earlier metrics cannot be read.
    """
    known = read_metrics(folder, earlier)
    if known is None:
        return None
    before, after = read_manifest(folder, earlier), read_manifest(folder, version)
    return SinceVersion(
        version=earlier,
        created=before.created,
        data=compare_data(before, after),
        metrics=compare_metrics(known, metrics, same_test=_test_rows(before) == _test_rows(after)),
    )


def read_metrics(folder: DatasetFolder, version: int) -> dict[str, Any] | None:
    """Return a version's metrics record; None if it was not evaluated.

    Raises:
        IntegrityError: The metrics file was changed or damaged.
    """
    found = find_stored_evaluation(folder, version)
    return None if found is None else found.metrics


def _test_rows(manifest: Manifest) -> tuple[str, str]:
    """Return the values that identify the rows of test: source and fingerprint."""
    return manifest.source.digest, manifest.certificate.fingerprints["test"]
