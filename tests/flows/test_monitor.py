from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pytest

from counterpoise.config import BalanceConfig, build_config
from counterpoise.errors import VersionNotFoundError
from counterpoise.flows.balance import balance
from counterpoise.flows.command_line import run_command
from counterpoise.flows.monitor import monitor
from counterpoise.monitor import MonitorReport, changes_table, describe_status, render_monitor
from counterpoise.versions import open_version, promote_by_hand
from tests.tasks.stored import stored_artifact, stored_event

ROWS = 3_000


def deliver(path: Path, *, seed: int = 0, share: float = 0.1, shift: float = 0.0, missing: float = 0.0) -> None:
    """Write a delivery: an id, two features and a label, whose feature x may be shifted and y missing."""
    rng = np.random.default_rng(seed)
    label = rng.random(ROWS) < share
    table = pa.table(
        {
            "id": [f"{seed}-{number}" for number in range(ROWS)],
            "x": rng.normal(size=ROWS) + label + shift,
            "y": pa.array(rng.normal(size=ROWS), mask=rng.random(ROWS) < missing),
            "label": np.where(label, "yes", "no"),
        }
    )
    pa.csv.write_csv(table, path)


def settings(folder: Path, name: str, **sections: Any) -> BalanceConfig:
    return build_config(
        {
            "name": name,
            "source": {"path": str(folder / "feed.csv")},
            "columns": {"target": "label", "ids": ["id"]},
            "output": {"root": str(folder / "datasets")},
            "evaluation": {"enabled": False},
            **sections,
        }
    )


def published(folder: Path, name: str, **delivery: Any) -> BalanceConfig:
    """Publish a first version of a dataset and return its configuration."""
    deliver(folder / "feed.csv", **delivery)
    config = settings(folder, name)
    balance(config)
    return config


def versions(config: BalanceConfig) -> list[str]:
    return sorted(path.name for path in Path(config.output.root, config.name, "versions").iterdir())


def told(report: MonitorReport) -> set[tuple[str, str, bool]]:
    return {(change.what, change.column, change.broken) for change in report.changes}


def test_the_source_of_the_version_itself_is_unchanged(tmp_path: Path) -> None:
    report = monitor(published(tmp_path, "unchanged"))
    assert (report.status, report.version, report.changes) == ("unchanged", 1, ())
    assert report.rows == report.rows_before == ROWS


def test_another_delivery_of_the_same_feed_is_steady_and_nothing_is_published(tmp_path: Path) -> None:
    config = published(tmp_path, "steady")
    before = versions(config)
    deliver(tmp_path / "feed.csv", seed=1)
    report = monitor(config)
    assert (report.status, report.changes) == ("steady", ())
    assert report.compared > 5
    assert versions(config) == before
    assert not (tmp_path / "datasets" / "steady" / ".staging").exists()


def test_a_moved_feature_is_an_event_with_what_moved_and_by_how_much(tmp_path: Path) -> None:
    config = published(tmp_path, "moved")
    deliver(tmp_path / "feed.csv", seed=1, shift=0.7)
    report = monitor(config)
    assert report.status == "moved"
    assert ("values", "x", False) in told(report)
    payload = stored_event("counterpoise.drift.detected", "moved")["payload"]
    assert payload["status"] == "moved"
    (change,) = [each for each in payload["moved"] if each["column"] == "x" and "in class" not in each["observed"]]
    assert 0.25 < change["measured"] < 1
    assert payload["rows"] == payload["rows_before"] == ROWS


def test_a_changed_class_balance_is_drift(tmp_path: Path) -> None:
    config = published(tmp_path, "balance")
    deliver(tmp_path / "feed.csv", seed=1, share=0.45)
    report = monitor(config)
    assert ("classes", "label", True) in told(report)
    assert ("classes", "label", False) not in told(report), "what is broken is not told a second time as moved"
    assert report.classes["yes"] > 3 * report.classes_before["yes"]


def test_a_broken_feed_is_told_as_such_and_stops_nothing(tmp_path: Path) -> None:
    config = published(tmp_path, "broken")
    deliver(tmp_path / "feed.csv", seed=1, missing=0.9)
    report = monitor(config)
    assert report.status == "broken"
    assert ("missing values", "y", True) in told(report)
    artifact = stored_artifact("broken-monitor")
    assert artifact is not None
    assert "missing values of `y`" in str(artifact.data)


