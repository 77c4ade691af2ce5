from __future__ import annotations

import errno
import os
import signal as signals
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from counterpoise.core.config import TimeoutsConfig
from counterpoise.core.errors import CounterpoiseError, EvaluationError
from counterpoise.core.tournament import apart
from counterpoise.core.tournament.apart import (
    ask_apart,
    close_processes,
    cut_short,
    play_apart,
    processes_for,
    train_apart,
    waiting_process,
)
from counterpoise.core.tournament.board_text import render_board
from counterpoise.core.tournament.encoding import encode_round
from counterpoise.core.tournament.layout import lay_out, lay_out_apart
from counterpoise.core.tournament.orders import Encode
from counterpoise.core.tournament.play import play
from counterpoise.core.tournament.records import Arena, Encoding, EntryResult, Rules
from counterpoise.core.tournament.run import run_tournament
from counterpoise.core.tournament.workers import workers
from tests.core.tournament.arenas import TREE, arena_of, entry, scores, signal, tournament_config
from tests.snapshots import engine_config, mixed_table, run_engine

HUNGRY = r"""
import os, signal, time
import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.dummy import DummyClassifier

class Hungry(DummyClassifier):
    def fit(self, X, y):
        self.eaten_ = np.ones(25_000_000)
        del self.eaten_
        print("a learner that prints")
        return super().fit(X, y)

class Killed(DummyClassifier):
    def fit(self, X, y):
        os.kill(os.getpid(), signal.SIGKILL)

class Endless(DummyClassifier):
    def fit(self, X, y):
        time.sleep(600)

class Slow(DummyClassifier):
    def fit(self, X, y):
        self.tell("start")
        time.sleep(0.3)
        self.tell("end")
        self.constant = None
        return super().fit(X, y)

    def tell(self, what):
        with open(self.constant, "a") as times:
            times.write(f"{time.monotonic():018.6f} {what}\n")
"""

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="memory is read from /proc")


@pytest.fixture(name="arena", scope="module")
def _arena(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Arena]:
    folder = tmp_path_factory.mktemp("apart")
    (folder / "hungry_learners.py").write_text(HUNGRY)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        arena = arena_of(signal(200), folder, folds=2, strategies=["smote"], learners=[TREE])
        yield arena
    close_processes(arena.folder)


@pytest.fixture(autouse=True)
def _open() -> None:
    """Let the arena, which all tests share, be played in again after a test that has ended its tournament."""
    apart._closed.clear()


def test_an_entry_apart_has_the_same_scores_and_its_own_peak(arena: Arena) -> None:
    here, there = play(arena, entry("smote")), play_apart(arena, entry("smote"))
    assert scores(here) == scores(there)
    assert here.peak_mb is None
    assert there.peak_mb is not None
    hungry = play_apart(arena, entry("none", "hungry_learners:Hungry"))
    assert hungry.status == "ok", hungry.reason
    assert hungry.peak_mb == pytest.approx(200 + 25, abs=30)
    assert (play_apart(arena, entry("smote")).peak_mb or 0) < 100


def test_an_entry_that_is_killed_costs_no_other(arena: Arena) -> None:
    killed = play_apart(arena, entry("none", "hungry_learners:Killed"))
    assert killed.status == "failed"
    assert "want of memory" in killed.reason
    assert play_apart(arena, entry("none")).status == "ok"


def test_an_entry_that_takes_too_long_is_killed_and_costs_no_other(arena: Arena) -> None:
    rules = arena.rules.model_copy(update={"minutes_per_entry": 0.05})
    limited, endless = arena.model_copy(update={"rules": rules}), entry("none", "hungry_learners:Endless")
    encode_round(arena, arena.rounds)
    started = time.monotonic()
    late = play_apart(limited, endless)
    assert 3 <= time.monotonic() - started < 60
    assert (late.status, late.reason) == ("failed", "took longer than 0.05 minutes (timeouts.entry)")
    assert train_apart(limited, endless).reason == late.reason
    assert play_apart(limited, entry("none")).status == "ok"
    forking, waited = apart._at_work[arena.folder]._process.pid, time.monotonic()
    while children_of(forking) and time.monotonic() - waited < 10:  # the last one has told, and is about to leave
        time.sleep(0.05)
    assert children_of(forking) == []


