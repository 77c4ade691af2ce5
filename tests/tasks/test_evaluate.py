from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from prefect import flow

from counterpoise import evaluate as evaluate_package
from counterpoise.evaluate import compare_strategies, find_evaluation
from counterpoise.persist import DatasetFolder
from counterpoise.records import Report
from counterpoise.tasks.evaluate import evaluate
from counterpoise.verify._evaluation import evaluation_differences
from tests.compare.comparisons import signal
from tests.snapshots import UNCHECKED, EngineRun, mixed_table, run_engine
from tests.tasks.stored import stored_artifact

QUICK = {"learners": ["logistic_regression"], "bootstrap": 20}


@pytest.fixture(name="run")
def evaluated_run(tmp_path: Path) -> EngineRun:
    return run_engine(mixed_table(600, share=0.2), tmp_path, evaluation=QUICK)


def evaluated(run: EngineRun, task: Any = evaluate.fn) -> Report | None:
    report: Report | None = task(
        run.config,
        snapshot=run.snapshot,
        validation=UNCHECKED,
        split=run.split,
        resampling=run.resampling,
        version=run.version,
    )
    return report


def test_the_report_is_published_beside_its_version(run: EngineRun) -> None:
    report = evaluated(run)
    assert report is not None
    assert report == find_evaluation(run.version)
    assert Path(report.html).read_text().lstrip().lower().startswith("<!doctype html>")
    assert json.loads(Path(report.metrics).read_text())["verdict"] == report.verdict
    assert report.verdict


def test_with_more_classes_the_correction_of_each_is_published_shown_and_verified(tmp_path: Path) -> None:
    settings = {**QUICK, "learners": ["logistic_regression"]}
    run = run_engine(signal(900, classes=3), tmp_path, evaluation=settings, resampling={"strategy": "random_over"})
    report = evaluated(run)
    assert report is not None
    (place,) = tmp_path.rglob("correction.json")
    published = json.loads(place.read_text())["one_vs_rest"]
    assert [one["positive_class"] for one in published] == ["no", "perhaps", "yes"]
    assert published == json.loads(Path(report.metrics).read_text())["one_vs_rest"]
    page = Path(report.html).read_text()
    assert "Probabilities by class" in page
    for one in published:
        for part in one["learners"].values():
            assert f"{part['before']['mean_probability']:.4f}" in page
            assert not part["mean_note"] or part["mean_note"] in page
    assert evaluation_differences(DatasetFolder.of(run.version), run.version.version) == []
    place.write_text(place.read_text().replace("perhaps", "certain"))
    found = evaluation_differences(DatasetFolder.of(run.version), run.version.version)
    assert any("correction.json" in line for line in found)


def test_an_evaluation_that_is_left_out_publishes_nothing(run: EngineRun) -> None:
    off = run.config.evaluation.model_copy(update={"enabled": False})
    without = EngineRun(
        run.config.model_copy(update={"evaluation": off}), run.snapshot, run.split, run.resampling, run.version
    )
    assert evaluated(without) is None
    assert find_evaluation(run.version) is None


def test_synthetic_rows_are_reviewed_and_what_they_break_is_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    known = {"column": "code", "value_set": [0, 10, 40]}  # 20 and 30 are on the column's grid, and no codes
    whole = {"type": "expect_column_distinct_values_to_be_in_set", "kwargs": known}
    (tmp_path / "suite.json").write_text(json.dumps({"name": "codes", "expectations": [whole]}))
    table = mixed_table(600, share=0.2)
    run = run_engine(
        table.append_column("code", pa.array(np.array([0, 10, 40])[np.arange(600) % 3])),
        tmp_path,
        evaluation=QUICK,
        columns={"target": "label", "ids": ["id"]},
        resampling={"strategy": "smote"},
        validation={"suite": str(tmp_path / "suite.json")},
    )
    with caplog.at_level("INFO", logger="counterpoise"):
        report = evaluated(run)
    assert report is not None
    metrics = json.loads(Path(report.metrics).read_text())
    (broken,) = [outcome for outcome in metrics["resampled_validation"] if outcome["status"] == "failed"]
    assert broken["unexpected"] == broken["unexpected_synthetic"] > 0
    assert metrics["synthetic_quality"]["synthetic_rows"] == run.resampling.synthetic
    assert "Synthetic rows break 1 of the 5 rules" in Path(report.html).read_text()
    assert "evaluate: Synthetic rows break 1 of the 5 rules" in caplog.text


def test_without_synthetic_rows_the_metrics_say_so(run: EngineRun) -> None:
    report = evaluated(run)
    assert report is not None
    metrics = json.loads(Path(report.metrics).read_text())
    assert metrics["synthetic_quality"] is None
    assert metrics["resampled_validation"] == []
    assert "None: every train row is a row of the source." in Path(report.html).read_text()


def test_the_next_version_is_set_against_the_one_before(
    tmp_path: Path, run: EngineRun, caplog: pytest.LogCaptureFixture
) -> None:
    first = evaluated(run)
    second_run = run_engine(
        mixed_table(700, share=0.3, seed=1), tmp_path, evaluation=QUICK, resampling={"strategy": "random_under"}
    )
    with caplog.at_level("INFO", logger="counterpoise"):
        second = evaluated(second_run)
    assert first is not None
    assert second is not None
    assert json.loads(Path(first.metrics).read_text())["previous"] is None
    assert "Since version" not in Path(first.html).read_text()
    previous = json.loads(Path(second.metrics).read_text())["previous"]
    assert previous["version"] == 1
    assert previous["data"]["source_rows"] == {"before": 600, "after": 700}
    assert not previous["metrics"]["prevalence"]["alike"]
    assert '<h2 id="since-version-h">Since version 1</h2>' in Path(second.html).read_text()
    assert "evaluate: compared with version 1" in caplog.text


def test_each_evaluation_is_a_look_at_test_that_later_ones_tell_of(
    tmp_path: Path, run: EngineRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = run_engine(
        mixed_table(600, share=0.2), tmp_path / "other", evaluation=QUICK, resampling={"strategy": "random_under"},
        output={"root": run.version.root},
    )  # fmt: skip
    failures = [ConnectionResetError("gone for a moment")]

    def failing(*given: Any, **named: Any) -> dict[str, Any]:
        if failures:
            raise failures.pop()
        return compare_strategies(*given, **named)

    monkeypatch.setattr(evaluate_package, "compare_strategies", failing)
    with pytest.raises(ConnectionResetError):
        evaluated(run)
    later, first = evaluated(other), evaluated(run)  # the first look was taken before, though its run had to be retried
    assert first is not None
    assert later is not None
    looks = [json.loads(Path(report.metrics).read_text())["looks"] for report in (first, later)]
    assert looks[0]["test_digest"] == looks[1]["test_digest"]
    assert [(one["earlier_tournaments"], one["earlier_versions"]) for one in looks] == [(0, 0), (0, 1)]
    assert looks[1]["earlier"][0]["key"] == run.version.run_key
    sentence = "This test partition was looked at by 1 version before."
    assert sentence in later.verdict
    assert sentence in Path(later.html).read_text()
    assert "looked at by" not in first.verdict


def test_summary_and_expectations_are_shown_in_the_prefect_ui(run: EngineRun) -> None:
    @flow
    def shows() -> None:
        evaluated(run, evaluate)

    shows()
    summary, table = stored_artifact("tested-summary"), stored_artifact("tested-validation")
    assert summary is not None
    assert "![" in str(summary.data)
    assert "data:image/svg+xml;base64," in str(summary.data)
    assert len(str(summary.data)) < 500_000
    assert table is not None
