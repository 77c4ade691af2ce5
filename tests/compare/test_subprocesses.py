from __future__ import annotations

import errno
import os
import signal as signals
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from counterpoise.compare._final.refit import refit_in_process
from counterpoise.compare._processes import subprocesses
from counterpoise.compare._processes.subprocesses import close_on_interruption, open_processes, processes_for
from counterpoise.compare._processes.template import Template
from counterpoise.compare._processes.workers import workers
from counterpoise.compare._ranking_text import render_leaderboard
from counterpoise.compare._rounds.cross_validate import cross_validate, cross_validate_in_process
from counterpoise.compare._rounds.encoding import encode_round
from counterpoise.compare._rounds.prepare import prepare_comparison, prepare_in_process
from counterpoise.compare._run import run_comparison
from counterpoise.config._sections.timeouts import TimeoutsConfig
from counterpoise.errors import CounterpoiseError, EvaluationError
from counterpoise.results import CandidateResult, Comparison, Encoding, Rules
from tests.compare.comparisons import (
    TREE,
    candidate,
    comparison_config,
    comparison_of,
    processes_of,
    processes_of_this_one,
    scores,
    signal,
)
from tests.compare.ill_behaved import OWNER, learner
from tests.processes import PATIENCE, running, wait_until
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

LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="memory is read from /proc")
pytestmark = [pytest.mark.slow, LINUX]


@pytest.fixture(name="comparison", scope="module")
def _comparison(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Comparison]:
    folder = tmp_path_factory.mktemp("processes")
    (folder / "hungry_learners.py").write_text(HUNGRY)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        comparison = comparison_of(signal(200), folder, folds=2, strategies=["smote"], learners=[TREE])
        yield comparison
    subprocesses.close_processes(comparison.folder)


@pytest.fixture(autouse=True)
def _open(comparison: Comparison) -> None:
    """Reopen the comparison, which all tests share, after a test that has ended it."""
    open_processes(comparison.folder)


def test_a_candidate_in_a_subprocess_has_the_same_scores_and_its_own_peak(comparison: Comparison) -> None:
    here, there = (
        cross_validate(comparison, candidate("smote")),
        cross_validate_in_process(comparison, candidate("smote")),
    )
    assert scores(here) == scores(there)
    assert here.peak_mb is None
    assert there.peak_mb is not None
    hungry = cross_validate_in_process(comparison, candidate("none", "hungry_learners:Hungry"))
    assert hungry.status == "ok", hungry.reason
    assert hungry.peak_mb == pytest.approx(200 + 25, abs=30)
    assert (cross_validate_in_process(comparison, candidate("smote")).peak_mb or 0) < 100


def test_a_killed_candidate_does_not_affect_the_others(comparison: Comparison) -> None:
    killed = cross_validate_in_process(comparison, candidate("none", "hungry_learners:Killed"))
    assert killed.status == "failed"
    assert "out of memory" in killed.reason
    assert cross_validate_in_process(comparison, candidate("none")).status == "ok"


def test_a_candidate_that_takes_too_long_is_killed_without_affecting_the_others(comparison: Comparison) -> None:
    rules = comparison.rules.model_copy(update={"minutes_per_entry": 0.05})
    limited, endless = comparison.model_copy(update={"rules": rules}), candidate("none", "hungry_learners:Endless")
    encode_round(comparison, comparison.rounds)
    started = time.monotonic()
    late = cross_validate_in_process(limited, endless)
    assert time.monotonic() - started >= 3
    assert (late.status, late.reason) == ("failed", "took longer than 0.05 minutes (timeouts.entry)")
    assert refit_in_process(limited, endless).reason == late.reason
    assert cross_validate_in_process(limited, candidate("none")).status == "ok"
    assert at_work(comparison) == []


