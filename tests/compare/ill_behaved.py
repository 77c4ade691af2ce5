"""Learners that misbehave, each in its own way, and what is to become of their entries."""

from __future__ import annotations

import asyncio
import atexit
import ctypes
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator, ClassifierMixin

__all__ = ["ANSWERS", "CLASSES", "DEEDS", "ENDLESS", "RANKINGS", "IllBehaved", "IllRanking", "learner"]

HERE = "tests.compare.ill_behaved"


class IllBehaved(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """A classifier that answers with the shares of the classes, and misbehaves as it is told."""

    def __init__(self, how: str = "", place: str = "") -> None:
        self.how = how
        self.place = place

    def fit(self, features: Any, asked: Any) -> IllBehaved:
        self.classes_, counts = np.unique(asked, return_counts=True)
        self.shares_ = counts / counts.sum()
        for deeds in (DEEDS, ENDLESS):
            if self.how in deeds:
                deeds[self.how][0](self, features, asked)
        if self.how in CLASSES:
            self.classes_ = CLASSES[self.how]
        return self

    def predict_proba(self, features: Any) -> Any:
        right = np.tile(self.shares_, (len(features), 1))
        return ANSWERS[self.how](right) if self.how in ANSWERS else right

    def predict(self, features: Any) -> Any:
        return self.classes_[self.predict_proba(features).argmax(axis=1)]


class IllRanking(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """A classifier without probabilities, whose scores or decisions are as it is told."""

    def __init__(self, how: str = "") -> None:
        self.how = how

    def fit(self, _features: Any, asked: Any) -> IllRanking:
        self.classes_ = np.unique(asked)
        return self

    def decision_function(self, features: Any) -> Any:
        return RANKINGS[self.how][0](len(features))

    def predict(self, features: Any) -> Any:
        return RANKINGS[self.how][1](len(features))


def learner(how: str, place: str = "") -> str:
    """Return how a learner that misbehaves is written in a configuration."""
    kind = "IllRanking" if how in RANKINGS else "IllBehaved"
    return f"{HERE}:{kind} {json.dumps({'how': how, **({'place': place} if place else {})})}"


class _OwnError(BaseException):
    pass


class _SilentError(Exception):
    def __str__(self) -> str:
        raise ValueError("no text")


def _raises(error: BaseException | type[BaseException]) -> Callable[..., None]:
    def deed(*_: Any) -> None:
        raise error

    return deed


def _stop_parent(*_: Any) -> None:
    os.kill(os.getppid(), signal.SIGSTOP)


def _comparison_folder(*_: Any) -> Path:
    """Return the folder of the comparison, found in the frames that have called a learner."""
    frame = sys._getframe()
    while "training_rows" not in frame.f_locals:
        assert frame.f_back is not None
        frame = frame.f_back
    return Path(frame.f_locals["training_rows"].comparison.folder)


def _kill_parent_and_wait(*_: Any) -> None:
    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(3_600)


def _wait_for_alarm(*_: Any) -> None:
    signal.alarm(1)
    time.sleep(3_600)


def _delete_working_folder(*_: Any) -> None:
    with suppress(FileNotFoundError):
        shutil.rmtree(Path.cwd())


def _print_gigabytes(*_: Any) -> None:
    for _number in range(1_000):
        os.write(1, b"x" * 1_000_000)
        os.write(2, b"x" * 1_000_000)


def _write_everywhere(*_: Any) -> None:
    for descriptor in (int(one.name) for one in Path("/proc/self/fd").iterdir()):
        with suppress(OSError):
            os.write(descriptor, b'{"answer": {}}\n')


def _leave_child(*_: Any) -> None:
    if os.fork() == 0:
        time.sleep(3_600)


def _leave_daemon(*_: Any) -> None:
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.setsid()
            time.sleep(3_600)
        os._exit(0)


def _come_back_twice(*_: Any) -> None:
    os.fork()


def _change_everything(*_: Any) -> None:
    os.chdir("/")
    os.environ.clear()
    np.random.seed(0)  # noqa: NPY002  # what learners do
    os.nice(5)
    signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 32))
    sys.path.clear()
    sys.modules.pop("counterpoise.compare._rounds.cross_validate", None)


def _mutate(_: Any, features: Any, asked: Any) -> None:
    features[:] = 0
    asked[:] = 0


def _exhaust_descriptors(*_: Any) -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))


def _answer_is_a_folder(*_: Any) -> None:
    Path("../answer/in/the/way").mkdir(parents=True)


def _forge(text: bytes) -> Callable[..., None]:
    def deed(*_: Any) -> None:
        Path("../answer").write_bytes(text)
        os._exit(0)

    return deed


def _fifo(*_: Any) -> None:
    os.mkfifo("../answer")
    os._exit(0)


