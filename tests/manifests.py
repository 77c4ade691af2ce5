"""Manifests for tests: facts without files, and manifests that are changed and signed anew as a forger would."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from counterpoise.config import BalanceConfig
from counterpoise.persist import DatasetFolder, Manifest
from counterpoise.persist._manifest import Facts, manifest_run_key
from counterpoise.runtime import file_sha256, json_sha256

Change = Callable[[dict[str, Any]], object]


def facts_of(*, change: Change | None = None, **config: Any) -> Facts:
    """Return facts that agree with themselves, of 1,000 rows with a tenth of positives.

    Args:
        change: Changes the content before it is signed.
        config: Sections of the configuration.
    """
    settings = {"name": "d", "source": {"path": "t.csv"}, "columns": {"target": "label"}, **config}
    data = f"data/{json_sha256(settings)[:32]}"
    part = {"no": 180, "yes": 20}
    content = {
        "dataset": settings["name"],
        "created": "2025-01-02T03:04:05+00:00",
        "run_key": "",
        "config": BalanceConfig.model_validate(settings).portable(),
        "suite_sha256": "",
        "seed": settings.get("seed", 0),
        "source": {"digest": "a", "rows": 1_000, "watermark": "", "notes": [], "rejected_lines": 0},
        "schema": [{"name": "x", "type": "double"}, {"name": "label", "type": "string"}],
        "data": data,
        "partitions": {
            "train": {"rows": 1_080, "classes": {"no": 540, "yes": 540}},
            "validation": {"rows": 200, "classes": part},
            "test": {"rows": 200, "classes": part},
        },
        "split": {
            "duplicate_rows": 0, "contradictory_rows": 0, "method": "random", "apart": {}, "spans": {}, "notes": [],
        },
        "rejected": 0,
        "dropped": 0,
        "resampling": {
            "strategy": "smote", "before": {"no": 540, "yes": 60}, "after": {"no": 540, "yes": 540},
            "repeated": 0, "synthetic": 480, "notes": [],
        },
        "prevalence": {},
        "files": [{"path": f"{data}/train/part-00000.parquet", "rows": 1_080, "bytes": 1, "sha256": "0" * 64}],
        "certificate": {
            "checks": {"rows_balance": True}, "rows_in": 1_000, "rows_original": 1_000, "rows_dropped": 0,
            "rows_rejected": 0, "fingerprints": {"validation": "0" * 16, "test": "0" * 16},
        },
        "libraries": {"python": "3.11.7"},
        "code": "0.1.0",
        "files_version": 6,
    }  # fmt: skip
    if change is not None:
        change(content)
    return Facts.model_validate_json(json.dumps(agreeing(content)), strict=True)


def agreeing(content: dict[str, Any]) -> dict[str, Any]:
    """Return a manifest's content with what follows from the rest of it."""
    resampling, total = content["resampling"], content["partitions"]
    shares = {
        name: {label: rows / max(1, sum(resampling[step].values())) for label, rows in resampling[step].items()}
        for name, step in (("natural", "before"), ("training", "after"))
    }
    for part in total.values():
        part["rows"] = sum(part["classes"].values())
    key = manifest_run_key(
        content["config"],
        suite_sha256=content["suite_sha256"],
        digest=content["source"]["digest"],
        code=content["code"],
        files_version=content["files_version"],
    )
    return {**content, "prevalence": shares, "run_key": key}


def manifest_of(*, version: int = 1, change: Change | None = None, **config: Any) -> Manifest:
    """Return a manifest of facts without files."""
    parent = version - 1 or None
    return Manifest.of(
        facts_of(change=change, **config), version=version, parent=parent, parent_sha256="0" * 64 if parent else ""
    )


def forge(folder: DatasetFolder, change: Change, *, version: int = 1) -> None:
    """Change a manifest and sign it anew: digest, run key and prevalence fit the change."""
    path = folder.manifest(version)
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(signed(agreeing(content))))


def signed(content: dict[str, Any]) -> dict[str, Any]:
    """Return a manifest's content with the digest that it has."""
    return {**content, "digest": json_sha256({name: value for name, value in content.items() if name != "digest"})}


def refit_digests(folder: DatasetFolder) -> None:
    """Sign the first version anew with the digests of its files as they are now."""

    def refit(content: dict[str, Any]) -> None:
        for file in content["files"]:
            path = folder.path / file["path"]
            file |= {"sha256": file_sha256(path), "bytes": path.stat().st_size}

    forge(folder, refit)