def test_a_comparison_goes_on_without_a_candidate_that_takes_too_long(comparison: Comparison) -> None:
    config = comparison_config(folds=2, strategies=["none"], learners=["hungry_learners:Endless", TREE])
    config = config.model_copy(update={"timeouts": TimeoutsConfig(entry=0.05)})
    leaderboard = run_comparison(comparison.model_copy(update={"rules": Rules.of(config)}))
    assert {(one.learner, one.status) for one in leaderboard.entries} == {
        ("dummy", "ok"),
        (TREE, "ok"),
        ("hungry_learners:Endless", "failed"),
    }
    assert "took longer than 0.05 minutes (timeouts.entry)" in render_leaderboard(leaderboard)


def template_of(comparison: Comparison) -> Template:
    """Return the current template of the comparison."""
    return subprocesses._open[comparison.folder].template


def at_work(comparison: Comparison) -> list[int]:
    """Return the existing workers of the comparison."""
    return [one for one in processes_of_this_one() if one != template_of(comparison).process.pid]


def wait_for_workers(comparison: Comparison, number: int = 1) -> list[int]:
    while len(found := at_work(comparison)) < number:
        time.sleep(0.02)
    return found


def test_a_time_limit_of_the_stage_does_not_wait_for_orders_under_way(comparison: Comparison) -> None:
    """As that of `prepare` and `decide`, whose orders are given by threads of theirs."""
    endless = candidate("none", "hungry_learners:Endless")

    def cut() -> None:
        with ThreadPoolExecutor(1) as pool, close_on_interruption(comparison.folder):
            waiting = pool.submit(cross_validate_in_process, comparison, endless)
            wait_for_workers(comparison)
            assert not waiting.done()
            raise TimeoutError("the stage's time is up")

    with pytest.raises(TimeoutError, match="the stage's time"):
        cut()
    assert comparison.folder not in subprocesses._open


def test_a_time_out_that_the_system_reports_leaves_the_comparison_open(comparison: Comparison) -> None:
    with pytest.raises(TimeoutError), close_on_interruption(comparison.folder):
        raise TimeoutError(errno.ETIMEDOUT, "timed out")
    assert cross_validate_in_process(comparison, candidate("none")).status == "ok"


def test_a_refusal_comes_back_as_the_error_that_it_was(tmp_path: Path) -> None:
    columns = {"target": "label", "ids": ["id"]}
    run = run_engine(mixed_table(300, share=0.3), tmp_path, columns=columns)
    rules = Rules.of(engine_config(tmp_path, columns=columns, tournament={"folds": 50}))
    folder = tmp_path / "comparison"
    with pytest.raises(EvaluationError, match=r"set tournament\.folds") as told, processes_for(str(folder)):
        prepare_in_process(rules, run.snapshot, run.split, folder=folder)
    assert told.value.values["classes"]


def test_a_learner_that_is_refused_is_an_error_of_the_configuration_before_anything_is_laid_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken_learners.py").write_text("1 / 0")
    (tmp_path / "ending_learners.py").write_text("import os; os._exit(0)")
    monkeypatch.syspath_prepend(tmp_path)
    columns, folder = {"target": "label", "ids": ["id"]}, tmp_path / "comparison"
    run = run_engine(mixed_table(300, share=0.3), tmp_path, columns=columns)

    def laid_out(learner: str) -> Comparison:
        settings = {"folds": 2, "learners": [learner]}
        rules = Rules.of(engine_config(tmp_path, columns=columns, tournament=settings))
        return prepare_in_process(rules, run.snapshot, run.split, folder=folder)

    with processes_for(str(folder)):
        for refused, reason in {
            "no_such_package.models:Model": "not_installed",
            "broken_learners:Model": "not_importable",
            "sklearn.tree:NoSuchTree": "no_such_class",
            "pathlib:Path": "no_estimator",
            "sklearn.linear_model:LinearRegression": "no_classifier",
            f'{TREE.split(" ")[0]} {{"no_such": 1}}': "parameters",
            'logistic_regression {"no_such": 1}': "parameters",
        }.items():
            with pytest.raises(EvaluationError) as told:
                laid_out(refused)
            assert (told.value.reason, told.value.exit_code) == (reason, 2)
        assert not list(folder.glob("*.arrow"))
        assert laid_out("ending_learners:Model").rounds == 2


