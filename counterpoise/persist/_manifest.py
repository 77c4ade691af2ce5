"""The manifest of a version, and the run key that identifies equal runs.

A manifest is parsed with a strict model and trusted only if it looks like one that Counterpoise wrote: its paths stay
within the version's own data folder, and its digest matches its content.
"""

from __future__ import annotations

import json
import platform
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache, cached_property
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
    NearDuplicates,
    PartitionSummary,
    Record,
    ResamplingPlan,
    Sealed,
    Sha256,
    Share,
    Snapshot,
    SplitPlan,
    StrategyChoice,
    Text,
    UnitKind,
    UnitSizes,
    VersionNumber,
    seal,
)
from counterpoise.runtime import json_sha256

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
_FILES_VERSION = 7
"""Increase this when the same configuration and source produce different bytes than before."""

_DATA = r"data/[0-9a-f]{32}"
_FILE = re.compile(
    rf"{_DATA}/(?:(?:keys/)?(?:train|validation|test)/part-\d{{5,9}}\.parquet"
    r"|rejected/(?:rows|lines)\.parquet|recipe/(?:copies|synthetic)\.parquet|(?:validation|profile)\.json)"
)

Shares = dict[str, Share]


class ManifestSource(Record):
    """The source that was read; `digest` covers its bytes and the reading options."""

    digest: Annotated[str, Field(min_length=1, max_length=200)]
    rows: Count
    watermark: Text
    notes: tuple[Text, ...]
    rejected_lines: Count


class ManifestSplit(Record):
    """How the rows were split, as in `SplitPlan`."""

    duplicate_rows: Count
    contradictory_rows: Count
    method: Literal["random", "grouped", "stable", "time"]
    apart: dict[str, Count]
    spans: dict[str, tuple[str, str]]
    windows: dict[str, tuple[str, str]] = Field(default_factory=dict)
    positive_class: Text = ""
    unit: UnitKind = "rows"
    units: dict[str, UnitSizes] = Field(default_factory=dict)
    near: NearDuplicates | None = None
    notes: tuple[Text, ...]


class ManifestResampling(Record):
    """How train was resampled, as in `ResamplingPlan`."""

    strategy: Annotated[str, Field(max_length=100)]
    before: ClassCounts
    after: ClassCounts
    repeated: Count
    synthetic: Count
    notes: tuple[Text, ...]
    choice: StrategyChoice | None = None


class Prevalence(Record):
    """Class shares in train, before and after resampling."""

    natural: Shares
    training: Shares


