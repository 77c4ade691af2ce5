from __future__ import annotations

import logging
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prefect import flow
from prefect.artifacts import create_progress_artifact, update_progress_artifact

from counterpoise.runtime import silent
from counterpoise.tasks import reporting
from counterpoise.tasks.reporting import artifact_key, log, publish_markdown, publish_table, stage_progress
from tests.tasks.stored import stored_artifact


def data_of(key: str) -> Any:
    artifact = stored_artifact(key)
    assert artifact is not None
    return artifact.data


@given(st.text(max_size=20), st.text(max_size=20))
def test_an_artifact_key_has_lower_case_letters_digits_and_single_dashes(name: str, part: str) -> None:
    key = artifact_key(name, "validation", part)
    assert set(key) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert not key.startswith("-")
    assert not key.endswith("-")
    assert "--" not in key


def test_a_line_is_logged_without_a_run(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="counterpoise"):
        log("split: done")
    assert [record.getMessage() for record in caplog.records] == ["split: done"]


def test_nothing_is_told_to_a_server_without_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    def unexpected(**_: Any) -> None:
        raise AssertionError("no run, no artifact")

    monkeypatch.setattr(reporting, "create_markdown_artifact", unexpected)
    monkeypatch.setattr(reporting, "create_table_artifact", unexpected)
    publish_markdown("key", "text", description="d")
    publish_table("key", [], description="d")
    assert stage_progress("key", description="d") is silent


def test_artifacts_of_a_run_are_stored() -> None:
    @flow
    def shows() -> None:
        publish_markdown("shown-text", "# Hello", description="d")
        publish_table("shown-table", [{"rows": 3, "share": float("nan")}], description="d")

    shows()
    assert data_of("shown-text") == "# Hello"
    assert data_of("shown-table") == '[{"rows": 3, "share": null}]'


@pytest.mark.parametrize("error", [httpx.ConnectError("away"), OSError("away"), RuntimeError("no server")])
def test_an_artifact_that_cannot_be_shown_does_not_fail_the_run(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def away(**_: Any) -> None:
        raise error

    @flow
    def shows() -> str:
        publish_markdown("never-stored", "# Hello", description="d")
        return "done"

    monkeypatch.setattr(reporting, "create_markdown_artifact", away)
    assert shows() == "done"
    assert stored_artifact("never-stored") is None


def progress_after(monkeypatch: pytest.MonkeyPatch, key: str, steps: list[tuple[float, int]]) -> list[float]:
    """Run a stage that is at `done` of 10 after each of the times, in seconds; return the percentages told."""
    now = [0.0]
    told: list[float] = []
    monkeypatch.setattr(reporting, "time", SimpleNamespace(monotonic=lambda: now[0]))

    def created(**fields: Any) -> Any:
        told.append(fields["progress"])
        return create_progress_artifact(**fields)

    def updated(**fields: Any) -> Any:
        told.append(fields["progress"])
        return update_progress_artifact(**fields)

    monkeypatch.setattr(reporting, "create_progress_artifact", created)
    monkeypatch.setattr(reporting, "update_progress_artifact", updated)

    @flow
    def works() -> None:
        progress = stage_progress(key, description="d")
        for seconds, done in steps:
            now[0] = seconds
            progress(done, 10)

    works()
    return told


def test_progress_is_told_every_few_seconds_and_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    steps = [(0.1, 1), (2.5, 3), (3.0, 4), (4.4, 5), (6.0, 7), (6.1, 10)]
    assert progress_after(monkeypatch, "told", steps) == [30.0, 70.0, 100.0]
    assert data_of("told") == 100.0


def test_a_stage_that_is_soon_over_shows_no_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    assert progress_after(monkeypatch, "soon-over", [(0.1, 1), (0.2, 10)]) == []


def test_progress_of_nothing_is_complete(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reporting, "_SECONDS_BETWEEN", 0.0)

    @flow
    def works() -> None:
        stage_progress("of-nothing", description="d")(0, 0)

    works()
    assert data_of("of-nothing") == 0.0
