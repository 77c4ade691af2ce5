"""Fault 35: SIGKILL at any point leaves no partial version visible, and the next run succeeds."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from counterpoise.persist._layout import DatasetFolder
from counterpoise.verify._version import verify_version
from tests.killed import count_calls, kill_at_call
from tests.snapshots import EngineRun, mixed_table, run_engine

pytestmark = pytest.mark.slow

POINTS = 15
ENGINE = tuple(f"counterpoise.{part}" for part in ("split", "resample", "persist", "storage"))


def run(folder: Path) -> EngineRun:
    return run_engine(mixed_table(400), folder, columns={"target": "label", "ids": ["id"]})


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> int:
    """How many calls of the engine's functions a whole run makes."""
    return count_calls(run, tmp_path_factory.mktemp("count"), ENGINE)


@pytest.mark.parametrize("point", range(POINTS))
def test_a_killed_run_leaves_nothing_visible_and_the_next_succeeds(tmp_path: Path, calls: int, point: int) -> None:
    exit_code = kill_at_call(run, tmp_path, ENGINE, 1 + point * (calls - 5) // (POINTS - 1))
    assert exit_code == -9
    folder = DatasetFolder(tmp_path / "datasets", "tested")
    for number in folder.version_numbers():
        json.loads(folder.manifest(number).read_text())
        assert verify_version(folder.root, "tested", number) == []
    run(tmp_path)
    assert folder.version_numbers() == [1]
    assert verify_version(folder.root, "tested", 1) == []
