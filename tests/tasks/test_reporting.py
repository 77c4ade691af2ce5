from __future__ import annotations

import logging
from typing import Any

import httpx
import prefect.artifacts
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prefect import flow

from counterpoise.tasks.reporting import artifact_key, log, publish_markdown, publish_table
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

    monkeypatch.setattr(prefect.artifacts, "create_markdown_artifact", unexpected)
    monkeypatch.setattr(prefect.artifacts, "create_table_artifact", unexpected)
    publish_markdown("key", "text", description="d")
    publish_table("key", [], description="d")


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

    monkeypatch.setattr(prefect.artifacts, "create_markdown_artifact", away)
    assert shows() == "done"
    assert stored_artifact("never-stored") is None
