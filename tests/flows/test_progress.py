"""What a person sees of a stage's progress, in a terminal and in a log file."""

from __future__ import annotations

import io
import os
import pty
import sys
from contextlib import suppress
from types import SimpleNamespace

import pytest

from counterpoise.flows import progress
from counterpoise.flows.console import say
from counterpoise.flows.progress import progress_shown
from counterpoise.tasks.progress import Step, tell

LONG = [(0, 0.0), (1, 4.0), (2, 8.0), (3, 12.0), (4, 16.0), (6, 24.0), (8, 32.0)]


def at(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    monkeypatch.setattr(progress, "time", SimpleNamespace(monotonic=lambda: 100.0 + seconds))


def everything_from(terminal: int) -> str:
    """Read what a terminal was sent until its other side was closed, which Linux tells by EIO."""
    parts = list[bytes]()
    with suppress(OSError):
        while part := os.read(terminal, 1 << 16):
            parts.append(part)
    os.close(terminal)
    return b"".join(parts).decode()


def test_a_log_file_gets_a_line_every_ten_seconds_and_none_of_short_work(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with progress_shown():
        for done, seconds in LONG:
            at(monkeypatch, seconds)
            tell(Step("evaluate", "training learners", done, 10, "fits"))
        tell(Step("evaluate"))
        tell(Step("split"))
    assert capsys.readouterr().err.splitlines() == [
        "  evaluate: training learners, 3 of 10 fits, about 28 s left",
        "  evaluate: training learners, 6 of 10 fits, about 16 s left",
    ]


def test_after_the_block_nothing_is_shown(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    with progress_shown():
        pass
    for done, seconds in LONG:
        at(monkeypatch, seconds)
        tell(Step("evaluate", "training learners", done, 10, "fits"))
    assert capsys.readouterr().err == ""


def test_a_terminal_shows_the_current_work_and_log_lines_above_it(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = pty.openpty()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stderr", io.TextIOWrapper(os.fdopen(theirs, "wb", buffering=0), write_through=True))
    with progress_shown():
        at(monkeypatch, 0.0)
        tell(Step("persist", "writing the partitions", 1, 4, "[windows] of rows"))
        say("  resample: none")
        at(monkeypatch, 20.0)
        tell(Step("persist", "writing the partitions", 2, 4, "[windows] of rows"))
        say("  persist: version 1")
    sys.stderr.close()
    shown = everything_from(ours)
    assert "persist: writing the partitions, 2 of 4 [windows] of rows, about 20 s left" in shown
    assert shown.index("resample: none") < shown.index("persist: version 1")
    assert "\x1b[?25h" in shown.split("persist: version 1")[1], "the cursor is shown again"
