from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from counterpoise.persist import DatasetFolder, store_evaluation
from counterpoise.records import DatasetVersion
from counterpoise.results import SinceVersion
from counterpoise.versions._changes.previous import compare_with_previous
from tests.damage import damage_told
from tests.snapshots import mixed_table, run_engine
from tests.versions.records import metrics_of


def evaluate_by_hand(version: DatasetVersion, **facts: Any) -> None:
    folder = DatasetFolder(version.root, version.dataset)
    store_evaluation(folder, version.version, metrics=metrics_of(**facts), files={"report.html": "<p></p>"})


def versions(folder: Path, count: int) -> list[DatasetVersion]:
    return [run_engine(mixed_table(300), folder, seed=seed).version for seed in range(count)]


def test_the_first_version_has_no_previous_one(tmp_path: Path) -> None:
    (first,) = versions(tmp_path, 1)
    assert compare_with_previous(first, metrics_of()) is None


def test_the_newest_earlier_version_that_was_evaluated_is_the_previous_one(tmp_path: Path) -> None:
    first, second, third, fourth = versions(tmp_path, 4)
    for version in (first, second, fourth):
        evaluate_by_hand(version)
    since = compare_with_previous(third, metrics_of())
    assert since is not None
    assert since.version == 2
    assert [field.path for field in since.data.config] == ["seed"]
    assert since.data.same_source
    assert not since.metrics.same_test
    assert SinceVersion.model_validate_json(since.model_dump_json()) == since


def test_the_same_test_rows_are_recognised(tmp_path: Path) -> None:
    table = mixed_table(300)
    first = run_engine(table, tmp_path).version
    evaluate_by_hand(first)
    second = run_engine(table, tmp_path, resampling={"strategy": "random_under"}).version
    since = compare_with_previous(second, metrics_of(strategy="random_under"))
    assert since is not None
    assert since.metrics.same_test
    assert [field.path for field in since.data.config] == ["resampling.strategy"]


def test_metrics_that_cannot_be_read_cost_only_their_own_version(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    first, second, third = versions(tmp_path, 3)
    for version in (first, second):
        evaluate_by_hand(version)
    metrics = DatasetFolder(first.root, first.dataset).evaluation(2) / "metrics.json"
    metrics.write_text("{")
    with damage_told(caplog):
        since = compare_with_previous(third, metrics_of())
    assert since is not None
    assert since.version == 1
    (told,) = caplog.messages
    assert told.startswith(f"not compared with version 2: {metrics} cannot be used: ")