def _link_to_zero(*_: Any) -> None:
    Path("../answer").symlink_to("/dev/zero")
    os._exit(0)


def _huge_answer(*_: Any) -> None:
    with open("../answer", "wb") as file:
        file.truncate(10**12)
    os._exit(0)


def _wrong_mean(*_: Any) -> None:
    _mean_over_all_is(5.0)


def _no_mean(*_: Any) -> None:
    _mean_over_all_is(np.nan)


def _mean_over_all_is(value: float) -> None:
    right: Any = np.mean

    def wrong(*args: Any, axis: Any = None, **more: Any) -> Any:
        return value if axis is None else right(*args, axis=axis, **more)

    np.mean = wrong  # that is the fault


def _end_at_exit(*_: Any) -> None:
    atexit.register(time.sleep, 3_600)
    threading.Thread(target=time.sleep, args=(3_600,)).start()


def _ignore_signals(*_: Any) -> None:
    for one in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:
        with suppress(OSError, ValueError):
            signal.signal(one, signal.SIG_IGN)
    time.sleep(3_600)


def _wait_for_go(self: Any, *_: Any) -> None:
    """Say that the learner is at work, and wait until it may go on."""
    Path(f"{self.place}.{os.getpid()}.started").write_text(str(os.getppid()))
    while not Path(f"{self.place}.go").exists():
        time.sleep(0.02)


_ENDED = r"its process ended with {} and without an answer"
_KILLED = r"its process was killed"
_WITH_TEMPLATE = r"the process that started it was killed or stopped, twice"

_Deed = tuple[Callable[..., Any], str]

DEEDS: dict[str, _Deed] = {
    "exits 0": (lambda *_: os._exit(0), _ENDED.format("code 0")),
    "exits 1": (lambda *_: os._exit(1), _ENDED.format("code 1")),
    "exits 255": (lambda *_: os._exit(255), _ENDED.format("code 255")),
    "kills itself": (lambda *_: os.kill(os.getpid(), signal.SIGKILL), _KILLED),
    "kills itself by a signal in real time": (lambda *_: os.kill(os.getpid(), 40), _ENDED.format("signal 40")),
    "kills its group": (lambda *_: os.killpg(0, signal.SIGKILL), _KILLED),
    "kills its parent": (lambda *_: os.kill(os.getppid(), signal.SIGKILL), _WITH_TEMPLATE),
    "kills its parent and waits": (_kill_parent_and_wait, _WITH_TEMPLATE),
    "kills its parent's group": (
        lambda *_: os.killpg(os.getpgid(os.getppid()), signal.SIGKILL),
        _WITH_TEMPLATE,
    ),
    "asks its parent to end": (lambda *_: os.kill(os.getppid(), signal.SIGTERM), ""),
    "aborts": (lambda *_: os.abort(), _ENDED.format("signal 6")),
    "reads at address 0": (lambda *_: ctypes.string_at(0), _ENDED.format("signal 11")),
    "sets an alarm": (_wait_for_alarm, _ENDED.format("signal 14")),
    "raises SystemExit": (_raises(SystemExit(0)), "SystemExit: 0"),
    "raises KeyboardInterrupt": (_raises(KeyboardInterrupt), "KeyboardInterrupt"),
    "raises GeneratorExit": (_raises(GeneratorExit), "GeneratorExit"),
    "raises CancelledError": (_raises(asyncio.CancelledError), "CancelledError"),
    "raises StopIteration": (_raises(StopIteration), "StopIteration"),
    "raises an error of its own": (_raises(_OwnError("own\x1b[2J")), r"_OwnError: own�\[2J"),
    "raises an error without a text": (_raises(_SilentError()), "_SilentError: .has no text"),
    "raises an error of 10 MB": (_raises(ValueError("x" * 10_000_000)), "ValueError: x{500} …$"),
    "raises an error that is no Unicode": (_raises(ValueError("\ud800")), "ValueError: �"),
    "asks for a petabyte": (lambda *_: np.ones(10**15 // 8), "not enough memory"),
    "asks its user": (lambda *_: input("How?"), "EOFError"),
    "prints gigabytes": (_print_gigabytes, ""),
    "closes all descriptors": (lambda *_: os.closerange(0, 1_000), ""),
    "has no descriptors left": (_exhaust_descriptors, _ENDED.format("code 0")),
    "may write no file": (
        lambda *_: resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0)),
        "its process could not write its answer: File too large",
    ),
    "writes into everything that is open": (_write_everywhere, ""),
    "leaves a child": (_leave_child, ""),
    "leaves a daemon": (_leave_daemon, ""),
    "leaves a program": (lambda *_: subprocess.Popen(["sleep", "3600"]), ""),
    "comes back twice": (_come_back_twice, ""),
    "changes everything around it": (_change_everything, ""),
    "changes the rows that it trains on": (_mutate, ""),
    "deletes the working folder": (_delete_working_folder, ""),
    "deletes the folder of its job": (lambda *_: shutil.rmtree(Path.cwd().parent), _ENDED.format("code 0")),
    "deletes the comparison's files": (lambda *_: shutil.rmtree(_comparison_folder()), _ENDED.format("code 0")),
    "puts a folder in place of its answer": (_answer_is_a_folder, _ENDED.format("code 0")),
    "forges an answer": (_forge(b'{"secret": "", "answer": {}}'), _ENDED.format("code 0")),
    "writes garbage as its answer": (_forge(b"\xff\0{["), _ENDED.format("code 0")),
    "writes a number as its answer": (_forge(b"1"), _ENDED.format("code 0")),
    "writes an answer that is nested deeply": (_forge(b"[" * 1_000_000), _ENDED.format("code 0")),
    "puts a pipe in place of its answer": (_fifo, _ENDED.format("code 0")),
    "puts a link in place of its answer": (_link_to_zero, _ENDED.format("code 0")),
    "writes an answer of a terabyte": (_huge_answer, _ENDED.format("code 0")),
    "breaks the code that measures": (_wrong_mean, "its answer has 5 as "),
    "breaks the code that measures with NaN": (_no_mean, "ValidationError"),
    "waits at its end": (_end_at_exit, ""),
}
"""What a learner does while it is fitted, and why it has failed; an empty text: it has not, and harms nobody."""

