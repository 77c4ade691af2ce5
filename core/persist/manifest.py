"""What a manifest says, and what makes two runs the same."""

from __future__ import annotations

import platform
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import pyarrow as pa

from counterpoise.core.config import BalanceConfig
from counterpoise.core.digest import json_sha256
from counterpoise.core.persist.layout import DatasetFolder, manifest_name
from counterpoise.core.records import (
    PARTITIONS,
    Certificate,
    ClassCounts,
    DatasetVersion,
    FileDigest,
    PartitionSummary,
    ResamplingPlan,
    Snapshot,
    SplitPlan,
)

__all__ = ["draft_manifest", "library_versions", "run_key", "version_record"]

_LIBRARIES = (
    "prefect",
    "pandas",
    "pyarrow",
    "numpy",
    "imbalanced-learn",
    "scikit-learn",
    "great-expectations",
    "duckdb",
    "skrub",
)
_FILES_VERSION = 4
"""Raised when the same configuration and source give other bytes than before."""


def run_key(config: BalanceConfig, digest: str) -> str:
    """Return what identifies a run: its configuration, its source's content and the code's version.

    Where the source lies, where the dataset is published, when a run stops over what has changed, what a tournament
    compares, when a version is promoted, what is monitored, how long a stage may take and which machines do the work
    make no difference.
    """
    settings = config.published()
    for place in ("root", "credentials_block"):
        settings["output"].pop(place)
    for place in ("path", "url", "table", "query", "watermark", "since", "until", "credentials_block"):
        settings["source"].pop(place)
    for policy in ("drift", "drift_ignore", "earlier_rows", "schema_changes"):
        settings["validation"].pop(policy)
    for section in ("tournament", "promotion", "monitor", "timeouts", "engine"):
        settings.pop(section)
    return json_sha256([settings, _suite_digest(config), digest, metadata.version("counterpoise"), _FILES_VERSION])


def _suite_digest(config: BalanceConfig) -> str:
    suite = config.validation.suite
    return json_sha256(Path(suite).read_text(encoding="utf-8")) if suite and Path(suite).is_file() else ""


def library_versions() -> dict[str, str]:
    """Return the versions of Python and of the libraries that decide the result."""
    return {"python": platform.python_version(), **{name: metadata.version(name) for name in _LIBRARIES}}


def draft_manifest(
    config: BalanceConfig, *, snapshot: Snapshot, split: SplitPlan, resampling: ResamplingPlan, data: str,
    schema: pa.Schema, files: tuple[FileDigest, ...], certificate: Certificate,
) -> dict[str, Any]:  # fmt: skip
    """Return the manifest but for its number: JSON-serialisable, without secrets, relative paths only."""
    classes = {**split.counts, "train": resampling.after}
    lines = snapshot.rejected_lines
    return {
        "dataset": config.name,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "run_key": run_key(config, snapshot.digest),
        "config": config.portable(),
        "seed": config.seed,
        "source": {**snapshot.model_dump(include={"digest", "rows", "watermark", "notes"}), "rejected_lines": lines},
        "schema": [{"name": field.name, "type": str(field.type)} for field in schema],
        "data": data,
        "partitions": {name: {"rows": sum(classes[name].values()), "classes": classes[name]} for name in PARTITIONS},
        "split": split.model_dump(
            include={"method", "duplicate_rows", "contradictory_rows", "apart", "spans", "notes"}
        ),
        "rejected": split.rejected_rows + lines,
        "dropped": resampling.dropped,
        "resampling": resampling.model_dump(include={"strategy", "before", "after", "repeated", "synthetic", "notes"}),
        "prevalence": {"natural": _shares(resampling.before), "training": _shares(resampling.after)},
        "files": [file.model_dump() for file in files],
        "certificate": certificate.model_dump(),
        "libraries": library_versions(),
        "code": metadata.version("counterpoise"),
    }


def _shares(counts: ClassCounts) -> dict[str, float]:
    total = sum(counts.values())
    return {name: count / total for name, count in counts.items()}


def version_record(folder: DatasetFolder, manifest: dict[str, Any], *, created: bool) -> DatasetVersion:
    """Return the record of a published version.

    Args:
        folder: The dataset.
        manifest: The version's manifest.
        created: Whether this run published it.
    """
    version = manifest["version"]
    return DatasetVersion(
        root=str(folder.root),
        dataset=folder.dataset,
        version=version,
        run_key=manifest["run_key"],
        data=manifest["data"],
        manifest=manifest_name(version),
        partitions={name: PartitionSummary(**part) for name, part in manifest["partitions"].items()},
        rejected=manifest["rejected"],
        dropped=manifest["dropped"],
        created=created,
    )
