"""A process that has imported what a tournament needs and forks one process for each order: `python -m …zygote`.

An entry in a process of its own has a peak of memory of its own, and one that is killed costs no other. Forking spares
each the seconds that imports take. Orders come as JSON lines on standard input, several may be under way; what became
of each goes as a JSON line to standard output; answers are written as files.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
import traceback
from contextlib import suppress
from pathlib import Path

__all__ = ["main"]


def main() -> None:
    """Take orders until standard input ends."""
    told = os.dup(1)
    os.dup2(2, 1)  # whatever a learner prints must not come between the lines
    sys.path[:] = json.loads(sys.stdin.readline())
    gc.disable()  # imports make no garbage to speak of, and looking for it took a quarter of their time
    _import_what_entries_need()
    gc.freeze()  # what is there now need not be looked at, and so copied, by each fork
    gc.enable()
    for line in sys.stdin:
        _see_off(os.WNOHANG)
        if os.fork() == 0:
            _keep(line, told)
    _see_off()


def _import_what_entries_need() -> None:
    import imblearn.over_sampling
    import imblearn.under_sampling
    import sklearn.ensemble
    import sklearn.linear_model
    import sklearn.model_selection
    import skrub

    from counterpoise.core.tournament import encoding, play, refit

    needed = (imblearn.over_sampling, sklearn.ensemble, skrub, encoding, play, refit)
    assert all(needed)  # noqa: S101  # they are imported for the forks


def _see_off(options: int = 0) -> None:
    """Wait for keepers that have ended, by default for all: only then does their time count as this process's."""
    try:
        while os.waitpid(-1, options)[0]:
            pass
    except ChildProcessError:
        return


def _keep(line: str, told: int) -> None:
    """Fork the process that carries out an order, wait for its end, say how it ended, and leave."""
    number, out, order, seconds = json.loads(line)
    child = os.fork()
    if child == 0:
        _carry_out_and_leave(order, Path(out))
    code, late = _wait_for(child, seconds)
    answer = {"number": number, "exit_code": code, "late": late}
    os.write(told, f"{json.dumps(answer)}\n".encode())  # short enough to come in one piece
    os._exit(0)


def _wait_for(child: int, seconds: float) -> tuple[int, bool]:
    """Return how a process ended, and whether it was killed because it took longer than so many seconds; 0: any."""
    late = []

    def kill(*_: object) -> None:
        late.append(True)
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)

    signal.signal(signal.SIGALRM, kill)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    _, status = os.waitpid(child, 0)
    signal.setitimer(signal.ITIMER_REAL, 0)
    code = os.waitstatus_to_exitcode(status)
    return code, bool(late) and code == -signal.SIGKILL


def _carry_out_and_leave(order: str, out: Path) -> None:
    """Carry out one order and end this process, without what would be done at the end of the one it was forked from."""
    from counterpoise.core.errors import CounterpoiseError
    from counterpoise.core.tournament.orders import carry_out, read_order
    from counterpoise.core.tournament.peak import count_peak_from_here

    code = 1
    try:
        count_peak_from_here()
        try:
            out.write_text(carry_out(read_order(order)).model_dump_json(), encoding="utf-8")
        except CounterpoiseError as error:
            out.write_text(json.dumps({"refused": error.as_dict()}), encoding="utf-8")
        code = 0
    except BaseException:
        traceback.print_exc()
        raise
    finally:
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    main()
