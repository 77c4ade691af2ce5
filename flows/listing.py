"""Which versions lie under an address."""

from __future__ import annotations

from pathlib import Path

from counterpoise.core.errors import VersionNotFoundError
from counterpoise.core.records import DatasetVersion
from counterpoise.core.versions import list_datasets, list_versions

__all__ = ["find_versions"]


def find_versions(address: Path) -> list[DatasetVersion]:
    """Return the versions of one dataset, or of all datasets under a root, in order of name and number.

    Args:
        address: `root/name` or `root`.

    Raises:
        VersionNotFoundError: There is no version under that address.
    """
    datasets = list_datasets(address)
    found = [version for name in datasets for version in list_versions(address, name)]
    if not datasets and (address / "versions").is_dir():
        found = list_versions(address.parent, address.name)
    if not found:
        raise VersionNotFoundError(
            "no_versions",
            expected="a folder of datasets or one dataset, with published versions",
            found=f"none in {str(address)!r}",
            remedy="check the folder, which is output.root of the configuration, or run the flow",
        )
    return found
