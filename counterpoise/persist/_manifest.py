"""The manifest of a version: what it says, and what makes two runs the same.

A manifest is read as a strict model and believed only as far as it is shaped like one that Counterpoise wrote: paths
lie within the version's own data folder, and its digest is that of its content.
"""

from __future__ import annotations

import json
import platform
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cached_property
from importlib import metadata
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import pyarrow as pa
from pydantic import Field, model_validator

from counterpoise.config import BalanceConfig
from counterpoise.persist._layout import DatasetFolder, manifest_name
from counterpoise.records import (
    PARTITIONS,
    Certificate,
    ClassCounts,
    ColumnSchema,
    Count,
    DatasetVersion,
    FileDigest,
    Moment,
    PartitionSummary,
    Record,
    ResamplingPlan,
    Sealed,
    Sha256,
    Share,
    Snapshot,
    SplitPlan,
    Text,
    VersionNumber,
    seal,
)
from counterpoise.runtime import json_sha256

__all__ = ["Facts", "Manifest", "draft_manifest", "library_versions", "manifest_run_key", "run_key", "version_record"]

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
_FILES_VERSION = 5
"""Raised when the same configuration and source give other bytes than before."""

_DATA = r"data/[0-9a-f]{32}"
_FILE = re.compile(
    rf"{_DATA}/(?:(?:keys/)?(?:train|validation|test)/part-\d{{5,9}}\.parquet"
    r"|rejected/(?:rows|lines)\.parquet|recipe/(?:copies|synthetic)\.parquet|(?:validation|profile)\.json)"
)

Shares = dict[str, Share]


class ManifestSource(Record):
    """What was read: `digest` identifies its bytes and the reading options."""

    digest: Annotated[str, Field(min_length=1, max_length=200)]
    rows: Count
    watermark: Text
    notes: tuple[Text, ...]
    rejected_lines: Count


class ManifestSplit(Record):
    """How rows were divided, as in `SplitPlan`."""

    duplicate_rows: Count
    contradictory_rows: Count
    method: Literal["random", "grouped", "stable", "time"]
    apart: dict[str, Count]
    spans: dict[str, tuple[str, str]]
    notes: tuple[Text, ...]


class ManifestResampling(Record):
    """What happened to train, as in `ResamplingPlan`."""

    strategy: Annotated[str, Field(max_length=100)]
    before: ClassCounts
    after: ClassCounts
    repeated: Count
    synthetic: Count
    notes: tuple[Text, ...]


class Prevalence(Record):
    """Shares of the classes in train, before and after resampling."""

    natural: Shares
    training: Shares


class Facts(Record):
    """Everything that a version says of itself but for its place among the versions.

    `config` is `BalanceConfig.portable()`; `schema` in JSON is `columns` here; `suite_sha256` is that of the suite's
    text, an empty text where there was none; `files_version` and `code` are part of the run key.
    """

    dataset: Annotated[str, Field(max_length=100)]
    created: Moment
    run_key: Sha256
    config: dict[str, Any]
    suite_sha256: Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")]
    seed: Count
    source: ManifestSource
    columns: Annotated[tuple[ColumnSchema, ...], Field(alias="schema", min_length=1)]
    data: Annotated[str, Field(pattern=rf"^{_DATA}$")]
    partitions: dict[str, PartitionSummary]
    split: ManifestSplit
    rejected: Count
    dropped: Count
    resampling: ManifestResampling
    prevalence: Prevalence
    files: Annotated[tuple[FileDigest, ...], Field(min_length=1)]
    certificate: Certificate
    libraries: dict[str, Annotated[str, Field(max_length=100)]]
    code: Annotated[str, Field(max_length=100)]
    files_version: Count

    @model_validator(mode="after")
    def _config_as_it_is_written(self) -> Self:
        read = self.settings.published()
        for name, value in self.config.items():
            known = {field: read[name].get(field) for field in value} if isinstance(value, dict) else read[name]
            if json.dumps(value) != json.dumps(known):
                raise ValueError(f"config.{name} is not as it is written")
        return self

    @model_validator(mode="after")
    def _files_within_data(self) -> Self:
        paths = [file.path for file in self.files]
        if len(set(paths)) != len(paths):
            raise ValueError("a file is listed twice")
        for path in paths:
            if _FILE.fullmatch(path) is None or not path.startswith(f"{self.data}/"):
                raise ValueError(f"{path[:200]!r} is no file of {self.data}")
        if not any(path.startswith(f"{self.data}/train/") for path in paths):
            raise ValueError("no file of train is listed")
        return self

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        for name, holds in _agreements(self):
            if not holds:
                raise ValueError(f"{name} does not agree with the rest of the manifest")
        return self

    @cached_property
    def settings(self) -> BalanceConfig:
        """The configuration. No variable in it is expanded here, and nobody should without being asked to."""
        return BalanceConfig.model_validate(self.config)

    def part_files(self, part: str) -> tuple[FileDigest, ...]:
        """Return the files of a part, such as `train` or `keys/test`; of all parts with an empty text."""
        prefix = f"{self.data}/{part}/" if part else f"{self.data}/"
        return tuple(file for file in self.files if file.path.startswith(prefix))