def test_a_comparison_prepared_in_subprocesses_equals_one_of_a_single_process(tmp_path: Path) -> None:
    columns = {"target": "label", "ids": ["id"]}
    run = run_engine(mixed_table(300, share=0.3), tmp_path, columns=columns)
    rules = Rules.of(engine_config(tmp_path, columns=columns, tournament={"folds": 3}))
    here = prepare_comparison(rules, run.snapshot, run.split, folder=tmp_path / "here")
    there_folder = tmp_path / "there"
    with processes_for(str(there_folder)):
        there = prepare_in_process(rules, run.snapshot, run.split, folder=there_folder)
    places = {"folder", "snapshot"}
    assert here.model_dump(exclude=places) == there.model_dump(exclude=places)
    assert here.snapshot.digest == there.snapshot.digest
    for part in ("train", "test"):
        for number in range(3):
            name = f"{part}-{number}.npy"
            assert (tmp_path / "here" / name).read_bytes() == (there_folder / name).read_bytes()


def test_a_job_gives_the_same_answer_in_either_place(comparison: Comparison) -> None:
    work = partial(encode_round, comparison, 1)
    assert subprocesses.run_in_process(work, Encoding, folder=comparison.folder, at_a_time=1) == work()


def test_candidates_run_in_parallel_up_to_the_number_of_workers(comparison: Comparison, tmp_path: Path) -> None:
    def overlap(limit: int) -> bool:
        tournament = comparison.rules.tournament.model_copy(update={"workers": limit})
        rules = comparison.rules.model_copy(update={"tournament": tournament})
        own = comparison.model_copy(
            update={"rules": rules, "folder": f"{comparison.folder}/../comparison{'/.' * limit}"}
        )
        times = tmp_path / str(limit)
        slow = candidate("none", f'hungry_learners:Slow {{"constant": "{times}"}}')
        threads = [threading.Thread(target=cross_validate_in_process, args=(own, slow)) for _ in range(2)]
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


def test_a_comparison_that_is_ended_leaves_no_process_and_waits_for_none(comparison: Comparison) -> None:
    ended: list[BaseException] = []

    def cross_validating() -> None:
        try:
            cross_validate_in_process(comparison, candidate("none", "hungry_learners:Endless"))
        except CounterpoiseError as error:
            ended.append(error)

    thread = threading.Thread(target=cross_validating)
    with pytest.raises(KeyboardInterrupt), processes_for(comparison.folder):  # noqa: PT012  # what interrupts is in the block
        thread.start()
        wait_for_workers(comparison)
        template = template_of(comparison)
        raise KeyboardInterrupt
    thread.join(PATIENCE)
    assert [error.reason for error in ended if isinstance(error, CounterpoiseError)] == ["tournament_ended"]
    assert template.process.returncode is not None
    assert processes_of_this_one() == []
    with processes_for(comparison.folder):
        assert cross_validate_in_process(comparison, candidate("none")).status == "ok"


def test_a_comparison_in_subprocesses_equals_one_of_a_single_process_except_for_time_and_memory(
    comparison: Comparison,
) -> None:
    def facts(results: tuple[CandidateResult, ...]) -> list[dict[str, object]]:
        measured = {"seconds", "sampling_seconds", "fit_seconds", "predict_seconds", "peak_mb"}
        return [result.model_dump(exclude=measured) for result in results]

    told: list[tuple[int, int]] = []
    first = run_comparison(comparison, progress=lambda done, total: told.append((done, total)))
    assert told == [(1, 3), (2, 3), (3, 3)]
    second = run_comparison(comparison, subprocesses=False)
    assert facts(first.entries) == facts(second.entries)
    assert first.chosen == second.chosen
    assert processes_of_this_one() == []


