from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from prefect import flow

from counterpoise.config import PromotionConfig
from counterpoise.results import Promotion
from counterpoise.tasks.promote import promote
from counterpoise.versions import open_version
from tests.snapshots import EngineRun, mixed_table, run_engine
from tests.tasks.stored import stored_event


def run_with(tmp_path: Path, **sections: Any) -> EngineRun:
    return run_engine(mixed_table(300), tmp_path, **{"promotion": {"rule": "always"}, **sections})


def test_the_rule_of_the_configuration_promotes_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    run = run_with(tmp_path)
    with caplog.at_level("INFO", logger="counterpoise"):
        first, second = (promote.fn(run.config, version=run.version) for _ in range(2))
    assert first is not None
    assert (first.version, first.rule) == (1, "always")
    assert second is None
    assert "promote: version 1 promoted: every version is promoted" in caplog.text
    assert "promote: version 1 not promoted: it is promoted already" in caplog.text


def test_without_an_evaluation_a_rule_that_needs_one_promotes_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    run = run_with(tmp_path, promotion=PromotionConfig(rule="not_worse"))
    with caplog.at_level("INFO", logger="counterpoise"):
        assert promote.fn(run.config, version=run.version) is None
    assert "not promoted: it was not evaluated (evaluation.enabled is false)" in caplog.text
    assert not (tmp_path / "datasets/tested/promotions").exists()


def test_a_promotion_is_an_event_that_automations_can_wait_for(tmp_path: Path) -> None:
    run = run_with(tmp_path, name="crowned")

    @flow
    def promotes() -> Promotion | None:
        return promote(run.config, version=run.version)

    promotion = promotes()
    assert promotion is not None
    assert open_version(tmp_path / "datasets" / "crowned@promoted").promotion == promotion
    payload = stored_event("counterpoise.dataset.promoted", "crowned")["payload"]
    assert payload == {"version": 1, "rule": "always", "reason": "every version is promoted", "numbers": None}