class Manifest(Sealed, Facts):
    """A published version.

    `parent` is the newest version before it, and `parent_sha256` the SHA-256 of that one's manifest file.
    """

    format: Literal[2]
    version: VersionNumber
    parent: VersionNumber | None
    parent_sha256: Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")]

    @classmethod
    def of(cls, facts: Facts, *, version: int, parent: int | None, parent_sha256: str) -> Manifest:
        """Return the manifest of facts under a number.

        Args:
            facts: What the version says of itself.
            version: Its number.
            parent: The newest version before it; None for none.
            parent_sha256: The SHA-256 of that one's manifest file; an empty text for none.
        """
        place = {"format": 2, "version": version, "parent": parent, "parent_sha256": parent_sha256}
        content = {**place, **facts.model_dump(mode="json", by_alias=True)}
        return cls.model_validate_json(json.dumps(seal(content)), strict=True)

    @model_validator(mode="after")
    def _after_its_parent(self) -> Self:
        if (self.parent is None) != (not self.parent_sha256) or (self.parent or 0) >= self.version:
            raise ValueError("the parent is no earlier version with a SHA-256")
        return self

    def as_json(self) -> dict[str, Any]:
        """Return the manifest as it is written, JSON-serialisable."""
        content = self.model_dump(mode="json", by_alias=True)
        first = ("format", "version", "parent", "parent_sha256")
        return {name: content[name] for name in (*first, *(name for name in content if name not in first))}

    def text(self) -> str:
        """Return the manifest's file."""
        return json.dumps(self.as_json(), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _agreements(facts: Facts) -> list[tuple[str, bool]]:
    """Return what a manifest says twice, and whether it says the same."""
    parts, certificate, resampling = facts.partitions, facts.certificate, facts.resampling
    train = parts.get("train")
    return [
        ("partitions", tuple(parts) == PARTITIONS),
        ("rows by class", all(sum(part.classes.values()) == part.rows for part in parts.values())),
        ("resampling.after", train is not None and train.classes == resampling.after),
        ("resampling.before", set(resampling.before) == set(resampling.after)),
        ("classes", all(set(part.classes) == set(resampling.before) for part in parts.values())),
        ("prevalence", facts.prevalence == _prevalence(resampling.before, resampling.after)),
        ("seed", facts.settings.seed == facts.seed),
        ("dataset", facts.settings.name == facts.dataset),
        ("run_key", facts.run_key == _run_key_of(facts)),
        ("the certificate's checks", certificate.holds and bool(certificate.checks)),
        ("rows_in", certificate.rows_in == facts.source.rows + facts.source.rejected_lines),
        ("dropped", certificate.rows_dropped == facts.dropped),
        ("rejected", certificate.rows_rejected == facts.rejected),
        ("rows_original", certificate.rows_original == certificate.rows_in - facts.dropped - facts.rejected),
    ]


def run_key(config: BalanceConfig, digest: str) -> str:
    """Return what identifies a run: its configuration, its source's content and the code's version.

    Where the source and the suite lie, where the dataset is published, when a run stops over what has changed, what a
    tournament compares, when a version is promoted, what is monitored, how long a stage may take and which machines do
    the work make no difference.
    """
    return manifest_run_key(
        config.published(),
        suite_sha256=_suite_sha256(config),
        digest=digest,
        code=metadata.version("counterpoise"),
        files_version=_FILES_VERSION,
    )


def _run_key_of(facts: Facts) -> str:
    return manifest_run_key(
        facts.config,
        suite_sha256=facts.suite_sha256,
        digest=facts.source.digest,
        code=facts.code,
        files_version=facts.files_version,
    )


def manifest_run_key(
    config: Mapping[str, Any], *, suite_sha256: str, digest: str, code: str, files_version: int
) -> str:
    """Return the run key that follows from what a manifest says.

    Args:
        config: The configuration, JSON-serialisable.
        suite_sha256: What identifies the suite's text; an empty text for none.
        digest: The source's digest.
        code: The version of Counterpoise.
        files_version: The version of what it writes.
    """
    settings = {name: dict(section) if isinstance(section, Mapping) else section for name, section in config.items()}
    settings = {"output": {}, "validation": {}, **settings}
    for place in ("root", "credentials_block"):
        settings["output"].pop(place, None)
    for place in ("path", "url", "table", "query", "watermark", "since", "until", "credentials_block"):
        settings["source"].pop(place, None)
    for policy in ("suite", "drift", "drift_ignore", "earlier_rows", "schema_changes"):
        settings["validation"].pop(policy, None)
    for section in ("tournament", "promotion", "monitor", "timeouts", "engine"):
        settings.pop(section, None)
    return json_sha256([settings, suite_sha256, digest, code, files_version])


def _suite_sha256(config: BalanceConfig) -> str:
    suite = config.validation.suite
    return json_sha256(Path(suite).read_text(encoding="utf-8")) if suite and Path(suite).is_file() else ""


def library_versions() -> dict[str, str]:
    """Return the versions of Python and of the libraries that decide the result."""
    return {"python": platform.python_version(), **{name: metadata.version(name) for name in _LIBRARIES}}


def draft_manifest(
    config: BalanceConfig, *, snapshot: Snapshot, split: SplitPlan, resampling: ResamplingPlan, data: str,
    schema: pa.Schema, files: tuple[FileDigest, ...], certificate: Certificate,
) -> Facts:  # fmt: skip
    """Return what a version says of itself: JSON-serialisable, without secrets, relative paths only."""
    classes = {**split.counts, "train": resampling.after}
    lines = snapshot.rejected_lines
    content = {
        "dataset": config.name,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "run_key": run_key(config, snapshot.digest),
        "config": config.portable(),
        "suite_sha256": _suite_sha256(config),
        "seed": config.seed,
        "source": {**snapshot.model_dump(include={"digest", "rows", "watermark", "notes"}), "rejected_lines": lines},
        "schema": [{"name": field.name, "type": str(field.type)} for field in schema],
        "data": data,
        "partitions": {name: {"rows": sum(classes[name].values()), "classes": classes[name]} for name in PARTITIONS},
        "split": split.model_dump(include=set(ManifestSplit.model_fields)),
        "rejected": split.rejected_rows + lines,
        "dropped": resampling.dropped,
        "resampling": resampling.model_dump(include=set(ManifestResampling.model_fields)),
        "prevalence": _prevalence(resampling.before, resampling.after).model_dump(),
        "files": [file.model_dump() for file in files],
        "certificate": certificate.model_dump(),
        "libraries": library_versions(),
        "code": metadata.version("counterpoise"),
        "files_version": _FILES_VERSION,
    }
    return Facts.model_validate_json(json.dumps(content), strict=True)


def _prevalence(before: ClassCounts, after: ClassCounts) -> Prevalence:
    return Prevalence(natural=_shares(before), training=_shares(after))


def _shares(counts: ClassCounts) -> dict[str, float]:
    total = sum(counts.values())
    return {name: count / max(1, total) for name, count in counts.items()}


def version_record(folder: DatasetFolder, manifest: Manifest, *, created: bool) -> DatasetVersion:
    """Return the record of a published version.

    Args:
        folder: The dataset.
        manifest: The version's manifest.
        created: Whether this run published it.
    """
    return DatasetVersion(
        root=str(folder.root),
        dataset=folder.dataset,
        version=manifest.version,
        run_key=manifest.run_key,
        data=manifest.data,
        manifest=manifest_name(manifest.version),
        partitions=manifest.partitions,
        rejected=manifest.rejected,
        dropped=manifest.dropped,
        created=created,
    )
