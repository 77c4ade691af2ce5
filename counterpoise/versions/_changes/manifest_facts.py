"""The manifest's facts that other files repeat."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class ManifestFacts:
    """The facts of a manifest that an evaluation repeats, as plain JSON.

    Attributes:
        version: The version number.
        dataset: The dataset's name.
        columns: Names and types of the published columns.
        validation_sha256: The digest of `validation.json`; empty if there is none.
        partitions: Rows by partition.
        config: The configuration.
        source: The source.
        resampling: How train was resampled.
        split: How the rows were split.
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
        """Extract the facts from a manifest."""
        rest = ("seed", "run_key", "data", "rejected", "dropped", "certificate", "libraries")
        digests = {file["path"]: file["sha256"] for file in manifest["files"]}
        same = ("version", "dataset", "partitions", "config", "source", "resampling", "split")
        return cls(
            columns=manifest["schema"],
            validation_sha256=digests.get(f"{manifest['data']}/validation.json", ""),
            rest={name: manifest[name] for name in rest},
            **{name: manifest[name] for name in same},
        )

    @property
    def features(self) -> list[str]:
        """The published columns without the label."""
        target = self.config["columns"]["target"]
        return [column["name"] for column in self.columns if column["name"] != target]


def mismatch(name: str, found: Any, wanted: Any) -> Iterator[str]:
    """Yield a sentence if a value differs from the expected one.

    Args:
        name: The name of the value.
        found: The actual value.
        wanted: The expected value.
    """
    if found != wanted:
        yield f"{name} is {str(found)[:100]} instead of {str(wanted)[:100]}"
