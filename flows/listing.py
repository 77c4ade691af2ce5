"""Which versions lie under an address."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from counterpoise.errors import IntegrityError, VersionNotFoundError
from counterpoise.persist import DatasetFolder, damaged_manifests, is_dataset_name, parse_address, problem_of
from counterpoise.records import DatasetVersion
from counterpoise.versions import list_datasets, list_versions, newest_promotion

__all__ = ["damaged_versions", "find_versions", "or_none", "promoted_versions"]

Found = TypeVar("Found")


def find_versions(address: str | Path) -> list[DatasetVersion]:
    """Return the versions of one dataset, or of all datasets under a root, in order of name and number.

    Args:
        address: `root/name` or `root`.

    Raises:
        VersionNotFoundError: There is no version under that address.
        IntegrityError: There are versions, but none of them can be read.
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
    """Return why versions under an address cannot be read; nothing where all can.

    Args:
        address: `root/name` or `root`.
    """
    root, dataset, _ = parse_address(address)
    names = [(address, name) for name in list_datasets(address)] or [(root, dataset)]
    folders = [DatasetFolder(place, name) for place, name in names if is_dataset_name(name)]
    return [error for folder in folders for error in damaged_manifests(folder)]


def promoted_versions(versions: Iterable[DatasetVersion], *, warn: Callable[[str], None]) -> set[tuple[str, int]]:
    """Return dataset and number of the version that is promoted, for each dataset of which one is.

    Args:
        versions: Versions of the datasets to look at.
        warn: Told which promotion cannot be read: of that dataset none is known to be promoted.
    """
    places = {(version.root, version.dataset) for version in versions}
    newest = {
        dataset: or_none(lambda: newest_promotion(DatasetFolder(root, dataset)), warn=warn)  # noqa: B023
        for root, dataset in sorted(places)
    }
    return {(dataset, promotion.version) for dataset, promotion in newest.items() if promotion is not None}


def or_none(read: Callable[[], Found | None], *, warn: Callable[[str], None]) -> Found | None:
    """Return what is read of stored files, None where these cannot be used.

    Args:
        read: Reads it.
        warn: Told which file cannot be used, and what to do.
    """
    try:
        return read()
    except IntegrityError as error:
        warn(problem_of(error))
        return None
