from __future__ import annotations

import logging
from pathlib import Path

import pytest

from counterpoise.errors import ResamplingError
from counterpoise.records import ResamplingPlan
from counterpoise.tasks.resample import resample
from tests.snapshots import mixed_table, run_engine


def resampled(folder: Path, share: float = 0.1, **settings: object) -> ResamplingPlan:
    run = run_engine(mixed_table(600, share=share), folder, resampling=settings)
    return resample.fn(run.config, run.snapshot, run.split, folder=folder / "run")


def test_the_smaller_class_grows_to_the_ratio_asked_for(tmp_path: Path) -> None:
    plan = resampled(tmp_path, strategy="smote", ratio=0.5)
    assert plan.after["1"] == round(0.5 * plan.after["0"])
    assert plan.synthetic == plan.after["1"] - plan.before["1"]
    assert Path(plan.synthetic_file).is_relative_to(tmp_path / "run")


def test_nothing_changes_without_a_strategy(tmp_path: Path) -> None:
    plan = resampled(tmp_path, strategy="none")
    assert plan.after == plan.before


def test_too_few_rows_for_the_neighbours_are_refused(tmp_path: Path) -> None:
    run = run_engine(mixed_table(600, share=0.02), tmp_path)
    config = run.config.model_copy(
        update={"resampling": run.config.resampling.model_copy(update={"strategy": "smote", "k_neighbors": 50})}
    )
    with pytest.raises(ResamplingError, match="neighbo"):
        resample.fn(config, run.snapshot, run.split, folder=tmp_path / "run")


@pytest.mark.parametrize(("seconds", "told"), [(0, True), (60, False)])
def test_what_takes_long_is_told_in_the_log_and_not_in_the_plan(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, seconds: int, told: bool
) -> None:
    monkeypatch.setattr("counterpoise.resample._costs.preflight._NOTEWORTHY_SECONDS", seconds)
    with caplog.at_level(logging.INFO, logger="counterpoise"):
        plan = resampled(tmp_path, strategy="smote")
    assert any("resample: needs about" in line for line in caplog.messages) is told
    assert not any("GiB" in note or "MiB" in note for note in plan.notes)
