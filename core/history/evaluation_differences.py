"""Whether an evaluation is what was published, and says what its own numbers and the version's other files say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from counterpoise.core.errors import IntegrityError
from counterpoise.core.persist.commit import manifest_sha256, read_manifest
from counterpoise.core.persist.evaluation_files import (
    METRICS_FILE,
    StoredEvaluation,
    as_json,
    find_stored_evaluation,
    has_evaluation,
    read_evaluation_file,
)
from counterpoise.core.persist.layout import DatasetFolder, evaluation_name, manifest_name
from counterpoise.core.persist.stored_files import is_there, problem_of

if TYPE_CHECKING:
    from counterpoise.core.metrics.record import PublishedMetrics

__all__ = ["evaluation_differences"]


def evaluation_differences(folder: DatasetFolder, version: int) -> list[str]:
    """Return how a version's evaluation differs from what was published, in sentences; nothing where it holds.

    Checked are the digests of its files and of the manifest, what the manifest says too, and every number of the
    record that follows from others. That learners were trained and judged as it says is not.

    Args:
        folder: The dataset.
        version: The version, which has a manifest.
    """
    name = f"{evaluation_name(version)}/{METRICS_FILE}"
    try:
        found = find_stored_evaluation(folder, version)
    except IntegrityError as error:
        return [problem_of(error)]
    if found is None:
        left = is_there(folder, f"{evaluation_name(version)}/report.html") and not has_evaluation(folder, version)
        return [f"{name}: missing, while {evaluation_name(version)}/report.html is there"] if left else []
    return [
        *_file_differences(folder, found, version),
        *(f"{name}: {difference}" for difference in _record_differences(folder, found, version)),
    ]


def _file_differences(folder: DatasetFolder, found: StoredEvaluation, version: int) -> Iterator[str]:
    for name in found.record.files:
        try:
            content = read_evaluation_file(folder, found, name)
        except IntegrityError as error:
            yield problem_of(error)
            continue
        if name == "correction.json" and content != as_json(found.metrics["correction"]).encode():
            yield f"{found.folder}/{name}: not the correction that {METRICS_FILE} has"
    expected = {"report.html", *(["correction.json"] if found.record.correction else [])}
    if found.record.files.keys() != expected:
        yield f"{evaluation_name(version)}/{METRICS_FILE}: names other files than {', '.join(sorted(expected))}"
    for name in sorted({*folder.store.names(found.folder)} - {*expected, METRICS_FILE}):
        yield f"{found.folder}/{name}: not in {METRICS_FILE}"


def _record_differences(folder: DatasetFolder, found: StoredEvaluation, version: int) -> Iterator[str]:
    from counterpoise.core.history.metric_checks import metric_differences

    record = found.record
    if record.manifest_sha256 != manifest_sha256(folder, version):
        yield f"of another manifest than {manifest_name(version)}"
    facts = _Facts.of(read_manifest(folder, version))
    yield from _against_manifest(record, facts)
    if record.report is not None:
        yield from _report_differences(record, facts, version)
    yield from metric_differences(record)
    yield from _previous_differences(folder, found, version)


@dataclass(frozen=True)
class _Facts:
    """What an evaluation repeats of a manifest, as plain JSON."""

    dataset: str
    config: dict[str, Any]
    source: dict[str, Any]
    partitions: dict[str, Any]
    resampling: dict[str, Any]
    rest: dict[str, Any]

    @classmethod
    def of(cls, manifest: dict[str, Any]) -> _Facts:
        rest = ("seed", "run_key", "data", "rejected", "dropped", "certificate", "libraries")
        return cls(
            manifest["dataset"],
            manifest["config"],
            manifest["source"],
            manifest["partitions"],
            manifest["resampling"],
            {name: manifest[name] for name in rest},
        )


def _against_manifest(record: PublishedMetrics, facts: _Facts) -> Iterator[str]:
    """Yield what the record says otherwise than the manifest."""
    settings = facts.config["evaluation"]
    yield from _unlike("strategy", record.strategy, facts.resampling["strategy"])
    yield from _unlike("learners", list(record.learners), settings["learners"])
    for part in ("validation", "test"):
        yield from _unlike(f"rows of {part}", getattr(record.rows, part).model_dump(), facts.partitions[part])
    before = facts.resampling["before"]
    yield from _unlike("natural_rows", record.natural_rows, sum(before.values()))
    if record.rows.train_natural.rows == record.natural_rows:
        yield from _unlike("rows of train_natural", record.rows.train_natural.classes, before)
        yield from _unlike(
            "rows of train_resampled", record.rows.train_resampled.model_dump(), facts.partitions["train"]
        )
    costs = {name: settings[f"cost_{name}"] for name in ("false_positive", "false_negative")}
    yield from _unlike("costs", record.costs.model_dump(), costs)
    if record.threshold_rule is not None:
        yield from _unlike("threshold_rule", record.threshold_rule.metric, settings["threshold"])
    if record.bootstrap.resamples > settings["bootstrap"]:
        yield f"{record.bootstrap.resamples} bootstrap resamples, while {settings['bootstrap']} were asked for"


def _report_differences(record: PublishedMetrics, facts: _Facts, version: int) -> Iterator[str]:
    """Yield what the record's facts of the other stages say otherwise than the manifest, or than themselves."""
    from counterpoise.core.quality.records import SyntheticReview
    from counterpoise.core.report.data import ReportData, ReportFacts
    from counterpoise.core.report.facts import count_up

    report = record.report
    if report is None:
        return
    said = report.model_dump(mode="json")
    made, stored = said["reproducibility"], said["persist"]
    expected = {
        "version": (report.version, version),
        "dataset": (report.dataset, facts.dataset),
        "source": (
            {name: said["source"][name] for name in ("rows", "digest", "rejected_lines")},
            {name: facts.source[name] for name in ("rows", "digest", "rejected_lines")},
        ),
        "resampling": (
            {name: said["resampling"][name] for name in facts.resampling},
            facts.resampling,
        ),
        "manifest": (stored["manifest"], manifest_name(version)),
        "partitions": (stored["partitions"], facts.partitions),
        "config": (made["config"], facts.config),
        **{name: (made[name], facts.rest[name]) for name in ("seed", "run_key", "libraries")},
        **{name: (stored[name], facts.rest[name]) for name in ("data", "rejected", "dropped", "certificate")},
    }
    for name, (value, wanted) in expected.items():
        yield from _unlike(f"report: {name}", value, wanted)
    quality = record.synthetic_quality
    if (quality.synthetic_rows if quality else 0) != report.resampling.synthetic:
        yield f"synthetic_quality: not of the {report.resampling.synthetic:,} synthetic rows"
    review = None if quality is None else SyntheticReview(quality=quality, outcomes=record.resampled_validation)
    plain = {name: getattr(report, name) for name in ReportFacts.model_fields}
    if count_up(ReportData(**plain, metrics=None, synthetic=review)) != report.counts:
        yield "report: counts are not those of its facts"


def _previous_differences(folder: DatasetFolder, found: StoredEvaluation, version: int) -> Iterator[str]:
    """Yield that the comparison with the previous version is not that of their files, where these can be read."""
    from counterpoise.core.history.previous import compare_with

    previous = found.record.previous
    if previous is None:
        return
    if previous.version >= version:
        yield f"previous: version {previous.version} is not before"
        return
    try:
        wanted = compare_with(folder, previous.version, version=version, metrics=found.metrics)
    except (IntegrityError, FileNotFoundError):
        return  # what another version's files are worth is told of that version
    if wanted is None or wanted.model_dump(mode="json") != previous.model_dump(mode="json"):
        yield f"previous: not what the files of version {previous.version} say"


def _unlike(name: str, found: Any, wanted: Any) -> Iterator[str]:
    if found != wanted:
        yield f"{name} is {str(found)[:100]} instead of {str(wanted)[:100]}"
