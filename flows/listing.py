"""Find the versions at an address."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from counterpoise.errors import IntegrityError, VersionNotFoundError
from counterpoise.persist import DatasetFolder, damaged_manifests, is_dataset_name, parse_address, problem_of
from counterpoise.records import DatasetVersion
from counterpoise.versions import list_datasets, list_versions, newest_promotion

Found = TypeVar("Found")


def find_versions(address: str | Path) -> list[DatasetVersion]:
    """Return the versions of one dataset, or of all datasets under a root, ordered by name and number.

    Args:
        address: `root/name` or `root`.

    Raises:
        VersionNotFoundError: There is no version at that address.
        IntegrityError: There are versions, but none can be read.
    """
    datasets = list_datasets(address)
    found = [version for name in datasets for version in list_versions(address, name)]
    root, dataset, _ = parse_address(address)
    if not datasets and is_dataset_name(dataset):
        found = list_versions(root, dataset)
    if not found and (damaged := damaged_versions(address)):
        raise damaged[0]
    if not found:
        raise VersionNotFoundError(
            "no_versions",
            expected="a folder of datasets or one dataset, with published versions",
            found=f"none in {str(address)!r}",
            remedy="check the folder, which is output.root of the configuration, or run the flow",
        )
    return found


def damaged_versions(address: str | Path) -> list[IntegrityError]:
    """Return the errors of unreadable versions at an address; empty if all can be read.

    Args:
        address: `root/name` or `root`.
    """
    root, dataset, _ = parse_address(address)
    names = [(address, name) for name in list_datasets(address)] or [(root, dataset)]
    folders = [DatasetFolder(place, name) for place, name in names if is_dataset_name(name)]
    return [error for folder in folders for error in damaged_manifests(folder)]


def promoted_versions(versions: Iterable[DatasetVersion], *, warn: Callable[[str], None]) -> set[tuple[str, int]]:
    """Return the dataset and number of each promoted version.

    Args:
        versions: Versions of the datasets to check.
        warn: Called for each unreadable promotion; its dataset then has no known promoted version.
    """
    places = {(version.root, version.dataset) for version in versions}
    newest = {
        dataset: or_none(lambda: newest_promotion(DatasetFolder(root, dataset)), warn=warn)  # noqa: B023
        for root, dataset in sorted(places)
    }
    return {(dataset, promotion.version) for dataset, promotion in newest.items() if promotion is not None}


def or_none(read: Callable[[], Found | None], *, warn: Callable[[str], None]) -> Found | None:
    """Return the result of reading stored files, or None if they cannot be used.

    Args:
        read: Reads the files.
        warn: Called with the unusable file and the remedy.
    """
    try:
        return read()
    except IntegrityError as error:
        warn(problem_of(error))
        return None
