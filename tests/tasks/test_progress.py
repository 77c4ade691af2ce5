from __future__ import annotations

import logging
from types import SimpleNamespace
from typing import Any

import prefect.artifacts
import pytest
from prefect import flow
from prefect.artifacts import create_progress_artifact, update_progress_artifact

from counterpoise.tasks import progress as told_progress
from counterpoise.tasks.progress import PROGRESS_LOGGER, Step, stage_progress
from counterpoise.tasks.stage import run_each, stage, without_prefect
from tests.tasks.stored import stored_artifact


def data_of(key: str) -> Any:
    artifact = stored_artifact(key)
    assert artifact is not None
    return artifact.data


class Steps(logging.Handler):
    """Keeps the steps that the command line is told."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[Step] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.told.append(record.step)  # type: ignore[attr-defined]


@pytest.fixture
def steps() -> Any:
    handler, logger = Steps(), logging.getLogger(PROGRESS_LOGGER)
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield handler
    logger.setLevel(logging.NOTSET)
    logger.removeHandler(handler)


@stage
def double(factor: int, item: int) -> int:
    return factor * item


def test_a_stage_tells_the_command_line_that_it_begins_and_each_step(steps: Steps) -> None:
    with without_prefect():
        double(2, 3)
        progress = stage_progress("bank", "double", work="doubling", unit="items")
        progress(1, 3)
        progress(3, 3)
    assert steps.told == [Step("double"), Step("double", "doubling", 1, 3, "items"), Step("double")]


@pytest.mark.parametrize("prefect", [True, False])
def test_the_stages_of_many_items_tell_how_many_are_done(prefect: bool) -> None:
    told: list[tuple[int, int]] = []

    def run() -> list[int]:
        return run_each(double, 2, [5, 6, 7], threads=2, progress=lambda done, total: told.append((done, total)))

    if prefect:
        results = flow(run)()
    else:
        with without_prefect():
            results = run()
    assert results == [10, 12, 14]
    assert told == [(1, 3), (2, 3), (3, 3)]


def progress_after(monkeypatch: pytest.MonkeyPatch, dataset: str, steps: list[tuple[float, int]]) -> list[float]:
    """Run a stage that is at `done` of 10 after each of the times, in seconds; return the percentages told."""
    now = [0.0]
    told: list[float] = []
    monkeypatch.setattr(told_progress, "time", SimpleNamespace(monotonic=lambda: now[0]))

    def created(**fields: Any) -> Any:
        told.append(fields["progress"])
        return create_progress_artifact(**fields)

    def updated(**fields: Any) -> Any:
        told.append(fields["progress"])
        return update_progress_artifact(**fields)

    monkeypatch.setattr(prefect.artifacts, "create_progress_artifact", created)
    monkeypatch.setattr(prefect.artifacts, "update_progress_artifact", updated)

    @flow
    def works() -> None:
        progress = stage_progress(dataset, "works", work="working", unit="steps")
        for seconds, done in steps:
            now[0] = seconds
            progress(done, 10)

    works()
    return told


def test_progress_is_told_every_few_seconds_and_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    steps = [(0.1, 1), (2.5, 3), (3.0, 4), (4.4, 5), (6.0, 7), (6.1, 10)]
    assert progress_after(monkeypatch, "told", steps) == [30.0, 70.0, 100.0]
    assert data_of("told-works") == 100.0


def test_a_stage_that_is_soon_over_shows_no_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    assert progress_after(monkeypatch, "soon-over", [(0.1, 1), (0.2, 10)]) == []


def test_progress_of_nothing_is_complete(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(told_progress, "_SECONDS_BETWEEN", 0.0)

    @flow
    def works() -> None:
        stage_progress("of-nothing", "works", work="working", unit="steps")(0, 0)

    works()
    assert data_of("of-nothing-works") == 0.0