ENDLESS: dict[str, _Deed] = {
    "sleeps": (lambda *_: time.sleep(3_600), "took longer than"),
    "ignores every signal": (_ignore_signals, "took longer than"),
    "computes in C": (lambda *_: pow(7, 10**10), "took longer than"),
    "stops itself": (lambda *_: os.kill(os.getpid(), signal.SIGSTOP), "took longer than"),
    "stops its parent": (_stop_parent, _WITH_TEMPLATE),
    "waits to be let go": (_wait_for_go, "took longer than"),
}
"""As `DEEDS`, of learners that never end, or that make others wait."""

ANSWERS: dict[str, Callable[[Any], Any]] = {
    "NaN": lambda right: right * np.nan,
    "NaN in one row": lambda right: np.where(np.arange(len(right))[:, None] == 3, np.nan, right),
    "infinite": lambda right: right + np.inf,
    "negative": lambda right: right - 0.5,
    "above 1": lambda right: right * 100,
    "not summing to 1": lambda right: right / 2,
    "texts": lambda right: right.astype(str),
    "texts of classes": lambda right: np.full(right.shape, "yes"),
    "objects": lambda right: right.astype(object),
    "complex": lambda right: right.astype(complex),
    "dates": lambda right: right.astype("M8[s]"),
    "sparse": sparse.csr_matrix,
    "nothing": lambda _: None,
    "one number": lambda _: 0.5,
    "a generator": iter,
    "one column": lambda right: right[:, 1],
    "three columns": lambda right: np.hstack([right, right[:, :1]]),
    "transposed": lambda right: right.T,
    "a row too few": lambda right: right[1:],
    "a row too many": lambda right: np.vstack([right, right[:1]]),
    "no rows": lambda right: right[:0],
    "terabytes": lambda _: np.broadcast_to(0.5, (10**12, 2)),
    "ragged": lambda _: [[0.5, 0.5], [1.0]],
}
"""What a learner says instead of probabilities."""

CLASSES: dict[str, Any] = {
    "unknown classes": np.array([0, 7]),
    "classes as texts": np.array(["no", "yes"]),
    "a class twice": np.array([1, 1]),
    "half a class": np.array([0.0, 0.5]),
    "too few classes": np.array([1]),
    "classes of two dimensions": np.array([[0, 1]]),
    "no classes": None,
}
"""What a learner says that its classes are."""

RANKINGS: dict[str, tuple[Callable[[int], Any], Callable[[int], Any]]] = {
    "scores of NaN": (lambda rows: np.full(rows, np.nan), np.zeros),
    "scores as texts": (lambda rows: np.full(rows, "a"), np.zeros),
    "two scores a row": (lambda rows: np.zeros((rows, 2)), np.zeros),
    "unknown decisions": (np.zeros, lambda rows: np.full(rows, 5)),
    "decisions as texts": (np.zeros, lambda rows: np.full(rows, "yes")),
    "a decision too few": (np.zeros, lambda rows: np.zeros(rows - 1)),
}
"""What a learner without probabilities says: scores and decisions."""

OWNER = """
import sys
from pathlib import Path
from counterpoise.results._ranking import Comparison
from counterpoise.compare._run import run_comparison
run_comparison(Comparison.model_validate_json(Path(sys.argv[1]).read_text()))
"""
"""A program that runs a comparison."""
