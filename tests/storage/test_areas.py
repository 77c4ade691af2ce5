"""Marks of working files: they end with the process that holds them, whatever any clock says."""

from __future__ import annotations

import fcntl
import multiprocessing
import os
import signal
import threading
from pathlib import Path

import pytest

from counterpoise.storage._areas import abandoned, lock_of, mark, marked, only_one, own_area, unmark

FORK = multiprocessing.get_context("fork")


def is_abandoned(place: Path, name: str) -> bool | None:
    with abandoned(lock_of(place, name)) as gone:
        return gone


def held_in_a_process(place: Path, name: str) -> multiprocessing.process.BaseProcess:
    """Start a process that marks working files and waits, and return it when it has."""
    ready = FORK.Event()

    def hold() -> None:
        mark(place, name)
        ready.set()
        signal.pause()

    process = FORK.Process(target=hold)
    process.start()
    ready.wait()
    return process


def kill(process: multiprocessing.process.BaseProcess) -> None:
    process.kill()
    process.join()


def test_an_area_goes_with_its_block_and_leaves_nothing(tmp_path: Path) -> None:
    with own_area(tmp_path / "work") as area:
        (area / "deep").mkdir()
        (area / "deep" / "file").touch()
    assert list(tmp_path.iterdir()) == []


def test_what_a_living_process_has_marked_is_not_abandoned_and_what_a_killed_one_has_is(tmp_path: Path) -> None:
    process = held_in_a_process(tmp_path, "a")
    assert is_abandoned(tmp_path, "a") is False
    os.kill(process.pid or 0, signal.SIGSTOP)
    assert is_abandoned(tmp_path, "a") is False, "it may go on"
    kill(process)
    assert is_abandoned(tmp_path, "a") is True


def test_a_retry_beside_a_process_that_hangs_keeps_the_mark_of_both(tmp_path: Path) -> None:
    process = held_in_a_process(tmp_path, "a")
    unmark(tmp_path, "a", mark(tmp_path, "a"))
    assert is_abandoned(tmp_path, "a") is False
    kill(process)
    assert is_abandoned(tmp_path, "a") is True


def test_nobody_takes_up_what_is_being_removed(tmp_path: Path) -> None:
    lock_of(tmp_path, "a").touch()
    taken = threading.Event()

    def take_up() -> None:
        with marked(tmp_path, "a"):
            taken.set()

    with abandoned(lock_of(tmp_path, "a")) as gone:
        assert gone
        thread = threading.Thread(target=take_up)
        thread.start()
        assert not taken.wait(0.2)
        lock_of(tmp_path, "a").unlink()
    thread.join()
    assert taken.is_set(), "under a new mark"


def test_short_work_is_done_by_one_process_after_the_other(tmp_path: Path) -> None:
    counter = tmp_path / "counter"
    counter.write_text("0")

    def count() -> None:
        for _ in range(50):
            with only_one(tmp_path / "work", "a"):
                counter.write_text(str(int(counter.read_text()) + 1))

    processes = [FORK.Process(target=count) for _ in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert counter.read_text() == "200"
    assert not (tmp_path / "work").exists()


def test_where_the_file_system_knows_no_locks_nobody_can_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with own_area(tmp_path, "a") as area:
        assert area.is_dir()
        assert is_abandoned(tmp_path, "a") is None
