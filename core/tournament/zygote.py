"""A process that has imported what entries need and forks one process for each: `python -m …zygote`.

An entry in a process of its own has a peak of memory of its own, and one that is killed costs no other. Forking spares
each the seconds that imports take. Orders come as JSON lines on standard input, answers go as JSON lines to standard
output; results are written as files.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

__all__ = ["main"]


def main() -> None:
    """Take orders until standard input ends."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever a learner prints must not come between the answers
    sys.path[:] = json.loads(sys.stdin.readline())
    _import_what_entries_need()
    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if child == 0:
            _play_and_leave(order)
        _, status = os.waitpid(child, 0)
        answers.write(json.dumps({"exit_code": os.waitstatus_to_exitcode(status)}) + "\n")
        answers.flush()


def _import_what_entries_need() -> None:
    import imblearn.ensemble
    import imblearn.over_sampling
    import imblearn.under_sampling
    import sklearn.ensemble
    import sklearn.linear_model
    import sklearn.model_selection
    import skrub

    from counterpoise.core.tournament import play

    assert all((imblearn.ensemble, sklearn.ensemble, skrub, play))  # noqa: S101  # they are imported for the forks


def _play_and_leave(order: dict[str, Any]) -> None:
    """Play one entry and end this process, without what would be done at the end of the one it was forked from."""
    from counterpoise.core.tournament.peak import count_peak_from_here
    from counterpoise.core.tournament.play import play
    from counterpoise.core.tournament.records import Arena, Entry

    code = 1
    try:
        count_peak_from_here()
        result = play(Arena.model_validate(order["arena"]), Entry.model_validate(order["entry"]))
        Path(order["out"]).write_text(result.model_dump_json(), encoding="utf-8")
        code = 0
    finally:
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    main()
