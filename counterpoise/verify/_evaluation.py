"""Check that an evaluation is unchanged, and consistent with its own numbers and the version's other files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from counterpoise.errors import IntegrityError
from counterpoise.persist import (
    METRICS_FILE,
    DatasetFolder,
    StoredEvaluation,
    evaluation_name,
    find_stored_evaluation,
    has_evaluation,
    is_there,
    manifest_name,
    manifest_sha256,
    problem_of,
    read_evaluation_file,
    read_manifest,
)
from counterpoise.results import published_correction
from counterpoise.verify._synthetic_rows import grid_differences, learnt_rows, reconstruction_differences
from counterpoise.versions import ManifestFacts, mismatch

if TYPE_CHECKING:
    from counterpoise.results import PublishedMetrics


def evaluation_differences(folder: DatasetFolder, version: int) -> list[str]:
    """Return how a version's evaluation differs from the published one, in sentences; empty if it does not.

    Checks the digests of its files and of the manifest, the facts repeated from the manifest, and every number that
    follows from others. It does not check that the learners were trained and scored as stated.

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
        if name == "correction.json" and _correction(content) != published_correction(found.metrics):
            yield f"{found.folder}/{name}: not the correction in {METRICS_FILE}"
    corrected = found.record.correction or (found.record.one_vs_rest and "correction.json" in found.record.files)
    expected = {"report.html", *(["correction.json"] if corrected else [])}
    if found.record.files.keys() != expected:
        yield f"{evaluation_name(version)}/{METRICS_FILE}: should name exactly {', '.join(sorted(expected))}"
    for other in sorted({*folder.store.names(found.folder)} - {*expected, METRICS_FILE}):
        yield f"{found.folder}/{other}: not in {METRICS_FILE}"


def _correction(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def _record_differences(folder: DatasetFolder, found: StoredEvaluation, version: int) -> Iterator[str]:
    from counterpoise.verify._metrics import metric_differences
    from counterpoise.verify._stages import report_differences

    record = found.record
    if record.manifest_sha256 != manifest_sha256(folder, version):
        yield f"belongs to a manifest other than {manifest_name(version)}"
    facts = ManifestFacts.of(read_manifest(folder, version).as_json())
    yield from _against_manifest(record, facts)
    yield from grid_differences(folder, record, version)
    if record.report is not None:
        yield from report_differences(folder, record, facts)
    yield from metric_differences(record)
    yield from _previous_differences(folder, found, version)


def _against_manifest(record: PublishedMetrics, facts: ManifestFacts) -> Iterator[str]:
    """Yield where the record differs from the manifest."""
    settings = facts.config["evaluation"]
    yield from mismatch("strategy", record.strategy, facts.resampling["strategy"])
    yield from mismatch("learners", list(record.learners), settings["learners"])
    for part in ("validation", "test"):
        yield from mismatch(f"rows of {part}", getattr(record.rows, part).model_dump(), facts.partitions[part])
        if record.independence is not None and (units := facts.split.get("units")):
            yield from mismatch(f"units of {part}", getattr(record.independence, part).model_dump(), units[part])
    before = facts.resampling["before"]
    yield from mismatch("natural_rows", record.natural_rows, sum(before.values()))
    if record.rows.train_natural.rows == record.natural_rows:
        yield from mismatch("rows of train_natural", record.rows.train_natural.classes, before)
        resampled = record.rows.train_resampled.model_dump()
        yield from mismatch("rows of train_resampled", resampled, learnt_rows(facts) or resampled)
    yield from reconstruction_differences(record, facts)
    columns = len(facts.features)
    for strategy, encoded in record.features.items():
        kinds = encoded.numbers + encoded.dates + encoded.categories + encoded.texts + len(encoded.left_out)
        yield from mismatch(f"features of {strategy[:100]}", kinds, columns)
    costs = {name: settings[f"cost_{name}"] for name in ("false_positive", "false_negative")}
    yield from mismatch("costs", record.costs.model_dump(), costs)
    yield from mismatch("equivalence", record.equivalence, settings.get("equivalence", record.equivalence))
    for comparison in record.comparisons:
        if comparison.draws is not None and comparison.draws.number > settings.get("draws", comparison.draws.number):
            yield f"{comparison.draws.number} draws, while {settings['draws']} are configured"
    if record.threshold_rule is not None:
        yield from mismatch("threshold_rule", record.threshold_rule.metric, settings["threshold"])
        for arm in record.arms if settings["threshold"] == "fixed" else ():
            yield from mismatch(f"threshold of {arm.learner}", arm.threshold, settings["fixed_threshold"])
    if record.bootstrap.resamples > settings["bootstrap"]:
        yield f"{record.bootstrap.resamples} bootstrap resamples, while {settings['bootstrap']} are configured"


def _previous_differences(folder: DatasetFolder, found: StoredEvaluation, version: int) -> Iterator[str]:
    """Check the comparison with the previous version against their files, if these are readable."""
    from counterpoise.versions import compare_with

    previous = found.record.previous
    if previous is None:
        return
    if previous.version >= version:
        yield f"previous: version {previous.version} is not an earlier version"
        return
    try:
        wanted = compare_with(folder, previous.version, version=version, metrics=found.metrics)
    except (IntegrityError, FileNotFoundError):
        return  # damage to another version is reported for that version
    if wanted is None or wanted.model_dump(mode="json") != previous.model_dump(mode="json"):
        yield f"previous: differs from the files of version {previous.version}"