class Facts(Record):
    """The manifest without its number and parent.

    `config` is `BalanceConfig.portable()`. `columns` is called `schema` in JSON. `suite_sha256` is the digest of the
    suite's text, or empty without a suite. `files_version` and `code` are part of the run key.
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
                raise ValueError(f"config.{name} is not in the form that Counterpoise writes")
        return self

    @model_validator(mode="after")
    def _files_within_data(self) -> Self:
        paths = [file.path for file in self.files]
        if len(set(paths)) != len(paths):
            raise ValueError("a file is listed twice")
        for path in paths:
            if _FILE.fullmatch(path) is None or not path.startswith(f"{self.data}/"):
                raise ValueError(f"{path[:200]!r} is not a file of {self.data}")
        if not any(path.startswith(f"{self.data}/train/") for path in paths):
            raise ValueError("no train file is listed")
        return self

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        for name, holds in _agreements(self):
            if not holds:
                raise ValueError(f"{name} does not agree with the rest of the manifest")
        return self

    @cached_property
    def settings(self) -> BalanceConfig:
        """The configuration. Its variables are not expanded; expand them only if the user agrees."""
        return BalanceConfig.model_validate(self.config)

    def part_files(self, part: str) -> tuple[FileDigest, ...]:
        """Return the files of a part such as `train` or `keys/test`, or all files for an empty string."""
        prefix = f"{self.data}/{part}/" if part else f"{self.data}/"
        return tuple(file for file in self.files if file.path.startswith(prefix))


class Manifest(Sealed, Facts):
    """A published version.

    `parent` is the newest version before it, and `parent_sha256` the SHA-256 of the parent's manifest file.
    """

    format: Literal[2]
    version: VersionNumber
    parent: VersionNumber | None
    parent_sha256: Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")]

    @classmethod
    def of(cls, facts: Facts, *, version: int, parent: int | None, parent_sha256: str) -> Manifest:
        """Build a manifest from facts and a version number.

        Args:
            facts: The manifest without its number and parent.
            version: The version number.
            parent: The newest version before it, or None.
            parent_sha256: The SHA-256 of the parent's manifest file; empty without a parent.
        """
        place = {"format": 2, "version": version, "parent": parent, "parent_sha256": parent_sha256}
        content = {**place, **facts.model_dump(mode="json", by_alias=True)}
        return cls.model_validate_json(json.dumps(seal(content)), strict=True)

    @model_validator(mode="after")
    def _after_its_parent(self) -> Self:
        if (self.parent is None) != (not self.parent_sha256) or (self.parent or 0) >= self.version:
            raise ValueError("the parent is not an earlier version with a SHA-256")
        return self

    def as_json(self) -> dict[str, Any]:
        """Return the manifest in its stored form, JSON-serialisable."""
        content = self.model_dump(mode="json", by_alias=True)
        first = ("format", "version", "parent", "parent_sha256")
        return {name: content[name] for name in (*first, *(name for name in content if name not in first))}

    def text(self) -> str:
        """Return the text of the manifest's file."""
        return json.dumps(self.as_json(), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _agreements(facts: Facts) -> list[tuple[str, bool]]:
    """Return each fact that a manifest states twice, and whether both statements agree."""
    parts, certificate, resampling = facts.partitions, facts.certificate, facts.resampling
    train = parts.get("train")
    key = manifest_run_key(
        facts.config,
        suite_sha256=facts.suite_sha256,
        digest=facts.source.digest,
        code=facts.code,
        files_version=facts.files_version,
    )
    return [
        ("partitions", tuple(parts) == PARTITIONS),
        ("rows by class", all(sum(part.classes.values()) == part.rows for part in parts.values())),
        ("resampling.after", train is not None and train.classes == resampling.after),
        ("resampling.before", set(resampling.before) == set(resampling.after)),
        ("classes", all(set(part.classes) == set(resampling.before) for part in parts.values())),
        ("prevalence", facts.prevalence == _prevalence(resampling.before, resampling.after)),
        ("seed", facts.settings.seed == facts.seed),
        ("dataset", facts.settings.name == facts.dataset),
        ("run_key", facts.run_key == key),
        ("the certificate's checks", certificate.holds and bool(certificate.checks)),
        ("rows_in", certificate.rows_in == facts.source.rows + facts.source.rejected_lines),
        ("dropped", certificate.rows_dropped == facts.dropped),
        ("rejected", certificate.rows_rejected == facts.rejected),
        ("rows_original", certificate.rows_original == certificate.rows_in - facts.dropped - facts.rejected),
    ]


def run_key(config: BalanceConfig, digest: str) -> str:
    """Return the key that identifies a run: its configuration, the source's content and the code's version.

    The key ignores where the source, the suite and the dataset are stored, when a run stops over changes, and the
    settings of comparison, promotion, monitoring, timeouts and workers.
    """
    return manifest_run_key(
        config.published(),
        suite_sha256=_suite_sha256(config),
        digest=digest,
        code=metadata.version("counterpoise"),
        files_version=_FILES_VERSION,
    )


def manifest_run_key(
    config: Mapping[str, Any], *, suite_sha256: str, digest: str, code: str, files_version: int
) -> str:
    """Return the run key that follows from a manifest's fields.

    Args:
        config: The configuration, JSON-serialisable.
        suite_sha256: The digest of the suite's text; empty without a suite.
        digest: The source's digest.
        code: The version of Counterpoise.
        files_version: The version of the file format.
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
    """Return the versions of Python and of the libraries that affect the result."""
    return {"python": platform.python_version(), **{name: _version(name) for name in _LIBRARIES}}


_version = cache(metadata.version)  # reading a distribution's metadata takes a millisecond


def draft_manifest(
    config: BalanceConfig, *, snapshot: Snapshot, split: SplitPlan, resampling: ResamplingPlan, data: str,
    schema: pa.Schema, files: tuple[FileDigest, ...], certificate: Certificate,
) -> Facts:  # fmt: skip
    """Return the manifest's facts: JSON-serialisable, without secrets, relative paths only."""
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