def test_a_tournament_goes_on_without_an_entry_that_takes_too_long(arena: Arena) -> None:
    config = tournament_config(folds=2, strategies=["none"], learners=["hungry_learners:Endless", TREE])
    config = config.model_copy(update={"timeouts": TimeoutsConfig(entry=0.05)})
    board = run_tournament(arena.model_copy(update={"rules": Rules.of(config)}))
    assert {(one.learner, one.status) for one in board.entries} == {
        ("dummy", "ok"),
        (TREE, "ok"),
        ("hungry_learners:Endless", "failed"),
    }
    assert "took longer than 0.05 minutes (timeouts.entry)" in render_board(board)


def children_of(process: int) -> list[int]:
    """Return the processes that a process has forked and that are still at work."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, parent = path.read_text().rpartition(")")[2].split()[:2]
            found += [int(path.parent.name)] if int(parent) == process and state != "Z" else []
    return found


def test_a_time_limit_of_the_stage_does_not_wait_for_orders_under_way(arena: Arena) -> None:
    """As that of `prepare` and `decide`, whose orders are given by threads of theirs."""
    endless = entry("none", "hungry_learners:Endless")
    started = time.monotonic()

    def cut() -> None:
        with ThreadPoolExecutor(1) as pool, cut_short(arena.folder):
            waiting = pool.submit(play_apart, arena, endless)
            while arena.folder not in apart._at_work or not apart._at_work[arena.folder]._asked:
                time.sleep(0.05)
            assert not waiting.done()
            raise TimeoutError("the stage's time is up")

    with pytest.raises(TimeoutError, match="the stage's time"):
        cut()
    assert time.monotonic() - started < 60
    assert arena.folder not in apart._at_work


def test_a_time_out_that_the_system_reports_leaves_the_tournament_open(arena: Arena) -> None:
    with pytest.raises(TimeoutError), cut_short(arena.folder):
        raise TimeoutError(errno.ETIMEDOUT, "timed out")
    assert play_apart(arena, entry("none")).status == "ok"


def test_a_process_that_is_gone_is_an_error_that_may_pass_and_the_next_call_works(arena: Arena) -> None:
    play_apart(arena, entry("none"))
    forking = apart._at_work[arena.folder]
    os.kill(forking._process.pid, signals.SIGKILL)
    forking._process.wait()
    with pytest.raises(OSError, match=r"process|pipe"):
        play_apart(arena, entry("none"))
    assert play_apart(arena, entry("none")).status == "ok"


def test_a_process_that_goes_while_an_order_is_under_way_is_told_to_who_waits(arena: Arena) -> None:
    gone: list[BaseException] = []

    def playing() -> None:
        try:
            play_apart(arena, entry("none", "hungry_learners:Endless"))
        except OSError as error:
            gone.append(error)

    play_apart(arena, entry("none"))
    forking = apart._at_work[arena.folder]
    thread = threading.Thread(target=playing)
    thread.start()
    while not forking._asked:
        time.sleep(0.05)
    os.killpg(forking._process.pid, signals.SIGKILL)
    thread.join(10)
    assert not thread.is_alive()
    assert len(gone) == 1


def test_a_refusal_comes_back_as_the_error_that_it_was(tmp_path: Path) -> None:
    columns = {"target": "label", "ids": ["id"]}
    run = run_engine(mixed_table(300, share=0.3), tmp_path, columns=columns)
    rules = Rules.of(engine_config(tmp_path, columns=columns, tournament={"folds": 50}))
    folder = tmp_path / "arena"
    with pytest.raises(EvaluationError, match=r"set tournament\.folds") as told, processes_for(str(folder)):
        lay_out_apart(rules, run.snapshot, run.split, folder=folder)
    assert told.value.values["classes"]


def test_an_arena_laid_out_apart_is_that_of_one_process(tmp_path: Path) -> None:
    columns = {"target": "label", "ids": ["id"]}
    run = run_engine(mixed_table(300, share=0.3), tmp_path, columns=columns)
    rules = Rules.of(engine_config(tmp_path, columns=columns, tournament={"folds": 3}))
    here = lay_out(rules, run.snapshot, run.split, folder=tmp_path / "here")
    there_folder = tmp_path / "there"
    with waiting_process(), processes_for(str(there_folder)):
        there = lay_out_apart(rules, run.snapshot, run.split, folder=there_folder)
    places = {"folder", "snapshot"}
    assert here.model_dump(exclude=places) == there.model_dump(exclude=places)
    assert here.snapshot.digest == there.snapshot.digest
    for part in ("train", "test"):
        for number in range(3):
            name = f"{part}-{number}.npy"
            assert (tmp_path / "here" / name).read_bytes() == (there_folder / name).read_bytes()


def test_an_order_gives_the_same_answer_in_either_place(arena: Arena) -> None:
    order = Encode(arena=arena, number=1)
    assert ask_apart(order, Encoding, folder=arena.folder, at_a_time=1) == encode_round(arena, 1)


def test_entries_are_played_side_by_side_but_no_more_than_workers(arena: Arena, tmp_path: Path) -> None:
    def overlap(limit: int) -> bool:
        tournament = arena.rules.tournament.model_copy(update={"workers": limit})
        rules = arena.rules.model_copy(update={"tournament": tournament})
        own = arena.model_copy(update={"rules": rules, "folder": f"{arena.folder}/../arena{'/.' * limit}"})
        times = tmp_path / str(limit)
        slow = entry("none", f'hungry_learners:Slow {{"constant": "{times}"}}')
        threads = [threading.Thread(target=play_apart, args=(own, slow)) for _ in range(2)]
        with processes_for(own.folder):
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        moments = sorted(line.split() for line in times.read_text().splitlines())
        times.unlink()
        return [what for _, what in moments] != ["start", "end"] * 4

    assert not overlap(1)
    if workers(2) == 2:
        assert overlap(2)


def test_a_tournament_that_is_ended_leaves_no_process_and_waits_for_none(arena: Arena) -> None:
    ended: list[BaseException] = []

    def playing() -> None:
        try:
            play_apart(arena, entry("none", "hungry_learners:Endless"))
        except CounterpoiseError as error:
            ended.append(error)

    thread = threading.Thread(target=playing)
    with pytest.raises(KeyboardInterrupt), processes_for(arena.folder):  # noqa: PT012  # what interrupts is in the block
        thread.start()
        while arena.folder not in apart._at_work or not apart._at_work[arena.folder]._asked:
            time.sleep(0.05)
        process = apart._at_work[arena.folder]
        raise KeyboardInterrupt
    thread.join(10)
    assert [error.reason for error in ended if isinstance(error, CounterpoiseError)] == ["tournament_ended"]
    assert process._process.returncode == -signals.SIGKILL
    assert apart._waiting == []
    assert arena.folder not in apart._at_work
    with processes_for(arena.folder):
        assert play_apart(arena, entry("none")).status == "ok"


def test_a_whole_tournament_apart_is_that_of_one_process_but_for_seconds_and_memory(arena: Arena) -> None:
    def facts(results: tuple[EntryResult, ...]) -> list[dict[str, object]]:
        measured = {"seconds", "sampling_seconds", "fit_seconds", "predict_seconds", "peak_mb"}
        return [result.model_dump(exclude=measured) for result in results]

    told: list[tuple[int, int]] = []
    first = run_tournament(arena, progress=lambda done, total: told.append((done, total)))
    assert told == [(1, 3), (2, 3), (3, 3)]
    second = run_tournament(arena, apart=False)
    assert facts(first.entries) == facts(second.entries)
    assert first.chosen == second.chosen
    assert apart._waiting == []
    assert arena.folder not in apart._at_work