def test_a_column_that_is_gone_is_told(tmp_path: Path) -> None:
    config = published(tmp_path, "gone")
    table = pa.csv.read_csv(tmp_path / "feed.csv").drop_columns(["y"])
    pa.csv.write_csv(table, tmp_path / "feed.csv")
    report = monitor(config)
    assert ("columns", "", True) in told(report)
    assert any("'y' is missing" in change.observed for change in report.changes)


def test_slow_drift_is_seen_from_the_first_version(tmp_path: Path) -> None:
    config = published(tmp_path, "slow")
    for seed, shift in enumerate((0.3, 0.6, 0.9), start=1):
        deliver(tmp_path / "feed.csv", seed=seed, shift=shift)
        balance(config)
    deliver(tmp_path / "feed.csv", seed=9, shift=1.0)
    assert monitor(config).status == "steady"
    since_first = monitor(settings(tmp_path, "slow", monitor={"baseline": "first"}))
    assert since_first.version == 1
    assert ("values", "x") in {(change.what, change.column) for change in since_first.changes}


def test_the_promoted_version_can_be_the_baseline(tmp_path: Path) -> None:
    config = published(tmp_path, "promoted")
    promoted = settings(tmp_path, "promoted", monitor={"baseline": "promoted"})
    with pytest.raises(VersionNotFoundError, match="promoted"):
        monitor(promoted)
    promote_by_hand(open_version(tmp_path / "datasets/promoted@1").record)
    deliver(tmp_path / "feed.csv", seed=1)
    balance(config)
    report = monitor(promoted)
    assert (report.version, report.newest_version) == (1, 2)


def test_without_a_version_the_source_is_not_even_read(tmp_path: Path) -> None:
    with pytest.raises(VersionNotFoundError, match="counterpoise run"):
        monitor(settings(tmp_path, "nothing"))
    assert not (tmp_path / "datasets" / "nothing").exists()


def test_a_source_that_is_too_old_is_an_event(tmp_path: Path) -> None:
    published(tmp_path, "stale")
    long_ago = (datetime.now(UTC) - timedelta(hours=50)).timestamp()
    os.utime(tmp_path / "feed.csv", (long_ago, long_ago))
    report = monitor(settings(tmp_path, "stale", monitor={"max_source_age": 24, "max_version_age": 24}))
    assert report.source_newest_by == "file"
    assert report.stale == ("the source is 50.0 hours old, more than 24",)
    assert report.status == "unchanged"
    payload = stored_event("counterpoise.data.stale", "stale")["payload"]
    assert payload["source_age"] == pytest.approx(50, abs=0.1)


def test_names_and_values_from_the_data_stay_inert_in_the_artifact(tmp_path: Path) -> None:
    report = monitor(published(tmp_path, "inert"))
    name = "`|<script>alert(1)</script>\n# x"
    hostile = report.model_copy(update={"classes": {name: 5}, "classes_before": {name: 4}})
    text = render_monitor(hostile)
    assert "| class `'¦<script>alert(1)</script> # x` | 5 (100.00%) | 4 (100.00%) |" in text


def test_the_result_survives_as_json(tmp_path: Path) -> None:
    config = published(tmp_path, "as-json")
    deliver(tmp_path / "feed.csv", seed=1, shift=3)
    report = monitor(config)
    again = MonitorReport.model_validate_json(report.model_dump_json())
    assert again == report
    assert describe_status(again).endswith("probably broken")
    assert changes_table(again)[0]["size"] == "broken"


def test_the_command_line_shows_what_was_found(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    config = published(tmp_path, "by-command")
    deliver(tmp_path / "feed.csv", seed=1, missing=0.9)
    file = tmp_path / "by-command.yaml"
    file.write_text(json.dumps(config.published()))
    capfd.readouterr()
    assert run_command(["monitor", str(file)]) == 0
    shown = capfd.readouterr()
    assert shown.out.startswith("by-command: broken, ")
    assert "broken  missing values y: " in shown.out
    assert "monitor: " in shown.err
    assert run_command(["monitor", str(file), "--json"]) == 0
    assert MonitorReport.model_validate_json(capfd.readouterr().out).status == "broken"


def test_the_command_line_ends_with_code_2_where_there_is_no_version(tmp_path: Path) -> None:
    deliver(tmp_path / "feed.csv")
    file = tmp_path / "never.yaml"
    file.write_text(json.dumps(settings(tmp_path, "never").published()))
    assert run_command(["monitor", str(file)]) == 2
