from __future__ import annotations

from pathlib import Path

from counterpoise.compare._processes import subprocesses


def test_a_job_alone_waits_for_all_places_however_many_each_job_counts(tmp_path: Path) -> None:
    """How many jobs are done at a time, and which cores a thread may use, can differ from job to job."""
    processes = subprocesses._ComparisonProcesses(tmp_path)
    try:
        for of in (1, 2, 1):
            with processes._slots(of, alone=True):
                assert not processes._room.acquire(blocking=False)
        with processes._slots(2, alone=False), processes._slots(2, alone=False):
            assert not processes._room.acquire(blocking=False)
    finally:
        processes.close()
