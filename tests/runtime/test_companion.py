from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from counterpoise.errors import ContractError
from counterpoise.runtime import Beside, Progress, beside, companion
from counterpoise.runtime._companion import _current
from tests.processes import running, wait_until

FIRST = os.environ.setdefault("COUNTERPOISE_TEST_FIRST", str(os.getpid()))
"""The id of the first process, as its companion sees it, too."""


def prepare() -> None:
    pass


def own_process() -> int:
    return os.getpid()


def double(number: int, *, progress: Progress) -> int:
    progress(1, 2)
    logging.getLogger("counterpoise").info("doubling %s", number, extra={"counterpoise": True})
    logging.getLogger("another").warning("careful")
    progress(2, 2)
    return 2 * number


def refuse() -> None:
    raise ContractError("r", expected="a", found="b", remedy="c", values={"n": 1})


def fail() -> None:
    raise OSError(5, "device")


def unpicklable() -> object:
    return threading.Lock()


def exit_in_companion() -> int:
    if os.environ["COUNTERPOISE_TEST_FIRST"] != str(os.getpid()):
        os._exit(1)
    return os.getpid()


def wait_for_ever() -> None:
    time.sleep(3600)


def test_work_is_done_in_one_other_process() -> None:
    with companion(prepare):
        found = {beside(own_process).result() for _ in range(3)}
    assert len(found) == 1
    assert found != {os.getpid()}


def test_without_a_companion_work_is_done_here_when_its_result_is_asked_for() -> None:
    work = beside(own_process)
    assert not work.waiting
    assert work.result() == os.getpid()


def test_progress_and_log_come_to_the_first_process(caplog: pytest.LogCaptureFixture) -> None:
    steps: list[tuple[int, int]] = []
    with caplog.at_level(logging.INFO), companion(prepare):
        assert beside(double, 4, progress=lambda done, total: steps.append((done, total))).result() == 8
    assert steps == [(1, 2), (2, 2)]
    told = [(record.name, record.getMessage(), hasattr(record, "counterpoise")) for record in caplog.records]
    assert told == [("counterpoise", "doubling 4", True), ("another", "careful", False)]


def test_errors_come_as_they_are() -> None:
    with companion(prepare):
        with pytest.raises(ContractError, match="Expected a") as refused:
            beside(refuse).result()
        with pytest.raises(OSError, match="device") as failed:
            beside(fail).result()
    assert refused.value.values == {"n": 1}
    assert failed.value.errno == 5


@pytest.mark.parametrize("work", [exit_in_companion, own_process])
def test_work_that_the_companion_does_not_finish_is_done_here(work: object) -> None:
    with companion(prepare):
        if work is own_process:
            started = _current.get()
            assert started is not None
            started.close()
        assert beside(exit_in_companion).result() == os.getpid()
        assert beside(own_process).result() == os.getpid()


def test_a_result_that_cannot_be_sent_is_computed_here() -> None:
    with companion(prepare):
        assert isinstance(beside(unpicklable).result(), type(threading.Lock()))


def test_a_preparation_that_fails_leaves_the_work_here(capfd: pytest.CaptureFixture[str]) -> None:
    with companion(fail):
        assert beside(own_process).result() == os.getpid()


def leave(work: Beside[None]) -> None:
    with work:
        raise KeyError("left")


def test_an_error_beside_its_work_ends_the_companion() -> None:
    with companion(prepare):
        started = _current.get()
        assert started is not None
        with pytest.raises(KeyError, match="left"):
            leave(beside(wait_for_ever))
        assert started._process.poll() == -signal.SIGKILL


FIRST_PROCESS = """
import pathlib
from counterpoise.runtime import beside, companion
from counterpoise.runtime._companion import _current
from tests.runtime.test_companion import prepare, wait_for_ever
with companion(prepare):
    work = beside(wait_for_ever)
    pathlib.Path("companion").write_text(str(_current.get()._process.pid))
    work.result()
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_the_companion_ends_with_its_first_process(tmp_path: Path, number: signal.Signals) -> None:
    root = str(Path(__file__).parents[2])
    file = tmp_path / "companion"
    code = f"import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n{FIRST_PROCESS}"
    with running([sys.executable, "-c", code], cwd=tmp_path, env={**os.environ, "PYTHONPATH": root}) as process:
        wait_until(lambda: file.exists() and file.read_text(), what="the companion runs", program=process)
        process.send_signal(number)
        process.wait()
        wait_until(lambda: is_gone(int(file.read_text())), what="the companion is gone")


def is_gone(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