@pytest.mark.parametrize(
    ("how", "when"),
    [
        ("killed", "making its imports"),
        ("told to end", "making its imports"),
        ("killed", "idle"),
        ("stopped", "idle"),
        ("told to end", "with one at work"),
        ("stopped", "with one at work"),
        ("killed", "with two at work"),
    ],
)
def test_a_lost_template_fails_no_candidate(
    comparison: Comparison, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str, when: str
) -> None:
    """One that was told to end keeps on working, unless it was still making its imports."""
    monkeypatch.setattr("counterpoise.compare._processes.template._SECONDS_TO_REPORT", 3.0)
    monkeypatch.setattr("counterpoise.compare._processes.template._SECONDS_TO_END", 1.0)
    number = {"making its imports": 0, "idle": 0, "with one at work": 1, "with two at work": 2}[when]
    waiting = candidate("none", learner("waits to be let go", str(tmp_path / "learner")))
    with processes_for(comparison.folder), ThreadPoolExecutor(2) as pool:
        if when != "making its imports":
            cross_validate_in_process(comparison, candidate("none"))
        entries = [pool.submit(cross_validate_in_process, comparison, waiting) for _ in range(number)]
        while len(list(tmp_path.glob("*.started"))) < number:
            assert not any(one.done() for one in entries)
            time.sleep(0.02)
        lost = template_of(comparison)
        lost.process.send_signal({"killed": signals.SIGKILL, "told to end": signals.SIGTERM}.get(how, signals.SIGSTOP))
        (tmp_path / "learner.go").touch()
        lost.seconds_to_fork = 1.0 if how == "stopped" else lost.seconds_to_fork
        assert [one.result().status for one in entries] == ["ok"] * number
        assert cross_validate_in_process(comparison, candidate("none")).status == "ok"
    assert processes_of_this_one() == []


def test_a_candidate_whose_template_is_lost_twice_fails_and_the_next_one_does_not(
    comparison: Comparison, tmp_path: Path
) -> None:
    waiting = candidate("none", learner("waits to be let go", str(tmp_path / "learner")))
    with processes_for(comparison.folder), ThreadPoolExecutor(1) as pool:
        found = pool.submit(cross_validate_in_process, comparison, waiting)
        for number in (1, 2):
            while len(started := list(tmp_path.glob("*.started"))) < number:
                assert not found.done(), found.result()
                time.sleep(0.02)
            assert str(template_of(comparison).process.pid) in {one.read_text() for one in started}
            template_of(comparison).process.kill()
        assert (found.result().status, found.result().reason) == (
            "failed",
            "the process that started it was killed or stopped, twice",
        )
        assert cross_validate_in_process(comparison, candidate("none")).status == "ok"


@pytest.mark.parametrize(
    ("how", "when"),
    [
        ("SIGKILL", "making its imports"),
        ("SIGTERM", "making its imports"),
        ("SIGKILL", "at work"),
        ("SIGTERM", "at work"),
        ("SIGINT", "at work"),
    ],
)
def test_a_killed_program_leaves_no_process(comparison: Comparison, tmp_path: Path, how: str, when: str) -> None:
    waiting = learner("waits to be let go", str(tmp_path / "learner"))
    config = comparison_config(folds=2, strategies=["none"], learners=[waiting, learner("leaves a daemon")], workers=2)
    file, importing = tmp_path / "comparison.json", when == "making its imports"
    file.write_text(comparison.model_copy(update={"rules": Rules.of(config)}).model_dump_json())
    command, root = [sys.executable, "-c", OWNER, str(file)], Path(__file__).parents[2]
    with running(command, cwd=root, stderr=subprocess.DEVNULL) as program:
        begun = (lambda: processes_of(program.pid)) if importing else (lambda: [*tmp_path.glob("*.started")])
        wait_until(begun, what=when, program=program)
        program.send_signal(signals.Signals[how])
        program.wait()
        wait_until(lambda: not processes_of(program.pid), what="all its processes end")


def test_a_candidate_that_is_killed_from_outside_runs_once_more(comparison: Comparison, tmp_path: Path) -> None:
    waiting = candidate("none", learner("waits to be let go", str(tmp_path / "learner")))
    with processes_for(comparison.folder), ThreadPoolExecutor(1) as pool:
        found = pool.submit(cross_validate_in_process, comparison, waiting)
        while not list(tmp_path.glob("*.started")):
            time.sleep(0.02)
        for worker in at_work(comparison):
            os.kill(worker, signals.SIGKILL)
        (tmp_path / "learner.go").touch()
        assert found.result().status == "ok"
