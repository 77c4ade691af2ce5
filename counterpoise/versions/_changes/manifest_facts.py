"""What other files repeat of a manifest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

__all__ = ["ManifestFacts", "unlike"]


@dataclass(frozen=True)
class ManifestFacts:
    """What an evaluation repeats of a manifest, as plain JSON.

    Attributes:
        version: The version's number.
        dataset: The dataset's name.
        columns: Name and type of the published columns.
        validation_sha256: The digest of `validation.json`; an empty text where there is none.
        partitions: Rows by partition.
        config: The configuration.
        source: The source.
        resampling: What happened to train.
        split: How rows were divided.
        rest: The other fields, by name.
    """

    version: int
    dataset: str
    columns: list[dict[str, str]]
    validation_sha256: str
    partitions: dict[str, Any]
    config: dict[str, Any]
    source: dict[str, Any]
    resampling: dict[str, Any]
    split: dict[str, Any]
    rest: dict[str, Any]

    @classmethod
    def of(cls, manifest: dict[str, Any]) -> ManifestFacts:
        """Take the facts out of a manifest."""
        rest = ("seed", "run_key", "data", "rejected", "dropped", "certificate", "libraries")
        digests = {file["path"]: file["sha256"] for file in manifest["files"]}
        return cls(
            version=manifest["version"],
            dataset=manifest["dataset"],
            columns=manifest["schema"],
            validation_sha256=digests.get(f"{manifest['data']}/validation.json", ""),
            partitions=manifest["partitions"],
            config=manifest["config"],
            source=manifest["source"],
            resampling=manifest["resampling"],
            split=manifest["split"],
            rest={name: manifest[name] for name in rest},
        )

    @property
    def features(self) -> list[str]:
        """The published columns without the label."""
        target = self.config["columns"]["target"]
        return [column["name"] for column in self.columns if column["name"] != target]


def unlike(name: str, found: Any, wanted: Any) -> Iterator[str]:
    """Yield that a value is not what it must be, where it is not.

    Args:
        name: What it is called.
        found: The value.
        wanted: What it must be.
    """
    if found != wanted:
        yield f"{name} is {str(found)[:100]} instead of {str(wanted)[:100]}"
