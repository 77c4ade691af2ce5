"""Check an evaluation's facts about the other stages against the manifest, and its counts against its facts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from counterpoise.errors import IntegrityError
from counterpoise.persist import DatasetFolder, manifest_name, read_validation
from counterpoise.report import ReportData, count_up
from counterpoise.results import MetricsRecord, ReportFacts, ReportRecord, SyntheticReview
from counterpoise.table import degree_of_imbalance
from counterpoise.versions import ManifestFacts, mismatch

_OF_THE_SPLIT = ("method", "duplicate_rows", "contradictory_rows", "positive_class", "windows", "apart")
"""The facts of the split that a report repeats."""


def report_differences(folder: DatasetFolder, record: MetricsRecord, facts: ManifestFacts) -> Iterator[str]:
    """Yield where a record's facts about the other stages contradict the manifest or each other.

    Args:
        folder: The dataset.
        record: The metrics record.
        facts: The facts of the manifest.
    """
    report = record.report
    if report is None:
        return
    stated = report.model_dump(mode="json")
    for name, (value, wanted) in {**_published(stated, facts), **_of_stages(stated, facts)}.items():
        yield from mismatch(f"report: {name}", value, wanted)
    yield from _source(report, facts)
    yield from _validation(folder, report, facts)
    yield from _counts(record, report)


def _published(stated: dict[str, Any], facts: ManifestFacts) -> dict[str, tuple[Any, Any]]:
    made, stored = stated["reproducibility"], stated["persist"]
    return {
        "version": (stated["version"], facts.version),
        "dataset": (stated["dataset"], facts.dataset),
        "title": (stated["title"], f"{facts.dataset}, version {facts.version}"),
        "address": (stored["address"].rpartition("/")[2], f"{facts.dataset}@{facts.version}"),
        "manifest": (stored["manifest"], manifest_name(facts.version)),
        "partitions": (stored["partitions"], facts.partitions),
        "config": (made["config"], facts.config),
        **{name: (made[name], facts.rest[name]) for name in ("seed", "run_key", "libraries")},
        **{name: (stored[name], facts.rest[name]) for name in ("data", "rejected", "dropped", "certificate")},
    }


def _of_stages(stated: dict[str, Any], facts: ManifestFacts) -> dict[str, tuple[Any, Any]]:
    source, split, columns = stated["source"], stated["split"], facts.config["columns"]
    untouched = {name: facts.partitions[name]["classes"] for name in ("validation", "test")}
    place = facts.config["source"]
    parts = {
        **{name: (source[name], facts.source[name]) for name in ("rows", "digest", "rejected_lines")},
        **{name: (split[name], facts.split[name]) for name in _OF_THE_SPLIT},
        **{f"{name} of the split": (split.get(name), facts.split.get(name)) for name in ("unit", "units", "near")},
        **{name: (stated["resampling"][name], value) for name, value in facts.resampling.items()},
    }
    return {
        **parts,
        "location": (source["location"], place["path"] or place["url"]),
        "target": (source["target"], columns["target"]),
        "dropped columns": (source["dropped_columns"], columns["drop"]),
        "invalid rows": (stated["validation"]["on_invalid_rows"], facts.config["validation"]["on_invalid_rows"]),
        "duplicates": (split["duplicates"], facts.config["split"]["duplicates"]),
        "counts of the split": (split["counts"], {"train": facts.resampling["before"], **untouched}),
        "rejected rows": (split["rejected_rows"] + source["rejected_lines"], facts.rest["rejected"]),
    }


def _source(report: ReportRecord, facts: ManifestFacts) -> Iterator[str]:
    """Yield contradictions in the source's columns and classes."""
    known = [column.model_dump() for column in report.source.columns]
    if unknown := [column["name"] for column in facts.columns if column not in known]:
        yield f"report: columns of the source lack {', '.join(unknown)[:100]}"
    if missing := {*report.source.keys, *report.source.dropped_columns} - {column["name"] for column in known}:
        yield f"report: columns of the source lack {', '.join(sorted(missing))[:100]}"
    classes: dict[str, int] = {}
    for counts in report.split.counts.values():
        for name, rows in counts.items():
            classes[name] = classes.get(name, 0) + rows
    yield from mismatch("report: classes of the source", report.source.classes, classes)
    wanted = degree_of_imbalance(classes) if any(classes.values()) else None
    yield from mismatch("report: imbalance", report.source.imbalance, wanted)


def _validation(folder: DatasetFolder, report: ReportRecord, facts: ManifestFacts) -> Iterator[str]:
    """Check the verdict against `validation.json` if it is readable; otherwise the data check reports it."""
    if not facts.validation_sha256:
        return
    try:
        stored = read_validation(folder, f"{facts.rest['data']}/validation.json", sha256=facts.validation_sha256)
    except (FileNotFoundError, IntegrityError):
        return
    for name in ("success", "outcomes", "rejected_rows", "baseline"):
        yield from mismatch(f"report: validation: {name}", getattr(report.validation, name), getattr(stored, name))


def _counts(record: MetricsRecord, report: ReportRecord) -> Iterator[str]:
    """Check counts against the items they count."""
    quality = record.synthetic_quality
    if (quality.synthetic_rows if quality else 0) != report.resampling.synthetic:
        yield f"synthetic_quality: does not cover the {report.resampling.synthetic:,} synthetic rows"
    review = None if quality is None else SyntheticReview(quality=quality, outcomes=record.resampled_validation)
    plain = {name: getattr(report, name) for name in ReportFacts.model_fields}
    if count_up(ReportData(**plain, metrics=None, synthetic=review)) != report.counts:
        yield "report: counts differ from its facts"
