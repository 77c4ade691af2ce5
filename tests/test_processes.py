from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes import running, wait_until

_PROGRAM = """
import os, sys
from tests.processes import running
with running([sys.executable, "-c", "import subprocess; subprocess.run(['sleep', '3600'])"]) as process:
    print(process.pid, flush=True)
    os.kill(os.getpid(), int(sys.argv[1]))
    process.wait()
"""


def sessions_of(leader: int) -> list[int]:
    """Return the processes of a session that have not ended."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, _, session = path.read_text().rpartition(") ")[2].split()[:4]
        except OSError:
            continue
        if int(session) == leader and state != "Z":
            found.append(int(path.parent.name))
    return found


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_programs_end_with_the_process_that_started_them_however_it_ends(number: signal.Signals) -> None:
    with subprocess.Popen([sys.executable, "-c", _PROGRAM, str(int(number))], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        leader = int(process.stdout.readline())
    wait_until(lambda: not sessions_of(leader), what="the end of the program")


def test_a_program_ends_with_its_block() -> None:
    with running(["sleep", "3600"]) as process:
        assert sessions_of(process.pid) == [process.pid]
    assert process.returncode == -signal.SIGTERM
    assert sessions_of(process.pid) == []


def test_the_guard_leaves_without_a_warning() -> None:
    program = "import sys\nfrom tests.processes import running\nwith running([sys.executable, '-c', 'pass']): pass"
    done = subprocess.run([sys.executable, "-W", "always", "-c", program], capture_output=True, text=True, check=True)
    assert done.stderr == ""
