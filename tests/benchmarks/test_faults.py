"""The short form of `benchmarks/faults.py`: kills with a reader beside them, and limits at several stages."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]

KILLS = """
import json, sys
from pathlib import Path
from benchmarks.faulty.jobs import load_libraries
from benchmarks.faulty.kills import change_often, kill_at_points, make_templates
load_libraries()
place = Path(sys.argv[1])
templates = make_templates(place)
tallies = [kill_at_points(job, templates[job], points=int(points), place=place)
           for job, points in zip(("run", "rebuild", "put away"), sys.argv[2:])]
changes = change_often(templates["rebuild"], changes=6, place=place)
print(json.dumps([sum(one.kills for one in tallies), [line for one in (*tallies, changes) for line in one.bad]]))
"""
LIMITS = """
import json, sys
from dataclasses import asdict
from pathlib import Path
from benchmarks.faulty.limits import prepare, try_stage
disk, kept = Path(sys.argv[1], "disk"), Path(sys.argv[1], "kept")
disk.mkdir()
prepare(disk, kept)
trials = [try_stage(disk, kept, stage=stage, fault=fault) for stage, fault in json.loads(sys.argv[2])]
print(json.dumps([[one.stage, one.fault, one.ended, one.bad, one.wrong] for one in trials]))
"""
POINTS = [
    [stage, fault]
    for stage in ("split", "persist", "put away", "rebuild", "sample")
    for fault in ("files of 0 bytes", "0 more files")
] + [["persist", "0 MiB more memory"], ["evaluate", "0 MiB more memory"], ["compare", "1 more files"]]
NO_THREADS = [[stage, "no threads"] for stage in ("split", "rebuild", "verify", "compare")]


class Trial(NamedTuple):
    """What became of a stage under a fault."""

    stage: str
    fault: str
    ended: str
    bad: bool
    wrong: list[str]


def said_by(program: str, *arguments: str) -> str:
    """Run a program in a process without threads, from which it can fork, and return its last line."""
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1]


def test_killed_jobs_alarm_no_reader_hurt_no_version_and_leave_nothing(tmp_path: Path) -> None:
    kills, bad = json.loads(said_by(KILLS, str(tmp_path), "4", "3", "3"))
    assert bad == []
    assert kills >= 5


@pytest.fixture(scope="module")
def trials() -> list[Trial]:
    """Try all points in one program: what the stages make while all is well takes half of its time."""
    points = [*POINTS, *(NO_THREADS if os.geteuid() == 0 else ())]
    with TemporaryDirectory() as folder:  # that of pytest is closed to others
        return [Trial(*each) for each in json.loads(said_by(LIMITS, folder, json.dumps(points)))]


def test_refusals_at_several_stages_have_a_name_and_hurt_no_version(trials: list[Trial]) -> None:
    found = [trial for trial in trials if trial.fault != "no threads"]
    assert len(found) == len(POINTS)
    assert [trial for trial in found if trial.bad] == []
    assert {trial.ended for trial in found} >= {"file_too_large", "too_many_open_files", "out_of_memory"}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody who may not start threads")
def test_a_stage_that_may_not_start_threads_ends(trials: list[Trial]) -> None:
    found = [trial for trial in trials if trial.fault == "no threads"]
    assert len(found) == len(NO_THREADS)
    assert [trial for trial in found if trial.bad] == []
    assert {trial.ended for trial in found} >= {"too_many_processes", "done"}


@pytest.mark.parametrize("what", ["kills", "limits"])
def test_the_campaign_says_how_it_is_run(what: str) -> None:
    done = subprocess.run(
        [sys.executable, "benchmarks/faults.py", what, "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert what in done.stdout
